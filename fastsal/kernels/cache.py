"""Compiled code on disk: in the user's cache folder, named by everything it was made from.

Numba's own cache looks at one source file only. So a kernel keeps answering with the old formula
after an edit or upgrade of a file it calls into. Here the folder's name is a digest of the versions
and settings that shape the code. Each entry is one file, named by its whole key and the sources of
its kernel. So processes that start at once never serve stale code or mix up entries. An entry
begins with its own digest: damaged machine code would end the process.
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
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from platformdirs import user_cache_path

from . import forms, locks, native, shipped, simd, sources, watch

FORMAT = 2  # of the entries
LOCKS = "locks"  # a file beside the folders
_SETTINGS = ("OPT", "CPU_NAME", "CPU_FEATURES", "ENABLE_AVX", "LOOP_VECTORIZE", "SLP_VECTORIZE",
             "BOUNDSCHECK", "DEBUGINFO_DEFAULT")  # fmt: skip
_KEEP_SECONDS = 30 * 24 * 3600
_FRESH_SECONDS = 24 * 3600  # an entry older than that is marked as used when it is loaded
_DIGEST_SIZE = hashlib.sha256().digest_size


def folder() -> Path | None:
    """Return the folder of these versions and settings, or None if code is not kept."""
    found = _folder_or_reason()
    return found if isinstance(found, Path) else None


@cache
def _folder_or_reason() -> Path | str:
    try:
        root = _root().absolute()  # the program may change its folder later
    except RuntimeError:  # of platformdirs and pathlib: no HOME, and a user without an entry
        named = os.environ.get("FASTSAL_CACHE_DIR")
        return f"{named}: no such home folder" if named else "this user has no home folder"
    except OSError as error:
        return f"the working folder is gone: {error.strerror}"
    path = root / digest()
    try:
        is_fresh = path.exists() and _age_of(path) < _FRESH_SECONDS
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
        os.utime(path)
        if not is_fresh:
            _remove_unused(root)
    except OSError as error:
        return f"the cache folder cannot be written to: {error.strerror}"
    return path


def _root() -> Path:
    named = os.environ.get("FASTSAL_CACHE_DIR")
    return Path(named).expanduser() if named else user_cache_path("fastsal", False)


@cache
def digest() -> str:
    """Return a digest of the versions and the settings that shape the code."""
    tag = sys.implementation.cache_tag
    versions = (FORMAT, tag, numba.__version__, llvmlite.__version__, np.__version__)
    settings = [simd.ENABLED, *(str(getattr(config, name, None)) for name in _SETTINGS)]
    return hashlib.sha256(repr((versions, settings)).encode()).hexdigest()[:16]


def describe() -> str:
    """Return where compiled code is kept, or why it is not, in words."""
    found = _folder_or_reason()
    if isinstance(found, Path):
        return str(found)
    return f"not kept: {found} (FASTSAL_CACHE_DIR names another folder)"


def source_of(form: forms.Form) -> str | None:
    """Return "native", the level that a kernel's code came with, or None: not compiled yet.

    None is also the answer for a form that does not fit the kernels of this version.
    """
    try:
        kernel, types = forms.kernel_of(form), forms.types_of(form)
        found: str | None = kernel._cache.source_of(types, kernel.targetctx)
    except (AttributeError, ImportError):
        return None
    return found


def attach(dispatcher: Any, cache_class: Any) -> Any:
    """Give a Numba dispatcher this cache; `cache_class` is the one Numba itself would use."""
    if folder() is not None or shipped.is_here():
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
        return disambiguator_of(self._module)


def disambiguator_of(module: str) -> str:
    """Return the part for a module in the names of its kernels' entries."""
    return hashlib.sha256(module.encode()).hexdigest()[:10]


class _EntryFiles:
    """One file per entry, written whole or not at all."""

    def __init__(self, py_func: Any, base: str) -> None:
        self._py_func = py_func
        self._base = base

    def load(self, key: Any) -> Any:
        place = self.place(key)
        if place is None or folder() is None:
            return None
        path, whole_key = place
        try:
            found = _content_of(path.read_bytes(), whole_key)
            if _age_of(path) > _FRESH_SECONDS:
                with suppress(OSError):  # another user's folder
                    os.utime(path)
            return found
        except Exception:  # not there, cut short or overwritten: compile again
            return None

    def load_shipped(self, key: Any, level: shipped.Level) -> Any:
        """Return the shipped machine code, or None if it is missing or damaged."""
        place = self.place(key)
        if place is None:
            return None
        path, whole_key = place
        try:
            data = shipped.entry(level, self._py_func.__module__, path.name)
            return None if data is None else _content_of(data, whole_key)
        except Exception:  # damaged: compile it
            return None

    def save(self, key: Any, data: Any) -> None:
        place = self.place(key)
        if place is None:
            return
        path, whole_key = place
        partial = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
        content = dumps(data)
        try:
            with open(partial, "wb") as file:
                file.write(_digest_of(whole_key, content) + content)
                file.flush()
                os.fsync(file.fileno())  # a power cut must not leave an empty file under this name
            partial.replace(path)
        except OSError:  # a full disk costs the next start its time, not this call its answer
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def flush(self) -> None:
        for path in Path(str(folder())).glob(f"{self._base}.*.nbc"):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def place(self, key: Any) -> tuple[Path, bytes] | None:
        """Return an entry's file and its whole key, or None if the sources cannot be read."""
        made_from = sources.digest_of(self._py_func)
        if made_from is None:
            return None
        whole_key = repr((key, made_from)).encode()
        name = hashlib.sha256(whole_key).hexdigest()[:16]
        return Path(str(folder()), f"{self._base}.{name}.nbc"), whole_key


