"""The formulas of binary maps, for both backends. Scalars only."""

import numpy as np
from numba import float32, float64, int32, int64

from ...kernels.jit import serial

_EPSILON = 2.0**-23
_LOW_BITS = 26
_ROUNDER = float32(1 << 23)  # float32 has no bits below 1 from here on


@serial
def bits_of(value):
    """Return a float32 as the integer of the same bits."""
    return np.float32(value).view(np.int32)


@serial
def value_of(bits):
    """Return the float32 of the same bits."""
    return np.int32(bits).view(np.float32)


@serial
def clipped(fraction):
    """Return a value limited to [0, 1]; NaN gives 0."""
    return min(max(float32(0), float32(fraction)), float32(1))


@serial
def level_of(scaled):
    """Return 255 * value, already rounded to float32, as a grey level from 0 to 255."""
    return int32(float32(min(max(float32(0), scaled), float32(255)) + _ROUNDER) - _ROUNDER)


@serial
def fixed(fraction):
    """Return a value in units of 2**-52: sums of these integers do not depend on their order.

    They are the last bits of 1 + value, so no conversion is needed that CPUs cannot vectorise.
    """
    return np.float64(float64(1) + float64(fraction)).view(np.int64) - (int64(1023) << 52)


@serial
def twice_the_mean(high, low, count):
    """Return the greatest float32 up to 2/count of a sum of `fixed`, high * 2**26 + low."""
    high, low = high + (low >> _LOW_BITS), low & ((int64(1) << _LOW_BITS) - 1)
    rest = ((2 * high % count) << _LOW_BITS) + 2 * low
    exact = float64(((2 * high // count) << _LOW_BITS) + rest // count) * 2.0**-52
    rounded = float32(exact)
    bound = float32(rounded * (1 - 2.0**-24)) if float64(rounded) > exact else rounded
    return max(bound, float32(2.0**-53))  # smaller values count as 0 in the sum, so here too


# From here on, products that are added to something are arguments. Each backend keeps a product
# from being fused with the sum in its own way.


@serial
def can_split(below):
    """Return whether Otsu's threshold may divide the values here: some below, some above."""
    above = 1.0 - below
    return min(below, above) >= _EPSILON and max(below, above) <= 1.0 - _EPSILON


@serial
def mean_below(below, moment, part):
    """Return the mean of the levels below, from that of one level less and this level's part."""
    return (moment + part) / below if can_split(below) else moment


@serial
def between_class_variance(below, mean_of_below, moment, mean):
    """Return Otsu's between-class variance (Otsu 1979); `moment` is below * its mean."""
    if not can_split(below):
        return -1.0
    above = 1.0 - below
    difference = mean_of_below - (mean - moment) / above
    return below * above * difference * difference


@serial
def start_of(offset, low):
    """Return where a centre starts: `offset`, -1 to 2 times the range of the values, from `low`."""
    return float32(offset + low)


@serial
def squared(value, centre):
    """Return the squared distance of two float32."""
    difference = float32(value - centre)
    return float32(difference * difference)


@serial
def nearest(value, a, b, c, d, e):
    """Return the nearest of five centres, the first of equals: k-means' assignment step."""
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
    difference = float64(float32(centre - old))
    return difference * difference > 0.2 * 0.2
