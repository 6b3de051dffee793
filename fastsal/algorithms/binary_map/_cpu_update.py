"""Update step of k-means: float32 sums in the order of the values, bit for bit, vectorised.

Between two powers of two a sum is a multiple of one unit. Adding a value then means adding the
nearest multiple: an integer, in any order. It is the last bits of power + value. Only a value
half-way between two multiples rounds by the bits of the sum. There, and where a sum passes a power
of two, the chunk is divided, and a few values are added one by one.
"""

import numpy as np
from numba import float32, int32, int64

from ...kernels.jit import serial
from ._cpu_assign import CHUNK, MARKS
from ._draws import CLUSTERS
from ._formulas import bits_of, value_of

FEW = 32  # values of a chunk that are checked separately
LARGE = float32(8)  # times the greatest value: from here on the bits of a chunk fit into 32
_ONE = int64(1) << 23  # power of two further
_WRAP = (int64(1) << 32) - 1


@serial
def add_up(values, ranges, marks, zeros, edges, owners, sums, sizes):
    """Add the values of each interval to the sum and the size of its owner, in order."""
    bits, counts = np.zeros(CLUSTERS, np.int32), np.zeros(CLUSTERS, np.int32)
    powers = np.ones(CLUSTERS, np.float32)
    for chunk in range(len(ranges)):
        low, high, mark = ranges[chunk, 0], ranges[chunk, 1], marks[chunk]
        part = values[chunk * CHUNK : (chunk + 1) * CHUNK]
        first, last = cell_of(low, edges), cell_of(high, edges)
        if low == 0 and high == 0:
            sizes[owners[first]] += part.size
            continue
        for cell in range(first, last + 1):
            powers[cell] = _power(sums[owners[cell]], low, high, edges[cell], mark)
        if first == last:
            counts[first], bits[first] = part.size, _bits(part, powers[first])
        elif last == first + 1:
            _fill_two(part, edges[first], first, powers, bits, counts)
        else:
            _fill_all(part, edges, powers, bits, counts)
        for cell in range(first, last + 1):
            k = owners[cell]
            sizes[k] += counts[cell]
            new = _grown(sums[k], powers[cell], bits[cell], counts[cell])
            bottom = edges[cell - 1] if cell > 0 else float32(-np.inf)
            if new >= 0:
                sums[k] = new
            elif not (counts[cell] == zeros[chunk] and bottom < 0 <= edges[cell]):
                sums[k] = _with_care(part, bottom, edges[cell], low, high, sums[k])


@serial
def cell_of(value, edges):
    """Return the cell that holds the value."""
    cell = int32(0)
    for edge in range(CLUSTERS - 1):
        cell = int32(cell + int32(value > edges[edge]))
    return cell


@serial
def _power(total, low, high, top, mark):
    """Return the power of two below a sum, or 0 if values from `low` to `high` need care.

    Those that are to be added lie below `top`.
    """
    power = _power_below(total, low, min(high, top))
    place = int32(bits_of(power) >> int32(23)) - int32(bits_of(high) >> int32(23)) + MARKS
    is_marked = place <= 0 or (place < 2 * MARKS - 1 and (mark >> place) & 1)
    return float32(0) if is_marked else power


@serial
def _power_below(total, low, high):
    """Return the power of two below a sum, or 0 if it is too small for values up to `high`."""
    power = value_of(int32(bits_of(total) & ~(_ONE - 1)))
    return power if total >= 0 and low >= 0 and power > LARGE * high else float32(0)


@serial
def _grown(total, power, bits, count):
    """Return the sum after a chunk, or -1 if it must be added up with more care."""
    if count == 0:
        return total
    if power == 0:
        return float32(-1)
    whole = int64(bits_of(total)) + (int64(bits - int64(count) * bits_of(power)) & _WRAP)
    return value_of(int32(whole)) if whole < bits_of(power) + _ONE else float32(-1)


