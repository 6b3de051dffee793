"""Maps with their moments: sums are taken once and shared by the metrics of distributions."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import images
from ._cpu import moments as kernels
from ._cpu import ranks
from ._cpu.blocks import BLOCK, float_of_key
from .inputs import Map, as_map, check_finite, resized

# Sums of squares within these have not left the range of float64 on the way.
LEAST_SQUARES, MOST_SQUARES = 1e-200, 1e200
_LEAST_PEAK, _MOST_PEAK = 1e-100, 1e100
_CLOSE = 1e-3  # with which a difference loses ten bits


class Moments(NamedTuple):
    """Mean of a map, and sum of squares about it."""

    mean: float
    squares: float


class Range(NamedTuple):
    """Mean, minimum and maximum of a map."""

    mean: float
    low: float
    high: float


class Measured:
    """A checked map, with its mean, sum of squares and range."""

    def __init__(self, values: Map, name: str, levels: NDArray[np.int64] | None = None) -> None:
        self.name = name
        self.values = values
        self._levels = levels  # pixels of each level, if a map of 8 bits has been counted
        self._converted: dict[np.dtype[Any], NDArray[Any]] = {}

    @classmethod
    def of(cls, value: ArrayLike, name: str) -> Measured:
        """Return a map that was passed as argument `name`."""
        return cls(as_map(value, name), name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.values.shape

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.values.size

    @cached_property
    def moments(self) -> Moments:
        """The moments. A map with NaN or infinities is refused."""
        if self.values.dtype == np.uint8:
            return _moments_of_levels(self._counts)
        table = np.empty((kernels.count_of_blocks(self.size), 2))
        kernels.fill_moments(self.values.reshape(-1), table)
        with np.errstate(all="ignore"):  # the next check finds overflow
            mean, apart, sizes = joined_means(table[:, 0], self.size)
            squares = float(table[:, 1].sum() + (sizes * apart * apart).sum())
        if not math.isfinite(squares):
            check_finite(self.values, self.name)
        return Moments(mean, squares)

    @cached_property
    def plain_sum(self) -> float | None:
        """The sum of a map that is a density except for its scale, else None.

        It has no minus sign, and its sum and mean are not 0, huge or tiny. Other maps are shifted
        or scaled first, by their range.
        """
        if self.values.dtype == np.uint8:
            total, is_signed = self.moments.mean * self.size, False
        else:
            sums = np.empty(kernels.count_of_blocks(self.size))
            unions = np.empty(len(sums), np.int64)
            kernels.fill_sums(self.values.reshape(-1), sums, unions)
            with np.errstate(all="ignore"):
                total, is_signed = float(sums.sum()), bool((unions < 0).any())
        if not is_signed and _LEAST_PEAK < total / self.size <= total < _MOST_PEAK:
            return total
        return None

    @cached_property
    def range(self) -> Range:
        """The range. A map with NaN or infinities is refused."""
        if self.values.dtype == np.uint8:
            present = np.flatnonzero(self._counts)
            return Range(self.moments.mean, float(present[0]), float(present[-1]))
        means = np.empty(kernels.count_of_blocks(self.size))
        keys = np.empty((len(means), 2), np.int64)
        kernels.fill_ranges(self.values.reshape(-1), means, keys)
        with np.errstate(all="ignore"):
            mean = joined_means(means, self.size)[0]
        if not math.isfinite(mean):
            check_finite(self.values, self.name)
        ends = int(keys[:, 0].min()), int(keys[:, 1].max())
        return Range(mean, *(float_of_key(key, self.values.dtype) for key in ends))

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        if self._levels is None:
            return ranks.count_levels(self.values.reshape(-1))
        return self._levels

    def pixels_as(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the pixels as floats of a width; a conversion is kept."""
        if self.values.dtype == dtype:
            return self.values.reshape(-1)
        if dtype not in self._converted:
            self._converted[dtype] = images.read_only(self.values.reshape(-1).astype(dtype))
        return self._converted[dtype]

    @property
    def is_constant(self) -> bool:
        """Whether all values are one."""
        return self.range.low == self.range.high

    def of_usual_squares(self) -> Measured | None:
        """Return the map, scaled to [0, 1] if its squares are too large or too small for float64.

        For metrics that do not depend on the scale. None stands for a constant map.
        """
        if LEAST_SQUARES < self.moments.squares < MOST_SQUARES:
            return self
        _, low, high = self.range
        if low == high:
            return None
        half = 0.5 if math.isinf(high - low) else 1.0
        values = self.values.astype(np.float64) * half
        return self._with((values - low * half) / (high * half - low * half))

    def of_usual_peak(self) -> Measured:
        """Return the map, divided by its greatest magnitude if that is huge or tiny."""
        _, low, high = self.range
        peak = max(abs(low), abs(high))
        if peak == 0 or _LEAST_PEAK < peak < _MOST_PEAK:
            return self
        return self._with(self.values.astype(np.float64) / peak)

    def from_zero(self, *, always: bool = False) -> Measured:
        """Return the map, shifted to 0 if its mean is close to its minimum.

        Then the sum of the shifted map cannot be had from the mean. A map without negative values
        is not shifted unless `always`.
        """
        mean, low, high = self.range
        is_close = mean - low < _CLOSE * max(abs(low), abs(high))
        if self.is_constant or not is_close or low == 0 or not (always or low < 0):
            return self
        return self._with(self.values.astype(np.float64) - low)

    def resized_to(self, shape: tuple[int, ...]) -> Measured:
        """Return the map in another shape."""
        if shape == self.shape:
            return self
        check_finite(self.values, self.name)
        return Measured(resized(self.values, shape), self.name)

    def _with(self, values: NDArray[np.float64]) -> Measured:
        return Measured(images.read_only(values), self.name)


def in_one_dtype(first: Measured, second: Measured) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the pixels of two maps as floats of one width."""
    dtype = np.result_type(first.values, second.values, np.float32)
    return first.pixels_as(dtype), second.pixels_as(dtype)


def comoments(first: Measured, second: Measured) -> tuple[float, float, float]:
    """Return the sums of squares of two maps about their means, and that of the products."""
    table = np.empty((kernels.count_of_blocks(first.size), 5))
    kernels.fill_comoments(*in_one_dtype(first, second), table)
    with np.errstate(all="ignore"):  # the caller handles overflow
        _, a, sizes = joined_means(table[:, 0], first.size)
        _, b, _ = joined_means(table[:, 1], first.size)
        between = np.stack([a * a, b * b, a * b], axis=1) * sizes[:, None]
        aa, bb, ab = (table[:, 2:] + between).sum(0)
    return float(aa), float(bb), float(ab)


def joined_means(
    means: NDArray[np.float64], size: int
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of all blocks, how far the mean of each is from it, and their sizes."""
    sizes = np.full(len(means), float(BLOCK))
    sizes[-1] = size - BLOCK * (len(means) - 1)
    apart = means - means[0]  # so that blocks of one value have exactly that mean
    offset = float((sizes * apart).sum() / size)
    return float(means[0] + offset), apart - offset, sizes


def _moments_of_levels(counts: NDArray[np.int64]) -> Moments:
    """Return the moments of a map of 8 bits: integers until the last division."""
    levels = np.arange(counts.size)
    count, total = int(counts.sum()), int((counts * levels).sum())
    squares = count * int((counts * levels * levels).sum()) - total * total
    return Moments(total / count, squares / count)
