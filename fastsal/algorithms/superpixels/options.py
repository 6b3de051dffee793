"""Options of `slic`, checked."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, get_args

from ... import validation
from ._grid import least_area

_STIFFEST = 1e20  # beyond it distances leave float32
_MOST_ITERATIONS = 1 << 30
_FAST_STIFFEST = 16.0  # beyond it the distances of fast mode leave int32
_FAST_WIDEST = 1 << 13  # beyond it sums over 16 rows of a tile leave int32
_FAST_FROM = 1920 * 1080  # pixels; "auto" is fast above
EXACT_ITERATIONS, FAST_ITERATIONS = 100, 10

Mode = Literal["exact", "fast"]
Choice = Literal["auto", "exact", "fast"]


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
        size, stiffness = self.of(shape)[:2]
        return round(8 * 255 * math.sqrt(min(stiffness, _FAST_STIFFEST)) / size * (1 << 16))

    def of(self, shape: tuple[int, ...]) -> tuple[int, float, int, int]:
        """Return them as kernels take them for an image of `shape`."""
        longest = max(shape)  # what is larger makes one region too, and must not overflow
        return min(self.region_size, longest), *self[1:3], min(self.min_region_size, 1 << 30)


def fast_iterations(region_size: int) -> int:
    """Return the iterations after which more change boundary recall by less than 0.01."""
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
    """Return the options of `slic`, or raise ValueError naming the one out of range."""
    size = validation.integer("region_size", region_size, 1)
    stiffness = validation.number("regularizer", regularizer, 0, _STIFFEST)
    validation.choice(name, mode, get_args(Mode if name == "mode" else Choice))
    if max_iter is None:
        max_iter = fast_iterations(size) if mode == "fast" else EXACT_ITERATIONS
    rounds = min(validation.integer("max_iter", max_iter, 1), _MOST_ITERATIONS)
    if mode == "fast" and size > _FAST_WIDEST:
        raise ValueError(
            f"`region_size` must be at most {_FAST_WIDEST} in fast mode; got {size}; "
            f'use {name}="exact"'
        )
    if min_region_size is None:
        least = least_area(size)
    else:
        least = validation.integer("min_region_size", min_region_size, 0)
    return Options(size, stiffness, rounds, least, mode)