@serial
def _with_care(part, bottom, top, low, high, total):
    """Return the sum plus the values of a chunk within an interval, a few values at a time."""
    for start in range(0, part.size, FEW):
        few = part[start : start + FEW]
        if not _is_any_inside(few, bottom, top):  # often there is none, in clusters of rare values
            continue
        new, power = float32(-1), _power_below(total, low, min(high, top))
        if power > 0:
            bits, is_safe = _bits_within(few, bottom, top, power)
            new = _grown(total, power, bits, few.size) if is_safe else float32(-1)
        total = new if new >= 0 else _one_by_one(few, bottom, top, total)
    return total


@serial
def _is_any_inside(values, bottom, top):
    count = int32(0)
    for i in range(values.size):
        count = int32(count + int32((values[i] > bottom) & (values[i] <= top)))
    return count > 0


@serial
def _bits_within(values, bottom, top, power):
    """Return the bits of power + value, or 0 outside the cell; and whether none lies half-way.

    A value half-way adds another multiple to odd sums than to even ones.
    """
    odd = value_of(int32(bits_of(power) + 1))
    total, halves = int32(0), int32(0)
    for i in range(values.size):
        is_inside = (values[i] > bottom) & (values[i] <= top)
        value = values[i] if is_inside else float32(0)
        bits = bits_of(float32(value + power))
        halves = int32(halves + int32(int32(bits_of(float32(value + odd)) - bits) != 1))
        total = int32(total + bits)
    return total, halves == 0


@serial
def _one_by_one(values, bottom, top, total):
    for i in range(values.size):
        total = float32(total + (values[i] if bottom < values[i] <= top else float32(0)))
    return total


@serial
def _bits(part, power):
    total = int32(0)
    for i in range(part.size):
        total = int32(total + bits_of(float32(part[i] + power)))
    return total


@serial
def _fill_two(part, edge, first, powers, bits, counts):
    low, high = powers[first], powers[first + 1]
    total, above, count = int32(0), int32(0), int32(0)
    for i in range(part.size):
        is_above = part[i] > edge
        each = bits_of(float32(part[i] + (high if is_above else low)))
        total = int32(total + each)
        above = int32(above + (each if is_above else int32(0)))
        count = int32(count + int32(is_above))
    bits[first], bits[first + 1] = int32(total - above), above
    counts[first], counts[first + 1] = int32(part.size - count), count


@serial
def _fill_all(part, edges, powers, bits, counts):
    p, q, r, s = edges[0], edges[1], edges[2], edges[3]
    a, b, c, d, e = powers[0], powers[1], powers[2], powers[3], powers[4]
    total, over_p, over_q, over_r, over_s = int32(0), int32(0), int32(0), int32(0), int32(0)
    k, m, n, o = int32(0), int32(0), int32(0), int32(0)
    for i in range(part.size):
        value = part[i]
        is_b, is_c, is_d, is_e = value > p, value > q, value > r, value > s
        power = e if is_e else (d if is_d else (c if is_c else (b if is_b else a)))
        each = bits_of(float32(value + power))
        total = int32(total + each)
        over_p = int32(over_p + (each if is_b else int32(0)))
        over_q = int32(over_q + (each if is_c else int32(0)))
        over_r = int32(over_r + (each if is_d else int32(0)))
        over_s = int32(over_s + (each if is_e else int32(0)))
        k = int32(k + int32(is_b))
        m = int32(m + int32(is_c))
        n = int32(n + int32(is_d))
        o = int32(o + int32(is_e))
    bits[0], bits[1] = int32(total - over_p), int32(over_p - over_q)
    bits[2], bits[3], bits[4] = int32(over_q - over_r), int32(over_r - over_s), over_s
    counts[0], counts[1] = int32(part.size - k), int32(k - m)
    counts[2], counts[3], counts[4] = int32(m - n), int32(n - o), o
