"""What each chunk of values holds, found out once for all that follows."""

import numpy as np
from numba import float32, int32, int64

from ...kernels.jit import banded, serial
from ._formulas import bits_of, value_of

CHUNK = 1 << 9
MARKS = 32  # of a chunk, on either side of the exponent of its greatest value
_TINY = 30  # the exponents below are left alone: there are numbers without a leading bit
_SIGN = int32(-(1 << 31))
_FRACTION = int32((1 << 23) - 1)


@serial
def extent(values):
    """Return the least and the greatest value; NaN is beyond infinity."""
    # As integers in the order of values, which vectorise.
    low, high = int32(~_SIGN), _SIGN
    for i in range(values.size):
        key = _turned(bits_of(values[i]))
        low, high = int32(min(low, key)), int32(max(high, key))
    return value_of(_turned(low)), value_of(_turned(high))


@serial
def extent_within(values, bottom, top):
    """Return the least and the greatest of the values above `bottom` and up to `top`."""
    low, high = int32(~_SIGN), _SIGN
    for i in range(values.size):
        key = _turned(bits_of(values[i]))
        is_inside = (values[i] > bottom) & (values[i] <= top)
        low = int32(min(low, key if is_inside else int32(~_SIGN)))
        high = int32(max(high, key if is_inside else _SIGN))
    if low > high:
        return float32(np.inf), float32(-np.inf)
    return value_of(_turned(low)), value_of(_turned(high))


@serial
def _turned(bits):
    """Return bits of a float32 as an integer in the order of values, or such a one as bits."""
    return int32(bits ^ int32(int32(bits >> int32(31)) & int32(~_SIGN)))


@banded
def describe(values, ranges, marks, zeros, start, stop):
    """Fill with the least and the greatest value of each chunk, its low bits and its zeros.

    Bit i of the marks says that a value may lie half-way between two multiples of the unit that
    sums have whose exponent is i - 32 above the exponent of the greatest value. None lies half-way
    for sums beyond, and all bits are set for sums below the reach of the marks.
    """
    for chunk in range(start, stop):
        part = values[chunk * CHUNK : (chunk + 1) * CHUNK]
        low, high = extent(part)
        ranges[chunk, 0], ranges[chunk, 1] = low, high
        exponent = int32(bits_of(high) >> int32(23))
        marks[chunk] = _marks(part, exponent) if low >= 0 and exponent >= _TINY else int64(-1)
        zeros[chunk] = _zeros(part)


@serial
def whole_range(ranges):
    """Return the least and the greatest value of all chunks."""
    low, high = ranges[0, 0], ranges[0, 1]
    for chunk in range(len(ranges)):
        low, high = min(low, ranges[chunk, 0]), max(high, ranges[chunk, 1])
    return low, high


@serial
def _marks(part, exponent):
    marks, shift = int64(0), int32(24 - 23 - 127 + MARKS - exponent)
    for i in range(part.size):
        bits = bits_of(part[i])
        fraction = int32(int32(bits & _FRACTION) | int32(_FRACTION + 1))
        lowest = int32(bits_of(float32(int32(fraction & int32(-fraction)))) >> int32(23))
        place = int32(int32(lowest + int32(bits >> int32(23))) + shift)
        marks |= int64(1) << int64(max(int32(0), min(int32(63), place)))
    return marks


@serial
def _zeros(part):
    count = int32(0)
    for i in range(part.size):
        count = int32(count + int32(part[i] == float32(0)))
    return count
