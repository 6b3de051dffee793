"""Assignment step of k-means: summaries of chunks of values, and the interval of each centre.

Along one axis every centre has an interval, so four edges replace five distances. The edges are
exact: the label is that of the nearest centre in float32.
"""

import numpy as np
from numba import float32, int32, int64

from ...kernels.jit import banded, serial
from ._draws import CLUSTERS
from ._formulas import bits_of, squared, value_of

CHUNK = 1 << 9
MARKS = 32  # of a chunk, on either side of the exponent of its greatest value
_TINY = 30  # the exponents below are left alone: there are numbers without a leading bit
_SIGN = int32(-(1 << 31))
_FRACTION = int32((1 << 23) - 1)


@serial
def extent(values):
    """Return the minimum and the maximum; NaN is beyond infinity."""
    # As integers in the order of values, which vectorise.
    low, high = int32(~_SIGN), _SIGN
    for i in range(values.size):
        key = _sort_key(bits_of(values[i]))
        low, high = int32(min(low, key)), int32(max(high, key))
    return value_of(_sort_key(low)), value_of(_sort_key(high))


@serial
def extent_within(values, bottom, top):
    """Return the minimum and the maximum of the values above `bottom` and up to `top`."""
    low, high = int32(~_SIGN), _SIGN
    for i in range(values.size):
        key = _sort_key(bits_of(values[i]))
        is_inside = (values[i] > bottom) & (values[i] <= top)
        low = int32(min(low, key if is_inside else int32(~_SIGN)))
        high = int32(max(high, key if is_inside else _SIGN))
    if low > high:
        return float32(np.inf), float32(-np.inf)
    return value_of(_sort_key(low)), value_of(_sort_key(high))


@serial
def _sort_key(bits):
    """Return bits of a float32 as an integer in the order of values, or such a one as bits."""
    return int32(bits ^ int32(int32(bits >> int32(31)) & int32(~_SIGN)))


@banded
def describe(values, ranges, marks, zeros, start, stop):
    """Fill with the minimum and maximum of each chunk, its low bits and its zeros.

    Bit i of the marks covers sums with an exponent i - 32 above that of the maximum. It says that a
    value may lie half-way between two multiples of their unit. None lies half-way for sums beyond,
    and all bits are set for sums below the reach of the marks.
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
    """Return the minimum and the maximum of all chunks."""
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


_MIN_GAP, _GREATEST = float32(2.0**-60), float32(2.0**60)  # squares of these do not overflow


@serial
def fill_intervals(centres, low, high, edges, owners):
    """Fill the upper edges of the intervals and their owners; return whether these are exact.

    They may be inexact for values between `low` and `high` if two centres nearly coincide.
    """
    count = 0
    for k in range(CLUSTERS):
        place = count
        while place > 0 and centres[owners[place - 1]] > centres[k]:
            place -= 1
        if place > 0 and centres[owners[place - 1]] == centres[k]:
            continue  # the first of equals gets all
        for cell in range(count, place, -1):
            owners[cell] = owners[cell - 1]
        owners[place] = k
        count += 1
    for cell in range(count - 1, CLUSTERS):
        edges[cell] = float32(np.inf)
        owners[cell] = owners[count - 1]
    for cell in range(count - 1):
        k, other = owners[cell], owners[cell + 1]
        edges[cell] = edge_between(centres[k], centres[other], k < other)
    holds = True
    for cell in range(count - 1):
        a, b = centres[owners[cell]], centres[owners[cell + 1]]
        start = low if cell == 0 else max(low, edges[cell - 1])
        stop = min(high, edges[cell + 1])
        holds = holds and stays_nearer(a, b, min(a, start)) and stays_nearer(b, a, max(b, stop))
    return holds


@serial
def edge_between(low, high, low_wins):
    """Return the greatest float32 that is nearer to `low` than to `high`, two centres.

    If `low_wins`, being as near is enough. Between them rounded distances grow and shrink
    monotonically enough for one edge to separate all values.
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

    In float32 the two distances might be rounded to one. They are not if the difference is visible
    in the longest distance. They are not either if all differences are exact, between numbers less
    than twice each other.
    """
    difference, longest = abs(far - near), abs(end - near)
    size = max(abs(near), max(abs(far), abs(end)))
    if not (difference > _MIN_GAP and size < _GREATEST):
        return False
    minimum, maximum = min(far, end), max(far, end)
    return difference > longest * float32(2.0**-20) or (
        minimum > 0 and minimum * float32(2) >= maximum
    )
