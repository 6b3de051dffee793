"""Options of `slic`, checked; the grid of regions; and an image as kernels take it."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ... import images, validation

PACKAGE = __package__ or ""  # of the kernels
FEATURES = 5  # of a centre: row, column and three channels
SUMS = 6  # of a region: pixels, rows, columns and three channels
STEP = 2  # fast mode takes every second row in all iterations except the last
EXACT_ITERATIONS, FAST_ITERATIONS = 100, 10

_MAX_REGULARIZER = 1e20  # larger distances overflow float32
_MAX_ITERATIONS = 1 << 30
_FAST_MAX_REGULARIZER = 16.0  # larger distances of fast mode overflow int32
_FAST_MAX_SIZE = 1 << 13  # larger sums over 16 rows of a tile overflow int32
_FAST_FROM = 1920 * 1080  # pixels; "auto" is fast above

Mode = Literal["exact", "fast"]
Choice = Literal["auto", "exact", "fast"]


def grid_shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """Return how many rows and columns of regions vl_slic lays over an image of `shape`."""
    return -(-shape[0] // size), -(-shape[1] // size)


def source_of(frames: images.Frames) -> tuple[Any, int, bool]:
    """Return one image as kernels take it: pixels (H * W * channels,), channels, whether RGB."""
    return frames.pixels.reshape(frames.pixels.size), frames.channels, frames.is_rgb


def units_of(frames: images.Frames) -> int:
    """Return the units of a sum of channels that white has."""
    return 1 << 24 if frames.pixels.dtype == np.float32 else frames.white


class Options(NamedTuple):
    """Options of `slic`, checked."""

    region_size: int
    regularizer: float
    max_iter: int
    min_region_size: int
    mode: Choice = "exact"

    def is_fast(self, shape: tuple[int, ...]) -> bool:
        """Return whether an image of `shape` is segmented in fast mode."""
        return self.mode == "fast" or (self.mode == "auto" and math.prod(shape) > _FAST_FROM)

    def scale(self, shape: tuple[int, ...]) -> int:
        """Return the weight of a pixel of distance in fast mode, in units of 2**-16."""
        size, regularizer = self.of(shape)[:2]
        return round(
            8 * 255 * math.sqrt(min(regularizer, _FAST_MAX_REGULARIZER)) / size * (1 << 16)
        )

    def of(self, shape: tuple[int, ...]) -> tuple[int, float, int, int]:
        """Return them for an image of `shape`: size, regularizer, minimum size, iterations."""
        size = min(self.region_size, max(shape))  # a larger one also gives one region; no overflow
        return size, self.regularizer, min(self.min_region_size, 1 << 30), self.max_iter


def fast_iterations(region_size: int) -> int:
    """Return a number of iterations; more change boundary recall by less than 0.01."""
    return max(FAST_ITERATIONS, min(2 * region_size - 10, EXACT_ITERATIONS))


def checked_options(
    region_size: int,
    regularizer: float,
    max_iter: int | None,
    min_region_size: int | None,
    mode: Choice = "exact",
    *,
    name: str = "mode",
) -> Options:
    """Return the options of `slic`, or raise ValueError that names the one out of range."""
    size = validation.integer("region_size", region_size, 1)
    weight = validation.number("regularizer", regularizer, 0, _MAX_REGULARIZER)
    validation.choice(name, mode, get_args(Mode if name == "mode" else Choice))
    if max_iter is None:
        max_iter = fast_iterations(size) if mode == "fast" else EXACT_ITERATIONS
    iterations = min(validation.integer("max_iter", max_iter, 1), _MAX_ITERATIONS)
    if mode == "fast" and size > _FAST_MAX_SIZE:
        raise ValueError(
            f"`region_size` must be at most {_FAST_MAX_SIZE} in fast mode; got {size}; "
            f'use {name}="exact"'
        )
    if min_region_size is None:
        min_size = max(1, size * size // 36)  # as vl_slic's command
    else:
        min_size = validation.integer("min_region_size", min_region_size, 0)
    return Options(size, weight, iterations, min_size, mode)
