"""Formulas of Boolean map saliency, for both backends: integers, except for the eigenvectors.

Equations are those of Zhang and Sclaroff (2016).
"""

import math

from numba import float64, int64, uint32, uint64

from ...kernels.jit import serial

GROUP = 32  # thresholds that the bits of a word hold
WIDE = 65_535  # the greatest value of a map of 16 bits
BYTE_SHIFT, WIDE_SHIFT = 54, 46  # of `factor_of` for maps of 8 and of 16 bits
BLUR_SHIFT = 16  # the weights of a Gaussian add up to 1 << BLUR_SHIFT
AXIS_SCALE = 1 << 15  # of the integers that eigenvectors are rounded to
SUMS = 9  # of three planes: their sums, and those of their products
CURVE_SHIFT = 6  # a curve has a point for every 64th value of 16 bits
_UNLIKE = 24  # letterbox bars: a greater colour distance to the corner means picture


@serial
def factor_of(low, high, top, shift):
    """Return the factor that brings high - low to `top`, in units of 2**-shift, rounded up."""
    difference = int64(high) - int64(low)
    if difference <= 0:
        return int64(0)
    return ((int64(top) << shift) + difference - 1) // difference


@serial
def scaled(value, low, factor, shift):
    """Return (value - low) times a factor of `factor_of`, rounded half up."""
    return (int64(value) - int64(low)) * factor + (int64(1) << (shift - 1)) >> shift


@serial
def projection(lightness, a, b, axis):
    """Return a colour along an axis, three integers."""
    return int64(lightness) * axis[0] + int64(a) * axis[1] + int64(b) * axis[2]


@serial
def thresholds_of(low, high, step):
    """Return how many thresholds low, low + step, ... lie below `high`."""
    return (int64(high) - int64(low) + step - 1) // step


@serial
def level_of(value, low, count, step, is_negative):
    """Return how many thresholds a value exceeds; of the complement, how many it does not."""
    level = (int64(value) - int64(low) + step - 1) // step
    return count - level if is_negative else level


@serial
def thresholds_between(reached, level, count, is_negative):
    """Return the range of thresholds (first, last + 1) with Boolean maps that surround a cell.

    `level` is the cell's and `reached` that of its reconstruction from the border. For thresholds
    between the two, the cell lies in a region that does not touch the border.
    """
    if is_negative:
        return count - level, count - reached
    return reached, level


@serial
def word_of(first, last, group):
    """Return bits [first, last) of those thresholds that belong to a group."""
    start = uint64(min(max(first - group * GROUP, 0), GROUP))
    stop = uint64(min(max(last - group * GROUP, 0), GROUP))
    return uint32((uint64(1) << stop) - (uint64(1) << start))


@serial
def weight_of(area, unit):
    """Return unit / sqrt(area), rounded down: maps are divided by their L2 norms (section 3.2)."""
    if area <= 0:
        return int64(0)
    return int64(math.sqrt(float64(int64(unit) * int64(unit) // int64(area))))


@serial
def chroma_of(red, green, blue):
    """Return Cr and Cb of bytes of sRGB, as OpenCV's ``COLOR_RGB2YCrCb`` has them."""
    red, green, blue = int64(red), int64(green), int64(blue)
    half = 1 << 13
    luma = (4899 * red + 9617 * green + 1868 * blue + half) >> 14
    red_chroma = ((red - luma) * 11_682 + (128 << 14) + half) >> 14
    blue_chroma = ((blue - luma) * 9241 + (128 << 14) + half) >> 14
    return min(max(red_chroma, 0), 255), min(max(blue_chroma, 0), 255)


@serial
def redness(red_chroma):
    """Return Cr above neutral as a byte."""
    return min(max((int64(red_chroma) - 128) * 255 // 60, 0), 255)


@serial
def likeness(red_part, blue_part):
    """Return the likeness of a colour to skin, as a byte: a product of two Gaussians of 15 bits."""
    return (int64(red_part) * int64(blue_part) * 255 + (1 << 29)) >> 30


@serial
def between(first, second, rest):
    """Interpolate linearly between two points of a curve; `rest` is in 64ths."""
    return int64(first) + ((int64(second) - int64(first)) * int64(rest) + 32 >> 6)


@serial
def centred(value, bias, down, across):
    """Weight the fraction `bias` of a value by its centrality. All numbers have 16 bits."""
    central = (int64(down) * int64(across) + (1 << 15)) >> 16
    return (int64(value) * (65_536 - bias + (bias * central + (1 << 15) >> 16)) + (1 << 15)) >> 16


@serial
def is_unlike(red, green, blue, corner_red, corner_green, corner_blue):
    """Return whether a cell has another colour than the corner of the image."""
    apart = max(abs(int64(red) - int64(corner_red)), abs(int64(green) - int64(corner_green)))
    return max(apart, abs(int64(blue) - int64(corner_blue))) > _UNLIKE


@serial
def is_bare(count, length):
    """Return whether a line with `count` unlike cells may belong to a letterbox bar."""
    return 100 * count <= length
