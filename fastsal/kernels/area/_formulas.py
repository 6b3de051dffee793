"""Integer formulas of the area mean, for both backends.

A cell covers a rectangle of the image; its borders may cut through pixels. Lengths are counted in
fractions of a pixel: a pixel of a row is `cells` long and a cell `pixels` long. So all weights are
integers, and their sum over a cell is the number of pixels of the image.
"""

from numba import float32, int64

from ..jit import serial

# A mean is a product and a shift: a division per cell would take longer than the sums.
SHIFT = 54
_FLOAT_WHITE = 65_280  # 256 * 255: image / 255 gives the integers of image, times 256
_ROUNDER = float32(1 << 23)


def shape_of_thumbnail(height, width, longer):
    """Return rows and columns of the image reduced to a longer side of `longer`.

    The shorter side is rounded down, as OpenCV users do; images are not up-sampled.
    """
    side = max(height, width)
    if side <= longer:
        return height, width
    return max(1, height * longer // side), max(1, width * longer // side)


def divisor_of(dtype, pixels):
    """Return how much larger the sum of a cell is than its mean, 0 to 255."""
    white = {1: 255, 2: 65_535, 4: _FLOAT_WHITE}[dtype.itemsize]
    return white // 255 * pixels


def reciprocal_of(divisor):
    """Return the factor of `mean_of`."""
    return -(-(1 << SHIFT) // divisor)


@serial
def mean_of(total, divisor, reciprocal):
    """Return `total / divisor`, rounded, ties to even as OpenCV does.

    Exact for images of up to 2**27 pixels.
    """
    total, divisor = int64(total), int64(divisor)
    mean = (total + (divisor >> 1)) * int64(reciprocal) >> SHIFT
    is_tie = 2 * total == (2 * mean - 1) * divisor
    return mean - (mean & int64(is_tie))


@serial
def whole(value, itemsize):
    """Return a sample as an integer: itself, or floats in units of 1 / 65,280."""
    if itemsize < 4:
        return int64(value)
    scaled = float32(value) * float32(_FLOAT_WHITE)
    return int64(float32(scaled + _ROUNDER) - _ROUNDER)


@serial
def first_pixel(cell, cells, pixels):
    """Return the pixel in which a cell begins."""
    return int64(cell) * int64(pixels) // int64(cells)


@serial
def last_pixel(cell, cells, pixels):
    """Return the pixel in which a cell ends."""
    return (int64(cell + 1) * int64(pixels) - 1) // int64(cells)


@serial
def overlap(cell, pixel, cells, pixels):
    """Return the common length of a cell and a pixel."""
    start = max(int64(cell) * int64(pixels), int64(pixel) * int64(cells))
    stop = min(int64(cell + 1) * int64(pixels), int64(pixel + 1) * int64(cells))
    return stop - start
