"""Progress bars on stderr: where that is a terminal, and not where there is none at all."""

import sys
from typing import Any

from tqdm import tqdm

# tqdm would start a monitoring thread for good, even for a bar that is not shown.
_Bar: Any = type("_Bar", (tqdm,), {"monitor_interval": 0})


def progress_bar(items: Any = None, *, shown: bool = True, **options: Any) -> Any:
    """Return tqdm's bar over `items`; `options` are tqdm's.

    A program that has been started without stderr, which for Python then is None, gets no bar.
    """
    hidden = not shown or sys.stderr is None
    return _Bar(items, disable=True if hidden else None, **options)
