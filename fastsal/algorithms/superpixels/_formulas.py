"""The formulas of SLIC and of region statistics, for both backends. Scalars only."""

from numba import float32, int32, int64, uint8

from ...kernels.jit import serial

# Channels of float images are summed in units of 2**-24: the sums are integers, whatever the order.
_FLOAT_UNITS = float32(1 << 24)
_LOW = (1 << 32) - 1

LANES = 16  # tiles of a strip, in fast mode on the CPU


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
def level(value, itemsize):
    """Return a channel's value as 8 bits; exact in float32, so that every device agrees."""
    if itemsize == 1:
        return int32(value)
    if itemsize == 2:
        return int32(value) >> 8
    return min(int32(float32(value) * float32(256)), int32(255))


@serial
def place_of(offset, scale):
    """Return an offset in pixels in the fixed-point units of `scale`, rounded."""
    return int32((int64(offset) * scale + 32768) >> 16)


@serial
def code_of(v, u):
    """Return the code of a region among the nine around it, by which neighbours tell it apart."""
    return uint8(3 * (v % 3) + u % 3)


@serial
def mean_place(total, count, scale):
    """Return the mean of `count` offsets in pixels, in the units of `scale`, rounded."""
    return int32((total * scale * 2 + (count << 16)) // (count << 17))


@serial
def mean_color(total, count):
    """Return the mean of `count` levels in eighths, rounded."""
    return int32((16 * total + count) // (2 * count))


@serial
def place_from(value, origin, size, scale):
    """Return a row or column in pixels as an offset within its region's window."""
    offset = int64(float32(value) * float32(256)) - 256 * int64(origin)
    offset = min(max(offset, int64(0)), int64(512) * size)
    return int32((offset * scale + (1 << 23)) >> 24)


@serial
def color_from(share):
    """Return a share of white in eighths of a level."""
    return int32((int64(float32(share) * float32(65536)) * 2040 + 32768) >> 16)


@serial
def owner(code, tile, part):
    """Return the row (part 0) or column (part 1) of a region in the grid, from a pixel's code."""
    digit = code // 3 if part == 0 else code % 3
    return tile if tile % 3 == digit else tile - 1


@serial
def band_of(item, items, bands):
    """Return which of the bands holds an item."""
    band = item * bands // items
    while (band + 1) * items // bands <= item:
        band += 1
    return band


@serial
def index_of(col, size):
    """Return where a row of strips keeps a column of the image."""
    tile, dx = (col + size // 2) // size, (col + size // 2) % size
    return (tile // LANES * size + dx) * LANES + tile % LANES


@serial
def gap_of(value, center):
    """Return the squared difference of two coordinates in fast mode."""
    gap = int64(value) - int64(center)
    return gap * gap
