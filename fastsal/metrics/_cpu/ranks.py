"""How many pixels of a map lie below a few values, and at them: exact, without a sort.

The range of the values is cut into buckets. Most pixels fall into buckets that hold none of the
values, where a count is enough. The others are compared with the values of their bucket. The
bucket is a monotonic function of the pixel, so rounding cannot change a count.
"""

from typing import Any

import numpy as np
from numba import float64, int32, prange
from numpy.typing import NDArray

from ...kernels import launch, threads
from ...kernels.jit import parallel, serial

LEVELS = 256
MIN_BUCKETS = 1 << 12
BUCKETS_PER_VALUE = 16
_CHUNK = 1 << 10  # pixels per batch of buckets, for vector units
_EXTRA = 3  # counts beside those of the buckets: below all, above all, NaN


def count_levels(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many pixels of 8 bits have each level."""
    bands = _bands_for(pixels.size)
    counts = np.zeros((bands, 4, LEVELS), np.int64)
    if bands == 1:
        _levels_span(pixels, counts[0])
    else:
        with threads.safe_section():
            _levels_bands(pixels, counts, bands)
    return counts.sum((0, 1))


def ranks(
    pixels: NDArray[Any], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return per value, float64, sorted, unique, how many pixels are below it and equal to it.

    The third result is the number of pixels that are NaN, which are neither.
    """
    buckets = max(MIN_BUCKETS, BUCKETS_PER_VALUE * values.size)
    scale = _scale(values, buckets)
    if scale is None:
        return _ranks_by_sort(pixels, values)
    low = values[0]
    place = ((values - low) * scale + 1.0).astype(np.int64)  # as `_fill_buckets` does
    first = np.full(buckets + _EXTRA, -1, np.int32)
    first[place[::-1]] = np.arange(values.size, dtype=np.int32)[::-1]
    bands = _bands_for(pixels.size)
    counts = np.zeros((bands, first.size), np.uint32)
    between = np.zeros((bands, values.size + 1), np.int64)
    equal = np.zeros((bands, values.size), np.int64)
    args = (pixels, values, low, scale, first, counts, between, equal)
    if bands == 1:
        _ranks_span(pixels, values, low, scale, first, counts[0], between[0], equal[0])
    else:
        with threads.safe_section():
            _ranks_bands(*args, bands)
    counts, between, equal = counts.sum(0, np.int64), between.sum(0), equal.sum(0)
    below = np.cumsum(counts)[place - 1] + np.cumsum(between[:-1]) + np.cumsum(equal) - equal
    return below, equal, int(counts[-1])


def _bands_for(size):
    return 1 if size < launch.PARALLEL_FROM else threads.count()


def _scale(values, buckets):
    """Return the number of buckets per unit, or None where that is no finite number."""
    low, high = float(values[0]), float(values[-1])
    length = high - low if high > low else abs(low) or 1.0
    scale = (buckets - 1) / length if length > 0 else np.inf
    return scale if 0 < scale < np.inf and np.isfinite(low) and np.isfinite(high) else None


def _ranks_by_sort(pixels, values):
    """Return the same by sorting: for values that are infinite, or of a range near 0 or beyond."""
    ordered = np.sort(pixels)
    missing = int(np.isnan(ordered).sum())  # they are last
    below = np.searchsorted(ordered, values, "left")
    return below, np.searchsorted(ordered, values, "right") - below, missing


@serial
def _levels_span(pixels, counts):
    # Four tables, since a count waits for the last one of its level.
    whole = pixels.size - pixels.size % 4
    for i in range(0, whole, 4):
        counts[0, pixels[i]] += 1
        counts[1, pixels[i + 1]] += 1
        counts[2, pixels[i + 2]] += 1
        counts[3, pixels[i + 3]] += 1
    for i in range(whole, pixels.size):
        counts[0, pixels[i]] += 1


@serial
def _fill_buckets(pixels, low, scale, top, buckets):
    """Fill `buckets`: 0 below all, 1 and up inside, `top` above all, `top + 1` for NaN."""
    limit = float64(top)
    for i in range(buckets.size):
        place = (float64(pixels[i]) - low) * scale + 1.0
        inside = place if place > 0.0 else 0.0
        inside = inside if inside < limit else limit
        buckets[i] = int32(inside if place == place else limit + 1.0)


@serial
def _ranks_span(pixels, values, low, scale, first, counts, between, equal):
    buckets = np.empty(_CHUNK, np.int32)
    top = first.size - 2
    for start in range(0, pixels.size, _CHUNK):
        part = pixels[start : min(start + _CHUNK, pixels.size)]
        its_buckets = buckets[: part.size]
        _fill_buckets(part, low, scale, top, its_buckets)
        for i in range(its_buckets.size):
            bucket = its_buckets[i]
            k = first[bucket]
            if k < 0:
                counts[bucket] += 1
                continue
            pixel = float64(part[i])
            while k < values.size and values[k] < pixel:
                k += 1
            if k < values.size and values[k] == pixel:
                equal[k] += 1
            else:
                between[k] += 1


@parallel
def _levels_bands(pixels, counts, bands):
    for band in prange(bands):
        start, stop = band * pixels.size // bands, (band + 1) * pixels.size // bands
        _levels_span(pixels[start:stop], counts[band])


@parallel
def _ranks_bands(pixels, values, low, scale, first, counts, between, equal, bands):
    for band in prange(bands):
        start, stop = band * pixels.size // bands, (band + 1) * pixels.size // bands
        part = pixels[start:stop]
        _ranks_span(part, values, low, scale, first, counts[band], between[band], equal[band])
