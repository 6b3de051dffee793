"""Internal API for methods built on superpixels: segment one frame, compute region statistics."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from ... import devices, images, runtime
from ._grid import FEATURES, SUMS, grid_shape
from ._site import DTYPES as DTYPES
from ._site import UNITS, WHITE
from ._site import is_rgb as is_rgb
from .options import FAST_ITERATIONS
from .options import Choice as Choice
from .options import Options as Options
from .options import checked_options as checked_options


class Segments(NamedTuple):
    """The superpixels of one frame, in vl_slic's numbers: entry i is about tile i of the grid.

    Attributes
    ----------
    labels : array of int32, (H, W), or pieces of fast mode
        On the backend; overwritten by the next frame that this thread segments.
    sums : array of int64, (n, 6)
        Pixels, rows, columns and channels; pixels are 0 where the clean-up left none.
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
    frames: images.Frames,
    target: runtime.Backend,
    options: Options,
    last: Segments | None = None,
    spare: Segments | None = None,
) -> Segments:
    """Segment one frame, from where `last` ended if given, into the arrays of `spare` if given."""
    kernels = runtime.backend_module(__package__, target)
    size, stiffness, least, rounds = _arguments(options, frames.shape)
    dtype = frames.pixels.dtype
    white, units = WHITE[dtype], UNITS[dtype]
    source = (flat_pixels(frames, target), frames.channels, is_rgb(frames))
    grid = grid_shape(frames.shape, size)
    if spare is None:
        sums, position, color = _descriptions(math.prod(grid), frames, target)
    else:
        _, sums, position, color, _ = spare
    if options.is_fast(frames.shape):
        centers, pieces = _fast(frames, target, options, source, last, sums)
        kernels.fill_means(sums, frames.channels, 255, position, color)
        return Segments(pieces, sums, position, color, centers)
    labels = _labels(frames.shape, target)
    if last is None:
        centers = _empty((FEATURES, *grid), np.float32, frames, target)
        kernels.place_centers(*source, white, size, frames.shape, centers)
    else:
        centers = last.centers
    kernels.slic(*source, white, size, stiffness, least, rounds, centers, labels)
    kernels.sum_regions(*source, labels, sums)
    kernels.fill_means(sums, frames.channels, units, position, color)
    kernels.move_centers(sums, units, size, True, centers)
    return Segments(labels, sums, position, color, centers)


def _fast(
    frames: images.Frames, target: runtime.Backend, options: Options, source: tuple[Any, ...],
    last: Segments | None, sums: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Segment one frame in fast mode; return its centres and pieces, and fill `sums`."""
    kernels = runtime.backend_module(__package__, target)
    size, _, least, rounds = _arguments(options, frames.shape)
    scale, rounds = options.scale(frames.shape), min(rounds, FAST_ITERATIONS)
    if last is None:
        centers = _empty((FEATURES, *grid_shape(frames.shape, size)), np.int32, frames, target)
        kernels.place_fast(*source, size, scale, frames.shape, centers)
    else:
        centers = last.centers
    pieces = kernels.slic_fast(*source, size, scale, least, rounds, centers, sums, frames.shape)
    return centers, pieces


def label_map(segments: Segments, shape: tuple[int, ...], target: runtime.Backend) -> Any:
    """Return the label of each pixel, int32 (H, W)."""
    if not isinstance(segments.labels, tuple):
        return segments.labels
    labels = _labels(shape, target)
    runtime.backend_module(__package__, target).fill_labels(segments.labels, labels)
    return labels


def white_of(frames: images.Frames) -> int:
    """Return the greatest value that a channel can have."""
    return WHITE[frames.pixels.dtype]


def flat_pixels(frames: images.Frames, target: runtime.Backend) -> Any:
    """Return the pixels of one frame as (H * W * channels,)."""
    pixels = frames.pixels
    if target == "cpu":
        return pixels.reshape(-1)
    return pixels.reshape(pixels.size)


def _arguments(options: Options, shape: tuple[int, ...]) -> tuple[int, float, int, int]:
    size, stiffness, rounds, least = options.of(shape)
    return size, stiffness, least, rounds


def _labels(shape: tuple[int, ...], target: runtime.Backend) -> Any:
    if target == "cuda":
        return devices.workspace("superpixel labels", shape, np.int32)
    from ...kernels.launch import scratch

    return scratch("superpixel labels", shape, np.int32)


def _descriptions(count: int, frames: images.Frames, target: runtime.Backend) -> tuple[Any, ...]:
    """Return new arrays for sums, position and colour of `count` regions."""
    forms = ((SUMS, np.int64), (2, np.float32), (3, np.float32))
    return tuple(_empty((count, width), dtype, frames, target) for width, dtype in forms)


def _empty(
    shape: tuple[int, ...], dtype: DTypeLike, frames: images.Frames, target: runtime.Backend
) -> Any:
    if target == "cpu":
        return np.empty(shape, dtype)
    return devices.empty(shape, dtype, like=frames.pixels)
