"""Progress on stderr: bars where that is a terminal, lines elsewhere if they are asked for."""

import sys
import time
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any, Self

from ..io.counts import count_of

_GAP = 5.0  # seconds between two lines


def progress_bar(
    items: Any = None, *, shown: bool = True, lines: bool = False, **options: Any
) -> Any:
    """Return tqdm's bar over `items`; `options` are tqdm's.

    A notebook gets tqdm's bar for notebooks. Where stderr is no terminal there is none, or with
    `lines` a plain line every few seconds. A program that has been started without stderr, which
    for Python then is None, gets neither.
    """
    hidden = not shown or sys.stderr is None
    if not hidden and (notebook_bar := _notebook_bar_class()):
        return notebook_bar(items, **options)
    if lines and not hidden and not sys.stderr.isatty():
        return _Lines(items, **options)
    return _bar_class()(items, disable=True if hidden else None, **options)


class _Lines:
    """Says every few seconds, and at the end, how many of the items are done."""

    def __init__(self, items: Any, *, desc: str, unit: str, total: int | None = None) -> None:
        self._items, self._desc, self._unit = items, desc, unit
        self._total = len(items) if total is None else total
        self._last = time.monotonic()
        self._postfix = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """Do nothing: a line needs no tidying up."""

    def __iter__(self) -> Iterator[Any]:
        for done, item in enumerate(self._items, 1):
            yield item
            if done == self._total or time.monotonic() - self._last >= _GAP:
                self._say(done)

    def set_postfix_str(self, text: str) -> None:
        """Name the current item."""
        self._postfix = f", {text}"

    def _say(self, done: int) -> None:
        self._last = time.monotonic()
        line = f"{self._desc}: {done} of {count_of(self._total, self._unit)}{self._postfix}"
        print(line, file=sys.stderr, flush=True)


@cache
def _notebook_bar_class() -> Any:
    """Return tqdm's bar for notebooks, or None outside of them and where it cannot be drawn."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if type(shell).__name__ != "ZMQInteractiveShell" or find_spec("ipywidgets") is None:
        return None
    from tqdm.notebook import tqdm

    return type("_NotebookBar", (tqdm,), {"monitor_interval": 0})


@cache
def _bar_class() -> Any:
    from tqdm import tqdm  # 15 ms, which a program without bars can do without

    # tqdm would start a monitoring thread for good, even for a bar that is not shown.
    return type("_Bar", (tqdm,), {"monitor_interval": 0})