def _content_of(data: bytes, whole_key: bytes) -> Any:
    """Return the content of an entry, or None if it belongs to another key or is damaged."""
    if data[:_DIGEST_SIZE] != _digest_of(whole_key, data[_DIGEST_SIZE:]):
        return None
    return _Unpickler(io.BytesIO(data[_DIGEST_SIZE:])).load()


def _digest_of(whole_key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(whole_key + content).digest()


class _Unpickler(pickle.Unpickler):
    """Loads entries without the modules that their code was once compiled from.

    An entry has an environment for every function inside it, np.zeros() and its like included. Each
    would import its module, 60 ms of Numba that only interpreted code needs.
    """

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numba.core.environment", "_rebuild_env"):
            return _environment
        return super().find_class(module, name)


def _environment(module: str, constants: Any, name: str) -> Any:
    # A Numba without these names compiles; it only cannot load entries.
    from numba.core.environment import Environment, lookup_environment

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
            self._cache_file = _EntryFiles(py_func, self._impl.filename_base)

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            # Numba would first load all it needs to compile, SciPy's BLAS included: 0.3 s that
            # finished code has no use for, its memory manager apart. A miss loads the rest.
            rtsys.initialize(target_context)
            found = self._load_overload(sig, target_context)
            if found is None:
                found = self._load_shipped(sig, target_context)
            place = None if found is not None else self._lock_of(sig, target_context)
            if place is not None and locks.take(*place):  # another process has compiled it now
                found = self._load_overload(sig, target_context)
            if found is not None:
                locks.release(_lock_file())
                watch.tell_done(watch.name_of(self._py_func))
            return found

        def save_overload(self, sig: Any, data: Any) -> None:
            try:
                if folder() is not None:
                    super().save_overload(sig, data)
            finally:
                locks.release(_lock_file())

        def source_of(self, sig: Any, target_context: Any) -> str | None:
            """Return "native", the level that came with fastsal, or None: not compiled yet."""
            place = self._cache_file.place(self._index_key(sig, target_context.codegen()))
            if place is not None and folder() is not None and place[0].exists():
                return "native"
            for level, processor in shipped.candidates():
                place = self._cache_file.place(self._key_for(sig, processor))
                if place and shipped.entry(level, self._py_func.__module__, place[0].name):
                    return level.name
            return None

        def _load_shipped(self, sig: Any, target_context: Any) -> Any:
            if cache_class is not FunctionCache:  # a device's
                return None
            for level, processor in shipped.candidates():
                data = self._cache_file.load_shipped(self._key_for(sig, processor), level)
                if data is not None:
                    if shipped.is_slower_than_native(level):
                        native.request(self._py_func, sig)
                    return self._impl.rebuild(target_context, data)
            return None

        def _index_key(self, sig: Any, codegen: Any) -> Any:
            return self._key_for(sig, codegen.magic_tuple())

        def _key_for(self, sig: Any, processor: tuple[str, ...]) -> Any:
            """Return a key without the bytecode: the digest of the sources covers that."""
            cells = tuple(each.cell_contents for each in self._py_func.__closure__ or ())
            closed_over = hashlib.sha256(dumps(cells)).hexdigest() if cells else ""
            return sig, processor, closed_over

        def _lock_of(self, sig: Any, target_context: Any) -> tuple[Path, str] | None:
            place = self._cache_file.place(self._index_key(sig, target_context.codegen()))
            if place is None or folder() is None:
                return None
            return _lock_file(), place[0].suffixes[-2][1:]

    return KeyedCache


def _lock_file() -> Path:
    return Path(str(folder())).parent / LOCKS


def _remove_unused(root: Path) -> None:
    """Remove folders unused for a long time, but no files that a user may keep there."""
    for path in root.glob("[0-9a-f]" * 16):
        if path.is_dir():
            is_unused = _age_of(path) > _KEEP_SECONDS
            with suppress(OSError):  # not empty in the end, for example: then it is not ours alone
                for entry in path.glob("*-*.py*.*"):
                    if is_unused or _age_of(entry) > _KEEP_SECONDS:
                        entry.unlink(missing_ok=True)
                if is_unused:
                    path.rmdir()


def _age_of(path: Path) -> float:
    return time.time() - path.stat().st_mtime
