"""Native code in place of slower code that came with fastsal: made for the next start.

When a program ends that has used such code, one process of the lowest priority compiles the same
kernels for this very processor. ``FASTSAL_NATIVE=0`` turns that off.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import forms, locks

VARIABLE = "FASTSAL_NATIVE"
LOCK = "native"  # a file beside the folders of compiled code
_CODE = "from fastsal.kernels import native; native.compile_requested()"

_requested: list[tuple[Any, Any]] = []  # functions and types


def request(function: Any, types: Any) -> None:
    """Take note that native code of a kernel is worth compiling."""
    if not _requested:
        atexit.register(_start)
    _requested.append((function, types))


def _start() -> None:
    """Start the process, and leave it to itself."""
    from . import cache

    is_program = bool(sys.executable) and not getattr(sys, "frozen", False)
    if os.environ.get(VARIABLE) == "0" or cache.folder() is None or not is_program:
        return
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with suppress(OSError):  # no more processes: the next start has another chance
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment, start_new_session=True, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        with process.stdin as pipe:
            json.dump(_named(), pipe)
        process.returncode = 0  # it outlives this one, which Python would warn about


def _named() -> list[forms.Form]:
    """Return the forms of the requested entries, of kernels that have an importable name."""
    named = ((forms.name_of(function), types) for function, types in _requested)
    return [(*name, forms.text_of(types)) for name, types in named if name is not None]


def compile_requested() -> None:
    """Compile the forms that stdin lists, unless another process is at it."""
    requested = json.load(sys.stdin)
    with suppress(AttributeError, OSError):  # Windows has no such priorities
        os.nice(19)
    from . import cache, shipped

    shipped.is_enabled = False
    place = cache.folder()
    if place is None or not _is_only_one(place.parent):
        return
    for module, kernel, types in requested:
        with suppress(Exception):  # upgraded meanwhile: the next start asks again
            forms.compile_form((module, kernel, types))


def _is_only_one(root: Path) -> bool:
    return not locks.take(root / LOCK, "0", limit=0.0)
