"""Progress lines while a program compiles, and the processes that help it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from typing import Any, Self

from ..kernels import watch
from .forms import for_this_processor, forms_of
from .progress import progress_bar

PATIENCE = 0.5  # seconds of compiling without a line


class Compiling(AbstractContextManager["Compiling"]):
    """Says once that kernels are being compiled, shows a bar, and has other processes help.

    Parameters
    ----------
    keys : sequence of str
        The methods that the program uses.
    say : callable
        Prints a line; called at most once, from any thread.
    """

    def __init__(self, keys: Sequence[str], say: Callable[[str], None]) -> None:
        self._keys, self._say = list(keys), say
        self._ready: set[str] = set()
        self._busy = self._is_late = self._has_begun = False
        self._name = ""  # of the kernel that is compiled now
        self._bar: Any = None
        self._lock = threading.RLock()
        self._timer = threading.Timer(PATIENCE, self._look)
        self._timer.daemon = True
        self._end = ExitStack()

    def __enter__(self) -> Self:
        self._end.enter_context(watch.watching(self))
        return self

    def __exit__(self, *raised: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._bar is not None:
                self._bar.close()
        self._end.close()

    def started(self, name: str) -> None:
        """Handle the start of a compilation."""
        with self._lock:
            self._busy, self._name = True, name
            if not self._has_begun:
                self._has_begun = True
                self._timer.start()
                self._ask_for_help()
            elif self._is_late:
                self._announce()

    def done(self, name: str) -> None:
        """Handle a kernel that has been compiled or loaded."""
        with self._lock:
            self._busy = False
            if name not in self._ready:
                self._ready.add(name)
                if self._bar is not None and name in self._kernels:
                    self._bar.update()

    @cached_property
    def _kernels(self) -> set[str]:
        forms = for_this_processor(forms_of(self._keys))
        return {f"{module}.{name}" for module, name, _ in forms}

    def _look(self) -> None:
        """Print the line now if a kernel is being compiled, else at the next one."""
        with self._lock:
            self._is_late = True
            if self._busy:
                self._announce()

    def _announce(self) -> None:
        if self._bar is not None:
            return
        from ..kernels import cache

        few = len(self._keys) <= 3
        names = ", ".join(self._keys) if few else f"{len(self._keys)} methods"
        number = f", {len(self._kernels)} kernels" if self._kernels else ""
        total: int | None = len(self._kernels)
        if self._kernels and self._name not in self._kernels:  # the methods are compiled already
            names, number, total = "other kernels of this command", "", None
        how_often = "once per machine" if cache.folder() else f"at every start: {cache.describe()}"
        self._say(f"compiling {names}{number}, {how_often}")
        self._bar = progress_bar(
            desc="compiling", unit="kernel", total=total,
            initial=len(self._ready & self._kernels) if total is not None else 0,
        )  # fmt: skip

    def _ask_for_help(self) -> None:
        from . import helpers

        if helpers.is_worthwhile(len(self._kernels)):
            self._end.enter_context(helpers.helping("compile_forms", self._keys))
