"""From frames to maps: shared code of the functions and the streams of this package."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import DTypeLike

from ... import devices, images, validation
from ...call import Call
from ...errors import ImageError
from ...kernels import regions
from ..superpixels.options import (
    FAST_ITERATIONS,
    FEATURES,
    PACKAGE,
    SUMS,
    Choice,
    checked_options,
    grid_shape,
    source_of,
    units_of,
)
from ..superpixels.options import Options as SlicOptions

Method = Literal["auto", "exact", "fast"]
MAX_ITER = 100  # of SLIC for the first frame


class Options(NamedTuple):
    """Options of superpixel contrast, checked."""

    slic: SlicOptions
    method: Method
    smooth: bool
    sigmas: tuple[float, float]
    steepness: float

    @classmethod
    def checked(
        cls, region_size: int, regularizer: float, method: Method, smooth: bool,
        sigma_color: float, sigma_position: float, steepness: float, slic: Choice,
    ) -> Options:  # fmt: skip
        """Return the options, or raise ValueError that names the one out of range."""
        segmenting = checked_options(region_size, regularizer, MAX_ITER, None, slic, name="slic")
        validation.choice("method", method, get_args(Method))
        sigmas = (
            validation.number("sigma_color", sigma_color, 1e-3, 1e6),
            validation.number("sigma_position", sigma_position, 1e-3, 1e6),
        )
        weight = min(validation.number("steepness", steepness, 0), 1e30)
        return cls(segmenting, method, bool(smooth), sigmas, weight)


class Segments(NamedTuple):
    """The superpixels of one frame, in the order of vl_slic: entry i belongs to tile i of the grid.

    Attributes
    ----------
    labels : array of int32, (H, W), or pieces of fast mode
        On the backend; overwritten by the next frame that this thread segments.
    sums : array of int64, (n, 6)
        Pixels, rows, columns and channels; pixels are 0 if the post-processing left none.
    position : array of float32, (n, 2)
        Mean row and column.
    color : array of float32, (n, 3)
        CIELab of the mean colour.
    centers : array of float32, or int32 in fast mode, (5, down, across)
        Where the next frame may start.
    """

    labels: Any
    sums: Any
    position: Any
    color: Any
    centers: Any


def segment(
    call: Call,
    frames: images.Frames,
    options: SlicOptions,
    last: Segments | None = None,
    spare: Segments | None = None,
) -> Segments:
    """Segment one frame, from the centres of `last` and into the arrays of `spare` if given."""
    kernels, stats = call.kernels(PACKAGE), call.kernels(regions.__name__)
    shape, white, units = frames.shape, frames.white, units_of(frames)
    size, regularizer, min_size, max_iter = options.of(shape)
    source, grid = source_of(frames), grid_shape(shape, size)
    is_fast = options.is_fast(shape)
    if spare is None:
        count = math.prod(grid)
        forms = ((SUMS, np.int64), (2, np.float32), (3, np.float32))
        sums, position, color = (_empty(call, (count, width), dtype) for width, dtype in forms)
    else:
        _, sums, position, color, _ = spare
    if last is None:
        centers = _empty(call, (FEATURES, *grid), np.int32 if is_fast else np.float32)
    else:
        centers = last.centers
    if is_fast:
        scale, max_iter, units = options.scale(shape), min(max_iter, FAST_ITERATIONS), 255
        if last is None:
            kernels.place_fast(*source, size, scale, shape, centers)
        state = max_iter, centers, sums
        labels = kernels.slic_fast(*source, size, scale, min_size, False, *state, shape)
    else:
        if last is None:
            kernels.place_centers(*source, white, size, shape, centers)
        labels = call.workspace("superpixel labels", shape, np.int32)
        state = max_iter, centers, labels
        kernels.slic(*source, white, size, regularizer, min_size, *state)
        stats.sum_regions(*source, labels, sums)
        kernels.move_centers(sums, units, size, True, centers)
    stats.fill_means(sums, frames.channels, units, position, color)
    return Segments(labels, sums, position, color, centers)


def fill_map(call: Call, i: int, options: Options, which: int = 0, target: Any = None) -> None:
    """Fill the map of frame `i`, or `target`, from input `which`, or both if there are two."""
    frame = frame_of(call.inputs[which], i)
    current = segment(call, frame, options.slic)
    others = None
    if target is None and len(call.inputs) == 2:
        # The labels of `current` are painted last, and the next frame's would overwrite them.
        current = current._replace(labels=_copied(call, current.labels))
        others = segment(call, frame_of(call.inputs[1], i), options.slic)
    if target is None:
        target = call.saliency[i]
    fill_from(call, frame, current, others, options, target)


def fill_from(
    call: Call, frame: images.Frames, current: Segments, others: Segments | None,
    options: Options, saliency: Any,
) -> None:  # fmt: skip
    """Fill `saliency`, (H * W,), with the contrast of `current` against `others`, or itself."""
    kernels, shape = call.kernels(__package__), frame.shape
    described = current.sums, current.position, current.color
    against = described if others is None else (others.sums, others.position, others.color)
    values = call.workspace("superpixel values", (len(current.sums),), np.float32)
    args = shape, options.sigmas, options.steepness, options.method, values
    kernels.score(described, against, *args)
    labels = current.labels
    if not options.smooth:
        kernels.paint_values(labels, values, saliency)
        return
    if isinstance(labels, tuple):  # the pieces of fast mode
        labels = call.workspace("superpixel labels", shape, np.int32)
        call.kernels(PACKAGE).fill_labels(current.labels, labels)
    source, size = (*source_of(frame), frame.white), options.slic.of(shape)[0]
    kernels.average_values(*source, size, described, labels, values, saliency)


def frame_of(frames: images.Frames, i: int) -> images.Frames:
    """Return frame `i` of a stack, or the only one."""
    return frames._replace(pixels=frames.pixels[i : i + 1], shape=frames.shape[-2:])


def _copied(call: Call, labels: Any) -> Any:
    """Return a copy of labels on the backend."""
    if isinstance(labels, tuple):  # the pieces of fast mode
        pieces: Any = labels
        return pieces._replace(codes=pieces.codes.copy())
    if call.target == "cpu":
        return labels.copy()
    copy = call.workspace("superpixel labels kept", labels.shape, labels.dtype)
    devices.send(labels, copy)
    return copy


def _empty(call: Call, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
    """Return a new array on the backend, for a stream to keep."""
    if call.target == "cpu":
        return np.empty(shape, dtype)
    return devices.empty(shape, dtype, like=call.inputs[0].pixels)


def spare_maps(call: Call) -> tuple[Any, Any]:
    """Return two float32 maps of one frame on the backend."""
    shape = (call.saliency.shape[1],)
    if call.target == "cpu":
        return np.empty(shape, np.float32), np.empty(shape, np.float32)
    first, second = (devices.workspace(f"contrast map {k}", shape, np.float32) for k in range(2))
    return first, second


def empty_map(call: Call) -> Any:
    """Return a new float32 map of one frame on the backend, for a stream to keep."""
    return _empty(call, (call.saliency.shape[1],), np.float32)


def clear_map(call: Call) -> None:
    """Fill the map of the only frame with zeros."""
    call.kernels(__package__).clear(call.saliency[0])


def fill_change(call: Call, i: int, maps: tuple[Any, Any], signed: bool) -> None:
    """Fill the map of frame `i` with the first of two maps minus the second."""
    call.kernels(__package__).fill_change(*maps, bool(signed), call.saliency[i])


def check_out(out: Any, signed: bool) -> None:
    """Raise ImageError if `out` cannot hold signed values."""
    if signed and out is not None and "uint8" in str(getattr(out, "dtype", "")):
        raise ImageError("`out` must be float32 if signed=True; got uint8, which has no negatives")
