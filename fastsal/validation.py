"""Checks of options: numbers, integers and names. They have no side effects.

Every message is one line: "`name` must be ...; got ...".
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

TINY = math.nextafter(0, 1)  # the smallest number above 0
_LONGEST = 80  # characters of a value in a message


def number(
    name: str, value: Any, low: float, high: float | None = None, *, form: str = ""
) -> float:
    """Return `value` as a float in [low, high], or raise ValueError.

    Integers, floats, fractions and NumPy's scalars are numbers. Booleans, strings, NaN and
    infinities are not. `form` replaces the description of the range in the message.
    """
    found = _as_float(value)
    if low <= found <= (_LARGEST if high is None else high):  # NaN fails
        return found
    raise ValueError(
        f"`{name}` must be {form or _range('a number', low, high)}; got {shown(value)}"
    )


def integer(name: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """Return `value` as an int in [low, high], or raise ValueError. Booleans are not integers."""
    found = _as_integer(value)
    fits = found is not None and (low is None or low <= found) and (high is None or found <= high)
    if found is None or not fits:
        raise ValueError(f"`{name}` must be {_range('an integer', low, high)}; got {shown(value)}")
    return found


def flag(name: str, value: Any, error: type[Exception] = TypeError) -> bool:
    """Return `value` as a bool, or raise `error` unless it is True or False, also of NumPy."""
    if not isinstance(value, bool | np.bool):
        raise error(f"`{name}` must be True or False; got {shown(value)}")
    return bool(value)


def shape(name: str, value: Any, high: int | None = None) -> tuple[int, int]:
    """Return `value` as two positive integers, rows and columns, or raise ValueError."""
    try:
        rows, cols = (_as_integer(length) for length in value)
    except (TypeError, ValueError):
        rows = cols = None
    if rows is None or cols is None or min(rows, cols) < 1 or max(rows, cols) > (high or _LARGEST):
        limits = f"from 1 to {high}" if high else "from 1 up"
        raise ValueError(
            f"`{name}` must be two integers {limits}, rows and columns; got {shown(value)}"
        )
    return rows, cols


def choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return `value` if it is one of the strings in `choices`, or raise ValueError."""
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"`{name}` must be {listed(choices)}; got {shown(value)}")
    return value


def listed(choices: Collection[str]) -> str:
    """Return names as words: 'a', 'b' or 'c'."""
    return joined(map(repr, choices))


def joined(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: a, b or c."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def shown(value: Any) -> str:
    """Return a value as one short line."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of more than 4,300 digits, or a broken __repr__
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


_LARGEST = float(np.finfo(np.float64).max)


def _as_float(value: Any) -> float:
    """Return a real number as a float, beyond their range the nearest; NaN for others."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return -_LARGEST if value < 0 else _LARGEST


def _as_integer(value: Any) -> int | None:
    if isinstance(value, bool | np.bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _range(kind: str, low: float | None, high: float | None) -> str:
    if low is None:
        return kind
    return f"{kind} from {low} up" if high is None else f"{kind} from {low} to {high}"
