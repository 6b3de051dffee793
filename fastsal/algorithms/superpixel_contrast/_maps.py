"""From frames to maps: shared code of the functions and the streams of this package."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ... import devices, images, runtime, validation
from ...call import Call
from ...errors import ImageError
from ..superpixels.segments import (
    Choice,
    Segments,
    checked_options,
    flat_pixels,
    is_rgb,
    label_map,
    segment,
    white_of,
)
from ..superpixels.segments import Options as SlicOptions

Method = Literal["auto", "exact", "fast"]
ROUNDS = 100  # of vl_slic at the most


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
        """Return the options, or raise ValueError naming the one out of range."""
        segmenting = checked_options(region_size, regularizer, ROUNDS, None, slic, name="slic")
        validation.choice("method", method, get_args(Method))
        sigmas = (
            validation.number("sigma_color", sigma_color, 1e-3, 1e6),
            validation.number("sigma_position", sigma_position, 1e-3, 1e6),
        )
        weight = min(validation.number("steepness", steepness, 0), 1e30)
        return cls(segmenting, method, bool(smooth), sigmas, weight)


def fill_map(call: Call, i: int, options: Options, which: int = 0, target: Any = None) -> None:
    """Fill the map of frame `i`, or `target`, from input `which`, or both if there are two."""
    frame = frame_of(call.inputs[which], i, call.target)
    mine = segment(frame, call.target, options.slic)
    others = None
    if target is None and len(call.inputs) == 2:
        # The labels of `mine` are painted last, and the next frame's would overwrite them.
        mine = mine._replace(labels=copied(mine.labels, call.target))
        others = segment(frame_of(call.inputs[1], i, call.target), call.target, options.slic)
    if target is None:
        target = map_of(call, i)
    fill_from(frame, call.target, mine, others, options, target)


def fill_from(
    frame: images.Frames,
    target: runtime.Backend,
    mine: Segments,
    others: Segments | None,
    options: Options,
    saliency: Any,
) -> None:
    """Fill `saliency`, (H * W,), with the contrast of `mine` against `others`, or itself."""
    kernels = runtime.backend_module(__package__, target)
    described = mine.sums, mine.position, mine.color
    against = described if others is None else (others.sums, others.position, others.color)
    values = values_for(mine, target)
    args = (frame.shape, options.sigmas, options.steepness, options.method, values)
    kernels.score(described, against, *args)
    if options.smooth:
        size = options.slic.of(frame.shape)[0]
        source = (flat_pixels(frame, target), frame.channels, is_rgb(frame), white_of(frame))
        labels = label_map(mine, frame.shape, target)
        kernels.average_values(*source, size, described, labels, values, saliency)
    else:
        kernels.paint_values(mine.labels, values, saliency)


def values_for(segments: Segments, target: runtime.Backend) -> Any:
    """Return a work array of a value for each superpixel."""
    shape = (segments.sums.shape[0],)
    if target == "cpu":
        return np.empty(shape, np.float32)
    return devices.workspace("contrast values", shape, np.float32)


def frame_of(frames: images.Frames, i: int, target: runtime.Backend) -> images.Frames:
    """Return frame `i` of a stack, or the only one."""
    return frames._replace(pixels=frames.pixels[i : i + 1], shape=frames.shape[-2:])


def map_of(call: Call, i: int) -> Any:
    """Return the map of frame `i`, (H * W,)."""
    return call.saliency[i]


def copied(array: Any, target: runtime.Backend) -> Any:
    """Return a copy of an array on the backend."""
    if isinstance(array, tuple):  # the pieces of fast mode
        return array._replace(codes=array.codes.copy())
    if target == "cpu":
        return array.copy()
    held = devices.workspace("superpixel labels kept", array.shape, array.dtype)
    devices.send(array, held)
    return held


def spare_maps(call: Call) -> tuple[Any, Any]:
    """Return two float32 maps of one frame on the backend."""
    shape = (call.saliency.shape[1],)
    if call.target == "cpu":
        return np.empty(shape, np.float32), np.empty(shape, np.float32)
    first, second = (devices.workspace(f"contrast map {k}", shape, np.float32) for k in range(2))
    return first, second


def empty_map(call: Call) -> Any:
    """Return a new float32 map of one frame on the backend, for a stream to keep."""
    shape, pixels = (call.saliency.shape[1],), call.inputs[0].pixels
    if call.target == "cpu":
        return np.empty(shape, np.float32)
    return devices.empty(shape, np.float32, like=pixels)


def clear_map(call: Call) -> None:
    """Fill the map of the only frame with zeros."""
    runtime.backend_module(__package__, call.target).clear(map_of(call, 0))


def fill_change(call: Call, i: int, maps: tuple[Any, Any], signed: bool) -> None:
    """Fill the map of frame `i` with the first of two maps less the second."""
    kernels = runtime.backend_module(__package__, call.target)
    kernels.fill_change(*maps, bool(signed), map_of(call, i))


def check_out(out: Any, signed: bool) -> None:
    """Raise ImageError if `out` cannot hold signed values."""
    if signed and out is not None and "uint8" in str(getattr(out, "dtype", "")):
        raise ImageError("`out` must be float32 if signed=True; got uint8, which has no negatives")
