"""The sources that a kernel is made of: its own module and all kernel modules that this imports.

Compiled code is stored under a digest of them. So an edit or upgrade of a called file counts at
once, and an edit elsewhere costs nothing.
"""

from __future__ import annotations

import dis
import hashlib
import importlib.util
import marshal
import re
import sys
from collections.abc import Iterator
from functools import cache
from types import CodeType, ModuleType
from typing import Any

_PACKAGE = __package__.rpartition(".")[0]
_FOLDERS = tuple(f"{_PACKAGE}.{name}." for name in ("algorithms", "kernels", "metrics"))

# These shape no code; `cache.FORMAT` counts the changes of the entries' layout.
_SHAPE_NOTHING = tuple(
    f"{__package__}.{name}"
    for name in ("cache", "forms", "locks", "native", "shipped", "sources", "threads", "watch")
)

# Parsing the files as Python takes 70 ms for fifty of them, this 2 ms.
_IMPORT = re.compile(
    rb"^[ ]*from[ ]+([.]*)([\w.]*)[ ]+import[ ]+(?:\(([^)]*)\)|([^\n]*))", re.MULTILINE
)
_NAME = re.compile(rb"(\w+)(?:\s+as\s+\w+)?")


def digest_of(function: Any) -> str | None:
    """Return a digest of a function's sources, or None if some of them cannot be read."""
    cells = [each.cell_contents for each in function.__closure__ or ()]
    modules = {getattr(each, "__module__", None) for each in (function, *cells)}
    return _digest(tuple(sorted(each for each in modules if each)))


@cache
def _digest(modules: tuple[str, ...]) -> str | None:
    state = hashlib.sha256()
    for name in sorted(_with_imports(modules)):
        data = _data_of(name)
        if data is None:
            return None
        state.update(f"{name} {len(data)} ".encode() + data)
    return state.hexdigest()[:32]


def _with_imports(modules: tuple[str, ...]) -> set[str]:
    """Return these modules and the kernel modules that they import, directly or not."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports_of(name))
    return found


@cache
def _data_of(name: str) -> bytes | None:
    """Return a module's source, else its bytecode, wherever it was imported from."""
    spec = _spec_of(name)
    if spec is None or spec.loader is None:
        return None
    try:
        return bytes(spec.loader.get_data(spec.origin))  # a file in a folder or a zip archive
    except (AttributeError, OSError, TypeError, ValueError):
        code = _code_of(name)  # of a program frozen into one file
        return None if code is None else marshal.dumps(code)


def _code_of(name: str) -> CodeType | None:
    try:
        code: CodeType | None = _spec_of(name).loader.get_code(name)
    except (AttributeError, ImportError, OSError):
        return None
    return code


def _spec_of(name: str) -> Any:
    if spec := getattr(sys.modules.get(name), "__spec__", None):
        return spec
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


@cache
def _imports_of(name: str) -> tuple[str, ...]:
    """Return the kernel modules that a module imports from."""
    data, spec = _data_of(name), _spec_of(name)
    if data is None:
        return ()
    is_source = str(spec.origin).endswith(".py")
    found = _named_in_source(data) if is_source else _named_in_code(_code_of(name))
    package = name if spec.submodule_search_locations is not None else spec.parent
    modules = set()
    for level, module, names in found:
        start = importlib.util.resolve_name("." * level, package) if level else ""
        base = ".".join(filter(None, (start, module)))
        members = vars(sys.modules[base]) if base in sys.modules else {}
        for each in names:
            is_module = isinstance(members.get(each), ModuleType)
            modules.add(f"{base}.{each}" if is_module else base)
    return tuple(each for each in modules if _is_kernel_module(each))


_Import = tuple[int, str, tuple[str, ...]]  # level, module, names


def _named_in_source(source: bytes) -> Iterator[_Import]:
    for dots, module, within, behind in _IMPORT.findall(source):
        names = tuple(each.decode() for each in _NAME.findall(within or behind))
        yield len(dots), module.decode(), names


def _named_in_code(code: CodeType | None) -> Iterator[_Import]:
    if code is None:
        return
    constants: list[Any] = []
    for each in dis.get_instructions(code):
        if each.opname == "IMPORT_NAME":
            level, names = constants[-2:]
            yield level, str(each.argval), tuple(names or ())
        elif each.opname.startswith("LOAD_"):
            constants.append(each.argval)


def _is_kernel_module(name: str) -> bool:
    return name.startswith(_FOLDERS) and name not in _SHAPE_NOTHING
