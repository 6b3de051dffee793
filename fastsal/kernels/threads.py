"""Numba's threading layer: TBB where it can be had, else one that cannot abort the process.

Numba has three layers. "omp" kills a process that forks after its first parallel call, and stalls
when another process holds a core. "workqueue" aborts when two threads run parallel kernels at once.
TBB does neither, but Numba does not find the library that ``pip install tbb`` puts in place. So it
is loaded by path before Numba looks; failing that, "workqueue" runs behind a lock. TBB does not
survive a fork while another thread runs a kernel: the fork waits for the kernel.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

from numba import config, get_num_threads, threading_layer
from numba.core.compiler_lock import global_compiler_lock

from ..errors import BackendUnavailableError

_LIBRARIES = ("libtbb.so.12", "tbb12.dll", "libtbb.12.dylib")
_THREAD_SAFE = ("tbb", "omp")
_LIMITS = {
    "tbb": "several calls at a time, safe to fork",
    "omp": "several calls at a time, not safe to fork: a process that forks after its first "
    "parallel call is ended",
    "workqueue": "one call at a time",
}
_lock = threading.RLock()

# After a kernel TBB's workers take locks while they look for more work and lie down. A process
# forked meanwhile would wait for such a lock for ever; one in 800 did.
_SETTLING = 0.02


def safe_section() -> AbstractContextManager[object]:
    """Return the context that a parallel kernel must run within."""
    return _section()


@cache
def layer() -> tuple[str, str]:
    """Choose the threading layer, once, and return its name and, in words, why that one.

    Raises
    ------
    BackendUnavailableError
        If NUMBA_THREADING_LAYER names a layer that cannot be had here.
    """
    if running := _running_layer():
        return running, f"{_LIMITS[running]} (started before fastsal by other code)"
    if config.THREADING_LAYER != "default":
        running = _started_as_set()
        return running, f"{_LIMITS[running]} (set by NUMBA_THREADING_LAYER)"
    reason = _why_no_tbb()
    config.THREADING_LAYER = "workqueue" if reason else "tbb"
    if reason:
        return "workqueue", f"{_LIMITS['workqueue']}, because {reason}"
    return "tbb", _LIMITS["tbb"]


def count() -> int:
    """Return how many threads kernels run on; asking Numba alone would start a layer it chooses."""
    layer()
    return int(get_num_threads())


@cache
def _section() -> AbstractContextManager[object]:
    return _gate if layer()[0] in _THREAD_SAFE else _lock


def _running_layer() -> str | None:
    try:
        return str(threading_layer())
    except ValueError:  # no parallel kernel has run yet
        return None


def _started_as_set() -> str:
    """Start the layer that the user has set, and return its name: "safe" may mean several."""
    wanted = config.THREADING_LAYER
    _why_no_tbb()  # the answer does not matter, but now Numba finds TBB
    try:
        get_num_threads()
        return str(threading_layer())
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise BackendUnavailableError(
            f"backend 'cpu' was requested, but NUMBA_THREADING_LAYER is {wanted!r}: {reason}. "
            "Unset it, or set tbb, omp or workqueue"
        ) from None


def _why_no_tbb() -> str | None:
    error = _import_error()
    if error is None:
        return None
    try:
        for path in _installed_libraries():
            ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
    except OSError as problem:
        return f"TBB could not be loaded: {problem}"
    if (error := _import_error()) is not None:
        return f"TBB is not available: {error}"
    return None


def _import_error() -> ImportError | None:
    try:
        import_module("numba.np.ufunc.tbbpool")
    except ImportError as error:
        return error
    return None


def _installed_libraries() -> list[str]:
    try:
        files = metadata.files("tbb") or []
    except metadata.PackageNotFoundError:
        return []
    return [str(Path(path.locate()).resolve()) for path in files if path.name in _LIBRARIES]


class _Gate:
    """Lets any number of threads in, and none while the process forks."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # quicker to take than the condition that goes by it
        self._changed = threading.Condition(self._lock)
        self._inside = 0
        self._is_open = True
        self._left = -_SETTLING

    def __enter__(self) -> None:
        with self._lock:
            while not self._is_open:
                self._changed.wait()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._left = time.monotonic()
                if not self._is_open:
                    self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_open)  # another thread may be forking too
            self._is_open = False
            self._changed.wait_for(lambda: not self._inside)
        time.sleep(max(0.0, self._left + _SETTLING - time.monotonic()))

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()


_gate = _Gate()


def _close_gate() -> None:
    _gate.close()
    # A child of a process with a compiling thread would wait for the compiler for ever. Taken after
    # the gate: a thread inside it may be waiting for the compiler.
    global_compiler_lock.acquire()


def _open_gate() -> None:
    global_compiler_lock.release()
    _gate.open()


def _start_anew() -> None:
    global _gate, _lock
    global_compiler_lock.release()
    _gate, _lock = _Gate(), threading.RLock()  # their holders are not in this process
    _section.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_gate, after_in_parent=_open_gate, after_in_child=_start_anew)
