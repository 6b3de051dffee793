"""The formulas of SLIC, for both backends. Scalars only."""

from numba import float32, int32, int64, uint8

from ...kernels.jit import serial

_LOW = (1 << 32) - 1

LANES = 16  # tiles of a strip on the CPU


@serial
def distance(diff0, diff1, diff2, dcol, drow2, factor):
    """Return the squared D of Eq. 3 (Achanta 2012), in the order of operations of vl_slic."""
    return (diff0 * diff0 + diff1 * diff1 + diff2 * diff2) + factor * (dcol * dcol + drow2)


@serial
def edge(left, right, above, below):
    """Return the squared gradient of one channel, by central differences."""
    return (left - right) * (left - right) + (below - above) * (below - above)


@serial
def middle(index, size, length):
    """Return the pixel in the middle of a tile of the grid; halves are rounded up."""
    return min((size * (2 * index + 1) + 1) // 2, length - 1)


@serial
def claim(area, label):
    """Return a key: the largest region has the largest one, and the first of equal ones."""
    return (int64(area) << 32) + int64(_LOW - label)


@serial
def claimant(key):
    """Return the label of a key made by `claim`."""
    return _LOW - (key & _LOW)


@serial
def level(value, itemsize):
    """Return a channel's value as 8 bits; exact in float32, so all backends give equal bits."""
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
    """Return the code of a region, 0 to 8; neighbouring regions have different codes."""
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
def color_from(fraction):
    """Return a fraction of white in eighths of a level."""
    return int32((int64(float32(fraction) * float32(65536)) * 2040 + 32768) >> 16)


@serial
def owner(code, tile, part):
    """Return the row (part 0) or column (part 1) in the grid of the region of a pixel's code."""
    digit = code // 3 if part == 0 else code % 3
    return tile if tile % 3 == digit else tile - 1


@serial
def band_of(item, items, bands):
    """Return the index of the band that holds an item."""
    band = item * bands // items
    while (band + 1) * items // bands <= item:
        band += 1
    return band


@serial
def index_of(col, size):
    """Return the index in a row of strips of a column of the image."""
    tile, dx = (col + size // 2) // size, (col + size // 2) % size
    return (tile // LANES * size + dx) * LANES + tile % LANES


@serial
def squared_diff(value, center):
    """Return the squared difference of two coordinates in fast mode."""
    diff = int64(value) - int64(center)
    return diff * diff
