"""A CUDA kernel that is launched on the stream of the present call, and reported to a watcher."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from .. import devices, runtime


class Launch(NamedTuple):
    """A kernel about to run: its name, and how many blocks and threads on which stream."""

    kernel: str
    blocks: Any
    threads: Any
    stream: Any


Watcher = Callable[[Launch, Callable[[], None]], None]

_numbas_warning = threading.Lock()  # one thread at a time switches the warning off
_watcher: ContextVar[Watcher | None] = ContextVar("fastsal_launches", default=None)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Call ``watcher(launch, start)`` for each kernel of this thread, in place of starting it.

    Launches inside a watcher are reported to the enclosing one, if there is one.
    """
    around = _watcher.get()

    def watch(launch: Launch, start: Callable[[], None]) -> None:
        watcher(launch, functools.partial(around, launch, start) if around else start)

    token = _watcher.set(watch)
    try:
        yield
    finally:
        _watcher.reset(token)


class Kernel:
    """A compiled kernel; ``kernel[blocks, threads](*args)`` starts it on the call's stream."""

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled
        self.py_func = compiled.py_func
        self._name = f"{self.py_func.__module__.removeprefix('fastsal.')}.{self.py_func.__name__}"
        # The simulator gives the one object a new form each time.
        keep = functools.lru_cache(maxsize=64)
        self._config = self._formed if runtime.is_simulated() else keep(self._formed)

    def __getitem__(self, config: tuple[Any, ...]) -> Callable[..., None]:
        blocks, threads, stream = config[0], config[1], devices.current_stream()
        formed: Callable[..., None] = self._config(blocks, threads, stream)
        watcher = _watcher.get()
        if watcher is None:
            return formed
        launch = Launch(self._name, blocks, threads, stream)
        return lambda *args: watcher(launch, functools.partial(formed, *args))

    def _formed(self, blocks: Any, threads: Any, stream: Any) -> Any:
        """Return the kernel in this form, without Numba's warning that few blocks are slow."""
        if runtime.is_simulated():
            return self.compiled[blocks, threads, stream]
        from numba import config

        with _numbas_warning:
            warns, config.CUDA_LOW_OCCUPANCY_WARNINGS = config.CUDA_LOW_OCCUPANCY_WARNINGS, 0
            try:
                return self.compiled[blocks, threads, stream]
            finally:
                config.CUDA_LOW_OCCUPANCY_WARNINGS = warns
