"""The formulas of SLIC and of region statistics, for both twins. Scalars only."""

from numba import float32, int64

from ...kernels.jit import serial

# Channels of float images are summed in units of 2**-24: the sums are integers, whatever the order.
_FLOAT_UNITS = float32(1 << 24)
_LOW = (1 << 32) - 1


@serial
def distance(gap0, gap1, gap2, dcol, drow2, factor):
    """Return vl_slic's distance, in its order of operations: float32 sums depend on it."""
    return (gap0 * gap0 + gap1 * gap1 + gap2 * gap2) + factor * (dcol * dcol + drow2)


@serial
def edge(left, right, above, below):
    """Return one channel's part of the edge strength: squared central differences."""
    return (left - right) * (left - right) + (below - above) * (below - above)


@serial
def middle(index, size, length):
    """Return the pixel in the middle of a tile of the grid; halves go up."""
    return min((size * (2 * index + 1) + 1) // 2, length - 1)


@serial
def channel_of(plane, channels, is_rgb):
    """Return which channel a plane takes: red, green, blue; or grey, and -1 for no more."""
    if channels < 3:
        return 0 if plane == 0 else -1
    return plane if is_rgb else 2 - plane


@serial
def units(value, itemsize):
    """Return a channel's value as an integer."""
    return int64(value) if itemsize < 4 else int64(float32(value) * _FLOAT_UNITS)


@serial
def mean(total, count):
    """Return total / count of two integers, rounded only where float32 must."""
    whole = total // count
    return float32(whole) + float32(total - whole * count) / float32(count)


@serial
def claim(area, label):
    """Return a key by which the largest region wins a tile, of equals the first."""
    return (int64(area) << 32) + int64(_LOW - label)


@serial
def claimant(key):
    """Return the label that made a claim."""
    return _LOW - (key & _LOW)
