"""Options of `slic`, checked."""

from __future__ import annotations

from typing import NamedTuple

from ... import validation
from ._grid import least_area

_STIFFEST = 1e20  # beyond it distances leave float32
_MOST_ITERATIONS = 1 << 30


class Options(NamedTuple):
    """Options of `slic`, checked."""

    region_size: int
    regularizer: float
    max_iter: int
    min_region_size: int

    def of(self, shape: tuple[int, ...]) -> tuple[int, float, int, int]:
        """Return them as kernels take them for an image of `shape`."""
        longest = max(shape)  # what is larger makes one region too, and must not overflow
        return min(self.region_size, longest), *self[1:3], min(self.min_region_size, 1 << 30)


def checked_options(
    region_size: int, regularizer: float, max_iter: int, min_region_size: int | None
) -> Options:
    """Return the options of `slic`, or raise ValueError naming the one out of range."""
    size = validation.integer("region_size", region_size, 1)
    stiffness = validation.number("regularizer", regularizer, 0, _STIFFEST)
    rounds = min(validation.integer("max_iter", max_iter, 1), _MOST_ITERATIONS)
    if min_region_size is None:
        least = least_area(size)
    else:
        least = validation.integer("min_region_size", min_region_size, 0)
    return Options(size, stiffness, rounds, least)
