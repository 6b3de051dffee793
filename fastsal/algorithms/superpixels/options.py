"""Options of `slic`, checked."""

from __future__ import annotations

import numbers
import operator
from typing import NamedTuple

from ... import images
from ...errors import ImageError
from ._grid import least_area

_STIFFEST = 1e20  # beyond it distances leave float32


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
    size = _counted(region_size, 1, "region_size")
    if not (isinstance(regularizer, numbers.Real) and 0 <= regularizer <= _STIFFEST):
        raise ValueError(f"regularizer must be a number from 0 to 1e20, got {regularizer!r}")
    rounds = _counted(max_iter, 1, "max_iter")
    if min_region_size is None:
        least = least_area(size)
    else:
        least = _counted(min_region_size, 0, "min_region_size")
    return Options(size, float(regularizer), rounds, least)


def single(frames: images.Frames) -> images.Frames:
    """Return `frames` if they are one image, else raise ImageError."""
    if len(frames.shape) != 2:
        raise ImageError(f"expected one image, got a stack of {frames.shape[0]}")
    return frames


def _counted(value: int, least: int, name: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{name} must be an integer from {least} up, got {value!r}")
    return number
