"""Progress bars on stderr: where that is a terminal, and not where there is none at all."""

import sys
from functools import cache
from typing import Any


def progress_bar(items: Any = None, *, shown: bool = True, **options: Any) -> Any:
    """Return tqdm's bar over `items`; `options` are tqdm's.

    A program that has been started without stderr, which for Python then is None, gets no bar.
    """
    hidden = not shown or sys.stderr is None
    return _bar_class()(items, disable=True if hidden else None, **options)


@cache
def _bar_class() -> Any:
    from tqdm import tqdm  # 15 ms, which a program without bars can do without

    # tqdm would start a monitoring thread for good, even for a bar that is not shown.
    return type("_Bar", (tqdm,), {"monitor_interval": 0})
