"""Compiled code on disk: in the user's cache folder, named by everything it was made from.

Numba's own cache looks at one source file only, so a kernel keeps answering with the old formula
after an edit or upgrade of a file it calls into. Here the folder's name is a digest of all kernel
sources and of what else shapes the code, and each entry is one file named by its whole key, so
that processes that start at once can neither serve stale code nor mix up each other's entries.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba import config
from numba.core.environment import Environment, lookup_environment
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from platformdirs import user_cache_path

_PACKAGE = Path(__file__).parents[1]
_SOURCES = ("kernels", "algorithms")
_SETTINGS = ("OPT", "CPU_NAME", "CPU_FEATURES", "ENABLE_AVX", "LOOP_VECTORIZE", "SLP_VECTORIZE",
             "BOUNDSCHECK", "DEBUGINFO_DEFAULT")  # fmt: skip
_KEEP_SECONDS = 30 * 24 * 3600


@cache
def folder() -> Path | None:
    """Return the folder of this state of the sources, or None if no folder can be written to."""
    root = Path(os.environ.get("FASTSAL_CACHE_DIR") or user_cache_path("fastsal", False))
    path = root.absolute() / digest()  # the program may change its folder later
    try:
        is_new = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
        if is_new:
            _remove_unused(root)
        else:
            os.utime(path)
    except OSError:
        return None
    return path


@cache
def digest() -> str:
    """Return a digest of the kernel sources, the versions and the settings that shape the code."""
    versions = (numba.__version__, llvmlite.__version__, np.__version__)
    settings = [str(getattr(config, name, None)) for name in _SETTINGS]
    state = hashlib.sha256(repr((versions, settings)).encode())
    for part in _SOURCES:
        for path in sorted((_PACKAGE / part).rglob("*.py")):
            if path.name == "api.py":  # holds no kernels: a docstring edit must not recompile all
                continue
            state.update(str(path.relative_to(_PACKAGE)).encode())
            state.update(path.read_bytes())
    return state.hexdigest()[:16]


def describe() -> str:
    """Return where compiled code is kept, or why it is not, in words."""
    path = folder()
    if path is None:
        return "not kept: the cache folder cannot be written to (FASTSAL_CACHE_DIR names another)"
    return str(path)


def attach(dispatcher: Any, cache_class: Any) -> Any:
    """Give a Numba dispatcher this cache; `cache_class` is the one Numba itself would use."""
    if folder() is not None:
        dispatcher._cache = _keyed(cache_class)(dispatcher.py_func)
    return dispatcher


class _Locator:
    def __init__(self, py_func: Any, py_file: str) -> None:
        self._py_file = py_file
        self._module = py_func.__module__

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator:
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        return str(folder())

    def ensure_cache_path(self) -> None:
        """Do nothing: `folder` has made it, and _EntryFiles.save survives its loss."""

    def get_source_stamp(self) -> str:
        return digest()

    def get_disambiguator(self) -> str:
        return hashlib.sha256(self._module.encode()).hexdigest()[:10]


class _EntryFiles:
    """One file per entry, written whole or not at all."""

    def __init__(self, base: str) -> None:
        self._base = base

    def _path(self, key: Any) -> Path:
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return Path(str(folder()), f"{self._base}.{name}.nbc")

    def load(self, key: Any) -> Any:
        try:
            return _Unpickler(io.BytesIO(self._path(key).read_bytes())).load()
        except Exception:  # cut short or overwritten by who knows what: compile again
            return None

    def save(self, key: Any, data: Any) -> None:
        path = self._path(key)
        partial = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
        try:
            partial.write_bytes(dumps(data))
            partial.replace(path)
        except OSError:  # a full disk costs the next start its time, not this call its answer
            partial.unlink(missing_ok=True)

    def flush(self) -> None:
        for path in Path(str(folder())).glob(f"{self._base}.*.nbc"):
            path.unlink(missing_ok=True)


class _Unpickler(pickle.Unpickler):
    """Loads entries without the modules that their code was once compiled from.

    An entry has an environment for every function that went into it, np.zeros() and its like
    included, and each would import its module: 60 ms of Numba's for what only interpreted code
    asks for.
    """

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numba.core.environment", "_rebuild_env"):
            return _environment
        return super().find_class(module, name)


def _environment(module: str, constants: Any, name: str) -> Any:
    known = lookup_environment(name)
    if known is not None:
        return known
    made = Environment(vars(sys.modules[module]) if module in sys.modules else {"__name__": module})
    made.consts[:] = constants
    made.env_name = name
    Environment._memo[name] = made
    return made


@cache
def _keyed(cache_class: Any) -> Any:
    implementation = type(
        "_Implementation", (cache_class._impl_class,), {"_locator_classes": [_Locator]}
    )

    class KeyedCache(cache_class):  # type: ignore[misc]  # made for either of Numba's caches
        _impl_class = implementation

        def __init__(self, py_func: Any) -> None:
            super().__init__(py_func)
            self._cache_file = _EntryFiles(self._impl.filename_base)

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            # Numba would first load all it needs to compile, SciPy's BLAS included: 0.3 s that
            # finished code has no use for, its memory manager apart. A miss loads the rest.
            rtsys.initialize(target_context)
            return self._load_overload(sig, target_context)

    return KeyedCache


def _remove_unused(root: Path) -> None:
    """Remove folders of ours that no start has used for long, and nothing a user may keep there."""
    oldest = time.time() - _KEEP_SECONDS
    for path in root.glob("[0-9a-f]" * 16):
        if path.is_dir() and path.stat().st_mtime < oldest:
            with suppress(OSError):  # in the end not empty, say: then it is not ours alone
                for entry in path.glob("*-*.py*.*"):
                    entry.unlink(missing_ok=True)
                path.rmdir()
