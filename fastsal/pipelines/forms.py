"""The forms of kernels that `python -m benchmarks.forms` has recorded in `forms.json`.

The record lists the forms for the first map of a colour image with each method. It gives their
number, and the forms that a second process can compile at the same time. It also lists all forms
that `warmup` covers: a wheel with machine code has these. A form that no longer fits is passed
over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from ..kernels.forms import Form

FILE = "forms.json"


@cache
def _recorded() -> dict[str, Any]:
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    recorded: dict[str, Any] = json.loads(text)
    return recorded


def recorded_methods() -> set[str]:
    """Return the keys of the methods with known forms."""
    return set(_recorded()["methods"])


def forms_of(keys: Iterable[str]) -> list[Form]:
    """Return the forms of these methods in the order in which they are needed, each once.

    They include those of kernels that only some processors have.
    """
    return _unique(each for key in keys for each in _recorded()["methods"].get(key, ()))


def all_forms() -> list[Form]:
    """Return the forms of everything that `warmup` compiles."""
    methods = [each for forms in _recorded()["methods"].values() for each in forms]
    return _unique([*methods, *_recorded()["others"]])


def for_level(forms: Iterable[Form], level: str) -> list[Form]:
    """Return the forms without the kernels that only processors of another level need."""
    others = {
        (module, kernel)
        for name, kernels in _recorded()["only"].items()
        for module, kernel in kernels
        if name != level
    }
    return [form for form in forms if form[:2] not in others]


def for_this_processor(forms: Iterable[Form]) -> list[Form]:
    """Return the forms without the kernels that this processor does not need."""
    from ..kernels import shipped

    return for_level(forms, shipped.nearest_level())


def _unique(forms: Iterable[list[str]]) -> list[Form]:
    return list(dict.fromkeys((each[0], each[1], each[2]) for each in forms))
