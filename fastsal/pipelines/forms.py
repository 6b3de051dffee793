"""The forms in which a method's kernels are compiled for colour images of a usual size.

`forms.json` lists them, as `python -m benchmarks.forms` has recorded: how many there are, and what
a second process can compile at the same time. An entry that no longer fits is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import import_module, resources
from typing import Any

Form = tuple[str, str, str]  # module, kernel, types of its arguments


@cache
def _all() -> dict[str, list[list[str]]]:
    text = resources.files(__package__).joinpath("forms.json").read_text(encoding="utf-8")
    recorded: dict[str, list[list[str]]] = json.loads(text)
    return recorded


def forms_of(keys: Iterable[str]) -> list[Form]:
    """Return the forms of these methods in the order in which they are needed, each once."""
    found = [(each[0], each[1], each[2]) for key in keys for each in _all().get(key, ())]
    return list(dict.fromkeys(found))


def compile_form(form: Form) -> None:
    """Compile a kernel, or load it."""
    from numba import types

    module, name, text = form
    names = {**vars(types), "tuple_of": _tuple_of, "named_tuple": _named_tuple}
    arguments: Any = eval(text, names)  # our own file, written by `text_of`
    getattr(import_module(module), name).compile(arguments)


def text_of(arguments: Iterable[Any]) -> str:
    """Return the types of a kernel's arguments as an expression for `compile_form`."""
    return f"({', '.join(map(_text_of_one, arguments))},)"


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
