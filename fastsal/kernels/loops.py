"""A span of items, cut into bands that the threads of a ``prange`` process."""

from __future__ import annotations

from typing import Any

from numba import prange

# Numba passes no tuples within tuples to threads, so each argument has its name.
_SOURCE = """\
def bands({0}, item_count, band_count):
    if band_count == 0:
        span({0}, 0, item_count)
    else:
        for band in prange(band_count):
            span({0}, band * item_count // band_count, (band + 1) * item_count // band_count)
"""


def function_of(span: Any) -> Any:
    """Return the function that runs `span` over `band_count` bands of the items."""
    return function_from(_SOURCE, span, prange=prange)


def function_from(template: str, span: Any, **names: Any) -> Any:
    """Return the function ``bands`` from its source, with the arguments of a span."""
    function = span.py_func
    code = function.__code__
    arguments = ", ".join(code.co_varnames[: code.co_argcount - 2])
    names |= {"__name__": function.__module__, "span": span}
    exec(compile(template.format(arguments), code.co_filename, "exec"), names)
    bands = names["bands"]
    bands.__qualname__ = f"{function.__qualname__}.bands"
    return bands
