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


@serial
def linear(value):
    """Return the light that a channel of sRGB in [0, 1] stands for."""
    if value <= float32(0.04045):
        return value / float32(12.92)
    return ((value + float32(0.055)) / float32(1.055)) ** float32(2.4)


@serial
def lightness(value):
    """Return CIE's compressed form of a share of white light."""
    if value > float32(0.008856):
        return value ** float32(1 / 3)
    return float32(7.787) * value + float32(16 / 116)


@serial
def share_of_x(red, green, blue):
    """Return CIE X of linear sRGB as a share of that of white (D65); so too those below."""
    part = float32(0.412453 / 0.95047) * red + float32(0.357580 / 0.95047) * green
    return part + float32(0.180423 / 0.95047) * blue


@serial
def share_of_y(red, green, blue):
    part = float32(0.212671) * red + float32(0.715160) * green
    return part + float32(0.072169) * blue


@serial
def share_of_z(red, green, blue):
    part = float32(0.019334 / 1.08883) * red + float32(0.119193 / 1.08883) * green
    return part + float32(0.950227 / 1.08883) * blue


@serial
def lab(x, y, z):
    """Return CIELab from compressed shares of white."""
    return float32(116) * y - float32(16), float32(500) * (x - y), float32(200) * (y - z)
