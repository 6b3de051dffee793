"""A form of a kernel, the types that it is compiled for, as text: for other processes to compile.

The text is an expression of Numba's names for types.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

_PACKAGE = __package__.partition(".")[0] + "."

Form = tuple[str, str, str]  # module, kernel, types of its arguments


def compile_form(form: Form) -> None:
    """Compile a kernel, or load it."""
    kernel_of(form).compile(types_of(form))


def kernel_of(form: Form) -> Any:
    """Return the dispatcher of a form's kernel."""
    return getattr(import_module(form[0]), form[1])


def name_of(function: Any) -> tuple[str, str] | None:
    """Return the module and the name of the kernel that a function was made into, if it has one.

    The module may be another than the function's, which both backends compile then.
    """
    from numba.core.registry import CPUDispatcher

    found = (
        (name, each)
        for name, module in list(sys.modules.items())
        if name.startswith(_PACKAGE)
        for each, value in vars(module).items()
        if isinstance(value, CPUDispatcher) and value.py_func is function
    )
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
