"""The formulas of binary maps, for both twins. Scalars only."""

import numpy as np
from numba import float32, float64, int32, int64

from ...kernels.jit import serial

_EPSILON = 2.0**-23
_LEAST_GAP, _GREATEST = float32(2.0**-60), float32(2.0**60)  # squares of these are no trouble
_LOW_BITS = 26
_ROUNDER = float32(1 << 23)  # float32 has no bits below 1 from here on


@serial
def share_of(value, itemsize):
    """Return a value of a map as a share of 1: bytes are 255ths."""
    return float32(float32(value) * float32(1 / 255)) if itemsize == 1 else float32(value)


@serial
def level_of(scaled):
    """Return 255 * share, as it comes rounded to float32, as a level of grey: 0 to 255."""
    return int32(float32(min(max(float32(0), scaled), float32(255)) + _ROUNDER) - _ROUNDER)


@serial
def fixed(share):
    """Return a share in units of 2**-52: whole numbers, whose sum does not depend on their order.

    They are the last bits of 1 + share, and take no conversion that a CPU has no vectors for.
    """
    return np.float64(float64(1) + float64(share)).view(np.int64) - (int64(1023) << 52)


@serial
def twice_the_mean(high, low, count):
    """Return the greatest float32 up to 2/count of a sum of `fixed`, high * 2**26 + low."""
    high, low = high + (low >> _LOW_BITS), low & ((int64(1) << _LOW_BITS) - 1)
    rest = ((2 * high % count) << _LOW_BITS) + 2 * low
    exact = float64(((2 * high // count) << _LOW_BITS) + rest // count) * 2.0**-52
    rounded = float32(exact)
    return float32(rounded * (1 - 2.0**-24)) if float64(rounded) > exact else rounded


@serial
def split(level, count, total, mean, below, mean_below):
    """Return one step of Otsu's search: share and mean of the levels so far, and their spread.

    The spread is that between the two sides, or -1 if one of them is empty.
    """
    share = float64(count) * (1.0 / float64(total))
    mean_below *= below
    below += share
    above = 1.0 - below
    if min(below, above) < _EPSILON or max(below, above) > 1.0 - _EPSILON:
        return below, mean_below, -1.0
    mean_below = (mean_below + level * share) / below
    gap = mean_below - (mean - below * mean_below) / above
    return below, mean_below, below * above * gap * gap


@serial
def start_of(share, low, high):
    """Return where a centre starts: at a share of the range of the values, -1 to 2."""
    return float32(float32(share * float32(high - low)) + low)


@serial
def squared(value, centre):
    """Return the squared distance of two float32."""
    gap = float32(value - centre)
    return float32(gap * gap)


@serial
def nearest(value, a, b, c, d, e):
    """Return which of five centres is nearest, the first of equals."""
    best, label = squared(value, a), int32(0)
    distance = squared(value, b)
    label = int32(1) if distance < best else label
    best = min(best, distance)
    distance = squared(value, c)
    label = int32(2) if distance < best else label
    best = min(best, distance)
    distance = squared(value, d)
    label = int32(3) if distance < best else label
    best = min(best, distance)
    return int32(4) if squared(value, e) < best else label


@serial
def mean_of(total, count):
    """Return the mean of `count` values as OpenCV: by a reciprocal in float32."""
    return float32(float32(total) * float32(float32(1) / float32(count)))


@serial
def moved_far(centre, old):
    """Return whether a centre moved more than 0.2, so that k-means goes on."""
    gap = float64(float32(centre - old))
    return gap * gap > 0.2 * 0.2


@serial
def edge_between(low, high, low_wins):
    """Return the greatest float32 that is nearer to `low` than to `high`, two centres.

    If `low_wins`, being as near is enough. Between them the distances grow and shrink evenly
    enough, rounded as they are, for one edge to tell all values apart.
    """
    inside, outside = low, high
    while True:
        middle = float32(inside + (outside - inside) * float32(0.5))
        if middle <= inside or middle >= outside:
            return inside
        one, other = squared(middle, low), squared(middle, high)
        if one < other or (low_wins and one == other):
            inside = middle
        else:
            outside = middle


@serial
def stays_nearer(near, far, end):
    """Return whether all values from `near` to `end`, away from `far`, are nearer to `near`.

    In float32 the two distances might be rounded to one. They are not if the gap shows in the
    longest of them, or if all differences are exact, being of numbers less than twice each other.
    """
    gap, longest = abs(far - near), abs(end - near)
    size = max(abs(near), max(abs(far), abs(end)))
    if not (gap > _LEAST_GAP and size < _GREATEST):
        return False
    least, most = min(far, end), max(far, end)
    return gap > longest * float32(2.0**-20) or (least > 0 and least * float32(2) >= most)
