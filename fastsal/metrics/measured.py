"""Maps with their moments: sums are taken once and shared by the metrics of distributions."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import images
from ._cpu import moments as kernels
from ._cpu import ranks
from ._cpu.blocks import BLOCK
from .inputs import Map, as_map, check_finite

# Squares of values beyond these, or sums of them, leave the range of float64.
_HUGE, _TINY = 1e100, 1e-100
_CLOSE = 1e-3  # with which a difference loses ten bits


class Moments(NamedTuple):
    """Mean, sum of squares about it, least and greatest value of a map."""

    mean: float
    squares: float
    low: float
    high: float


class Measured:
    """A checked map: finite, and of a magnitude whose squares are numbers."""

    def __init__(self, values: Map, name: str, levels: NDArray[np.int64] | None = None) -> None:
        self.name = name
        self._values = values
        self._levels = levels  # pixels of each level, if a map of 8 bits has been counted

    @classmethod
    def of(cls, value: ArrayLike, name: str) -> Measured:
        """Return a map that was passed as argument `name`."""
        return cls(as_map(value, name), name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self._values.shape

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self._values.size

    @property
    def values(self) -> Map:
        """The map, divided by its greatest magnitude where that is huge or tiny."""
        _ = self.moments  # which scales it
        return self._values

    @cached_property
    def moments(self) -> Moments:
        """The moments of `values`; a map with NaN or infinities is refused here."""
        if self._values.dtype == np.uint8:
            if self._levels is None:
                self._levels = ranks.count_levels(self._values.reshape(-1))
            return _moments_of_levels(self._levels)
        found = _moments_of(self._values)
        peak = max(abs(found.low), abs(found.high))
        if np.isfinite(found.squares) and (peak == 0 or _TINY < peak < _HUGE):
            return found
        check_finite(self._values, self.name)
        if peak == 0 or _TINY < peak < _HUGE:
            return found
        self._values = images.read_only(self._values.astype(np.float64) / peak)
        return _moments_of(self._values)

    @property
    def is_constant(self) -> bool:
        """Whether all values are one."""
        return self.moments.low == self.moments.high

    def from_zero(self, *, always: bool = False) -> Measured:
        """Return the map itself, or, if its mean is close to its least value, shifted to 0.

        Then the sum of the shifted map cannot be had from the mean. A map without negative values
        is not shifted unless `always`.
        """
        mean, _, low, high = self.moments
        is_close = mean - low < _CLOSE * max(abs(low), abs(high))
        if self.is_constant or not is_close or low == 0 or not (always or low < 0):
            return self
        return Measured(images.read_only(self.values.astype(np.float64) - low), self.name)

    @property
    def flat(self) -> NDArray[Any]:
        """The pixels of `values`, floats."""
        flat = self.values.reshape(-1)
        return images.read_only(flat.astype(np.float32)) if flat.dtype == np.uint8 else flat

    def resized_to(self, shape: tuple[int, ...]) -> Measured:
        """Return the map in another shape."""
        from .inputs import resized

        return self if shape == self.shape else Measured(resized(self.values, shape), self.name)


def in_one_dtype(first: Measured, second: Measured) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the pixels of two maps as floats of one width."""
    a, b = first.flat, second.flat
    if a.dtype == b.dtype:
        return a, b
    return images.read_only(a.astype(np.float64)), images.read_only(b.astype(np.float64))


def _moments_of(values: Map) -> Moments:
    table = np.empty((kernels.count_of_blocks(values.size), 4))
    kernels.fill_moments(values.reshape(-1), table)
    with np.errstate(all="ignore"):  # NaN, infinities and squares beyond the range of float64
        sizes = sizes_of_blocks(values.size)
        mean, apart = mean_of_blocks(table[:, 0], sizes)
        squares = float(table[:, 1].sum() + (sizes * apart * apart).sum())
    low, high = float(table[:, 2].min()), float(table[:, 3].max())
    if low == high:
        return Moments(low, 0.0, low, high)
    return Moments(mean, squares, low, high)


def sizes_of_blocks(size: int) -> NDArray[np.float64]:
    """Return the number of pixels of each block."""
    sizes = np.full(kernels.count_of_blocks(size), float(BLOCK))
    sizes[-1] = size - BLOCK * (len(sizes) - 1)
    return sizes


def mean_of_blocks(
    means: NDArray[np.float64], sizes: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean of all blocks, and how far the mean of each is from it."""
    apart = means - means[0]  # so that blocks of one value have exactly that mean
    offset = float((sizes * apart).sum() / sizes.sum())
    return float(means[0] + offset), apart - offset


def _moments_of_levels(counts: NDArray[np.int64]) -> Moments:
    """Return the moments of a map of 8 bits: integers until the last division."""
    levels = np.arange(counts.size)
    count, total = int(counts.sum()), int((counts * levels).sum())
    squares = count * int((counts * levels * levels).sum()) - total * total
    present = np.flatnonzero(counts)
    return Moments(total / count, squares / count, float(present[0]), float(present[-1]))
