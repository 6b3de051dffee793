"""Listeners to the compilation of kernels, and the log of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

_log = logging.getLogger("fastsal")


class Watcher(Protocol):
    """Called from the thread that compiles or loads."""

    def started(self, name: str) -> None:
        """Handle the start of a compilation."""

    def done(self, name: str) -> None:
        """Handle a kernel that has been compiled or loaded."""


_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Call `watcher` for each kernel, of any thread, until the end of the block."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def compiling(function: Any) -> Iterator[None]:
    """Report the compilation of `function` within the block."""
    name = name_of(function)
    _log.info("compiling %s, once per machine", name)
    for each in list(_watchers):
        each.started(name)
    yield
    tell_done(name)


def tell_done(name: str) -> None:
    """Report that a kernel is ready."""
    for each in list(_watchers):
        each.done(name)


def name_of(function: Any) -> str:
    """Return the module and name of a kernel."""
    return f"{function.__module__}.{function.__qualname__}"
