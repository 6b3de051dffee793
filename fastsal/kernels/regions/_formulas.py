"""The formulas of regions, for both backends. Scalars only."""

from numba import float32, int64

from ..jit import serial

FIELDS = 6  # sums of a region: pixels, rows, columns and three channels

# Channels of float images are summed in units of 2**-24: integers have one sum in any order.
_FLOAT_UNITS = float32(1 << 24)


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
