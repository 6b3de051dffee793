"""A form of a kernel, the types that it is compiled for, as text: for other processes to compile.

The text is an expression of Numba's names for types.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from operator import attrgetter
from typing import Any

_PACKAGE = __package__.partition(".")[0] + "."

Form = tuple[str, str, str]  # module, kernel, types of its arguments


def compile_form(form: Form) -> None:
    """Compile a kernel, or load it."""
    kernel_of(form).compile(types_of(form))


def kernel_of(form: Form) -> Any:
    """Return the dispatcher of a form's kernel."""
    return attrgetter(form[1])(import_module(form[0]))


def kernels() -> Iterator[tuple[str, str, Any]]:
    """Yield the module, the name and the dispatcher of each kernel in the imported modules."""
    from numba.core.registry import CPUDispatcher

    for module, found in list(sys.modules.items()):
        if module.startswith(_PACKAGE):
            for name, value in list(vars(found).items()):
                if isinstance(value, CPUDispatcher):
                    yield module, name, value
                    if hasattr(value, "bands"):
                        yield module, f"{name}.bands", value.bands


def name_of(function: Any) -> tuple[str, str] | None:
    """Return the module and the name of the kernel that a function was made into, if it has one.

    The module may be another than the function's, which both backends compile then.
    """
    found = ((module, name) for module, name, each in kernels() if each.py_func is function)
    return next(found, None)


def types_of(form: Form) -> tuple[Any, ...]:
    """Return the types of a form's arguments."""
    from numba import types

    names = {**vars(types), "tuple_of": _tuple_of, "named_tuple": _named_tuple}
    arguments: tuple[Any, ...] = eval(form[2], names)  # our own file, written by `text_of`
    return arguments


def text_of(arguments: Iterable[Any]) -> str:
    """Return the types of a kernel's arguments as an expression for `types_of`."""
    texts = [_text_of_one(each) for each in arguments]
    return f"({', '.join(texts)},)" if texts else "()"


def _text_of_one(kind: Any) -> str:
    from numba import types

    if not isinstance(kind, types.BaseTuple):
        return repr(kind)
    members = f"[{', '.join(map(_text_of_one, kind))}]"
    if not isinstance(kind, types.BaseNamedTuple):
        return f"tuple_of({members})"
    made_by = kind.instance_class
    return f"named_tuple({members}, {made_by.__module__!r}, {made_by.__qualname__!r})"


def _tuple_of(members: list[Any]) -> Any:
    from numba import types

    return types.BaseTuple.from_types(members)


def _named_tuple(members: list[Any], module: str, name: str) -> Any:
    from numba import types

    return types.BaseTuple.from_types(members, getattr(import_module(module), name))
