"""The calls that are measured: every row of `BUILT_IN`, and other functions with a device."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

import fastsal
from fastsal.bench import inputs
from fastsal.registry import BUILT_IN, Method

Stack = NDArray[Any]
Call = Callable[..., Any]  # of (stack, out=, backend=)


class Allowed(NamedTuple):
    """Allowed differences between device and CPU: maximum, mean, and fraction of equal pixels."""

    gap: float = 1e-6
    mean: float = 0.0  # if above 0, this limit replaces `gap`
    alike: float = 1.0  # if below 1, this fraction must lie within `gap`


# The order of summation changes float32 sums, so some segments differ. In noise, rounding decides
# the sign of some DCT coefficients.
_SEGMENTS = Allowed(gap=0.01, alike=0.995)
_ALLOWED = {
    "boolean-map": Allowed(1e-6),  # integers until the map is upsampled
    "center-surround": Allowed(1e-4),
    "center-surround, VOCUS2's": Allowed(1e-4),
    "itti-koch": Allowed(1e-4),
    "signature": Allowed(0.05),
    "whitened": Allowed(1e-3),
    "minimum-barrier": Allowed(gap=1e-3, alike=0.99),  # a level may be rounded differently
    "flow": Allowed(mean=0.01),
    "superpixel": _SEGMENTS,
    "superpixel-motion": _SEGMENTS,
    "superpixel-change": _SEGMENTS,
    "slic": Allowed(gap=0.0, alike=0.995),
}


class Row(NamedTuple):
    """One thing to measure, on stacks (N, H, W, 3), or (N, H, W) if it takes grey only.

    A method that reads two frames for a map takes one frame more than it gives maps.
    """

    name: str
    make: Callable[[], Call]  # a new call each time: those of streams remember frames
    reads: int = 1  # frames for one map
    is_grey: bool = False
    out: str = "float32"

    def stack(self, shape: tuple[int, int], maps: int) -> Stack:
        """Return frames of a photograph that moves to the right, four columns a frame."""
        photo = cv2.resize(inputs.photograph("320x240"), shape[::-1], interpolation=cv2.INTER_CUBIC)
        photo = inputs.gray(photo) if self.is_grey else photo
        count = maps + self.reads - 1
        return np.stack([np.roll(photo, 4 * index, axis=1) for index in range(count)])

    @property
    def allowed(self) -> Allowed:
        """How far its maps may be from the CPU's."""
        return _ALLOWED.get(self.name, Allowed())


def rows() -> list[Row]:
    """Return all rows: one for each method, so that none can be forgotten, and the others."""
    vocus = functools.partial(fastsal.center_surround, variant="vocus2")
    return [
        *map(_of_method, BUILT_IN.values()),
        Row("center-surround, VOCUS2's", lambda: _on_stacks(vocus)),
        *(Row(f"binary map by {name}", functools.partial(_binary_map, name), is_grey=True,
              out="uint8") for name in ("otsu", "adaptive", "kmeans")),
        *(Row(f"slic{', fast' * (mode == 'fast')}", functools.partial(_segmentation, mode),
              out="int32") for mode in ("exact", "fast")),
    ]  # fmt: skip


def _of_method(method: Method) -> Row:
    function = getattr(fastsal, method.function)
    names = inspect.signature(function).parameters
    if "out" not in names:  # a class, or boxes: neither takes stacks
        return Row(method.key, functools.partial(_frame_by_frame, method.key))
    other = next((each for each in ("previous", "reference") if each in names), None)
    if method.kind != "motion" or other is None:
        return Row(method.key, lambda: _on_stacks(function))
    return Row(method.key, lambda: _on_pairs(function, other), reads=2)


def _on_stacks(function: Call) -> Call:
    return lambda stack, **options: function(stack, channel_axis=_axis(stack), **options)


def _on_pairs(function: Call, other: str) -> Call:
    """Return a call that compares each frame of a stack with the one before."""

    def call(stack: Any, **options: Any) -> Any:
        behind = {other: stack[: len(stack) - 1]}
        return function(stack[1:], **behind, channel_axis=_axis(stack), **options)

    return call


def _frame_by_frame(key: str) -> Call:
    """Return a call that shows the frames of a stack in turn, to a stream that stays."""
    streams: dict[Any, Any] = {}

    def call(stack: Any, out: Any = None, backend: Any = "auto") -> Any:
        if backend not in streams:
            streams[backend] = fastsal.Stream(key, backend=backend)
        outs = [None] * len(stack) if out is None else out
        maps = [streams[backend].update(stack[i], out=outs[i]) for i in range(len(stack))]
        return np.stack(maps) if out is None else out

    return call


def _binary_map(method: str) -> Call:
    return lambda stack, **options: fastsal.binary_map(stack, method=method, **options)


def _segmentation(mode: Any) -> Call:
    def call(stack: Any, out: Any = None, backend: Any = "auto") -> Any:
        options = {"mode": mode, "relabel": False, "backend": backend}
        found = [fastsal.slic(stack[i], **options) for i in range(len(stack))]
        return found if out is not None else np.stack(found)

    return call


def _axis(stack: Any) -> int | None:
    return -1 if len(stack.shape) == 4 else None


def shape_of(size: str) -> tuple[int, int]:
    """Return the rows and columns of a size by name, or as WIDTHxHEIGHT.

    Raises
    ------
    ValueError
        If it is neither.
    """
    known = {name.lower(): shape for name, shape in inputs.SIZES.items()}
    if size.lower() in known:
        return known[size.lower()]
    cols, _, rows = size.lower().partition("x")
    if not (cols.isdigit() and rows.isdigit() and int(cols) and int(rows)):
        raise ValueError(f"expected WIDTHxHEIGHT or one of {', '.join(inputs.SIZES)}, got {size!r}")
    return int(rows), int(cols)


def chosen(names: str) -> Iterator[Row]:
    """Yield the rows that a comma-separated list names, or all.

    Raises
    ------
    ValueError
        If there is no such row.
    """
    known = {row.name: row for row in rows()}
    for name in known if names == "all" else names.split(","):
        if name not in known:
            raise ValueError(f"expected methods among {', '.join(known)}, got {name!r}")
        yield known[name]


def attempted(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of `call`, or its error, so that the other methods are still measured."""
    try:
        return call()
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
