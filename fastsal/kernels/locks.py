"""Locks between processes, so that only one of them compiles an entry.

A lock is one byte of a single file. The system releases it when its holder ends in any way. Where
the system or the folder has no such locks, each process compiles everything.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LIMIT = 120.0  # seconds, longer than any kernel takes; then a process compiles without the lock
_PAUSE = 0.02
_PLACES = 1 << 30

_held: dict[Path, int] = {}  # the descriptor of each file with a lock that is held


def take(path: Path, name: str, limit: float | None = None) -> bool:
    """Wait for the lock `name` of a file of locks; return whether another process held it.

    A process holds one lock of a file at a time, since Numba's own lock lets one thread compile.
    """
    release(path)
    place = int(name, 16) % _PLACES
    ends = time.monotonic() + (LIMIT if limit is None else limit)
    waited = False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError:
        return False
    while fcntl is not None:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            _held[path] = descriptor
            return waited
        except (BlockingIOError, PermissionError):
            waited = True
            if time.monotonic() > ends:
                break
            time.sleep(_PAUSE)
        except OSError:  # no locks in this file system
            break
    os.close(descriptor)
    return waited


def release(path: Path) -> None:
    """Give back the lock of this file that the process holds, if any."""
    if path in _held:
        with suppress(OSError):
            os.close(_held.pop(path))


def _forget() -> None:
    """Hold nothing in a forked process: the locks are its parent's."""
    for descriptor in _held.values():
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
