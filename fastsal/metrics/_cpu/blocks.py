"""Sums over one block of a map."""

from typing import Any

import numpy as np
from numba import float64

from ...kernels.jit import serial, summing

BLOCK = 1 << 12  # pixels that stay in the second-level cache, with those of a second map
_SAMPLES = 8
# Maximum ratio of the squares about a pivot to the sum of squares: they lose this many bits.
_LARGEST_LOSS = 256.0


@serial
def block_of(values, block):
    """Return the pixels of a block."""
    return values[block * BLOCK : min((block + 1) * BLOCK, values.size)]


@serial
def pivot_of(values):
    """Return the mean of the first values: near the mean of all, and exactly it if they are equal.

    These share a cache line. Values from all over the block would be waited for.
    """
    if values.size < _SAMPLES:
        return float64(values[0])
    total = 0.0
    for k in range(_SAMPLES):
        total += float64(values[k])
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


@summing
def sum_of(values):
    """Return the sum."""
    total = 0.0
    for i in range(values.size):
        total += float64(values[i])
    return total


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
def union_of(bits):
    """Return all bits that are set in any of the values; integers fill vector registers."""
    found = bits[0]
    for i in range(bits.size):
        found |= bits[i]
    return found


@serial
def range_of_bits(bits):
    """Return the minimum and maximum key of floats by their bits; see `float_of_key`.

    Keys are integers in the order of the floats, NaN at the ends. Unlike a minimum of floats, that
    of integers fills vector registers.
    """
    shift = 8 * bits.itemsize - 1
    rest = (1 << shift) - 1
    low, high = rest, -rest - 1
    for i in range(bits.size):
        key = bits[i] ^ ((bits[i] >> shift) & rest)
        low, high = min(low, key), max(high, key)
    return low, high


def float_of_key(key: int, dtype: np.dtype[Any]) -> float:
    """Return the float of a key."""
    rest = (1 << (8 * dtype.itemsize - 1)) - 1
    bits = np.array(key ^ rest if key < 0 else key, f"i{dtype.itemsize}")
    return float(bits.view(dtype))
