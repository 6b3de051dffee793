"""Sums over one block of a map."""

import numpy as np
from numba import float64

from ...kernels.jit import serial, summing

BLOCK = 1 << 11  # pixels that stay in the first-level cache, with those of a second map
LANES = 512
_SAMPLES = 8
# How much larger than a sum of squares the squares about a pivot may be: they lose so much.
_LARGEST_LOSS = 256.0


@serial
def block_of(values, block):
    """Return the pixels of a block."""
    return values[block * BLOCK : min((block + 1) * BLOCK, values.size)]


@serial
def pivot_of(values):
    """Return a value near the mean, which equal values have exactly."""
    total, step = 0.0, values.size // _SAMPLES
    for k in range(_SAMPLES):
        total += float64(values[k * step])
    return total / _SAMPLES


@serial
def mean_and_squares(values):
    """Return the mean, and the sum of the squared differences from it."""
    pivot = pivot_of(values)
    total, squares = _differences(values, pivot)
    mean = pivot + total / values.size
    about_mean = squares - total * total / values.size
    if squares > _LARGEST_LOSS * about_mean:
        total, squares = _differences(values, mean)
        about_mean = squares - total * total / values.size
    return mean, about_mean


@summing
def _differences(values, pivot):
    total, squares = 0.0, 0.0
    for i in range(values.size):
        difference = float64(values[i]) - pivot
        total += difference
        squares += difference * difference
    return total, squares


@serial
def means_and_products(first, second):
    """Return both means, both sums of squared differences, and the sum of their products."""
    a, b = pivot_of(first), pivot_of(second)
    sum_a, sum_b, aa, bb, ab = _products(first, a, second, b)
    count = first.size
    mean_a, mean_b = a + sum_a / count, b + sum_b / count
    about_a, about_b = aa - sum_a * sum_a / count, bb - sum_b * sum_b / count
    if aa > _LARGEST_LOSS * about_a or bb > _LARGEST_LOSS * about_b:
        sum_a, sum_b, aa, bb, ab = _products(first, mean_a, second, mean_b)
        about_a, about_b = aa - sum_a * sum_a / count, bb - sum_b * sum_b / count
    return mean_a, mean_b, about_a, about_b, ab - sum_a * sum_b / count


@summing
def _products(first, first_pivot, second, second_pivot):
    sum_a, sum_b, aa, bb, ab = 0.0, 0.0, 0.0, 0.0, 0.0
    other = second[: first.size]
    for i in range(first.size):
        a, b = float64(first[i]) - first_pivot, float64(other[i]) - second_pivot
        sum_a += a
        sum_b += b
        aa += a * a
        bb += b * b
        ab += a * b
    return sum_a, sum_b, aa, bb, ab


@summing
def sum_of_minima(first, second, form):
    """Return the sum of the smaller of two densities, (shift, scale) of each in `form`."""
    first_shift, first_scale, second_shift, second_scale = form
    total = 0.0
    other = second[: first.size]
    for i in range(first.size):
        a = (float64(first[i]) - first_shift) * first_scale
        b = (float64(other[i]) - second_shift) * second_scale
        total += a if a < b else b
    return total


@serial
def range_of(values):
    """Return the least and the greatest value; NaN is passed over."""
    lows, highs = np.empty(LANES, values.dtype), np.empty(LANES, values.dtype)
    for lane in range(LANES):
        lows[lane], highs[lane] = np.inf, -np.inf
    whole = values.size - values.size % LANES
    for start in range(0, whole, LANES):
        _widen(values[start : start + LANES], lows, highs)
    rest = values[whole:]
    _widen(rest, lows[: rest.size], highs[: rest.size])
    low, high = lows[0], highs[0]
    for lane in range(1, LANES):
        low, high = min(low, lows[lane]), max(high, highs[lane])
    return float64(low), float64(high)


@serial
def _widen(values, lows, highs):
    """Extend ranges, one per lane; as a single range, they would not fill vector registers."""
    upper = highs[: lows.size]
    line = values[: lows.size]
    for lane in range(lows.size):
        value = line[lane]
        lows[lane] = value if value < lows[lane] else lows[lane]
        upper[lane] = value if value > upper[lane] else upper[lane]
