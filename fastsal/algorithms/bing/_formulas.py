"""Formulas of BING, for both backends. Scalars only.

Gradients are stored as their upper four bits, as OpenCV's bit planes approximate them. For a filter
of signs, the weighted sum of the planes equals the sum of signs times these upper halves.
"""

from numba import float32, int32, uint8, uint16

from ...kernels.jit import serial
from ...kernels.scale import stored

WINDOW = 8
MAXBGR, HSV, GRAY = range(3)
BRIGHTEST = 15  # upper half of a gradient
LOWEST = -(1 << 31)  # the key of no score
_MOST = (1 << 31) - 1


@serial
def blended(first, second, weight):
    """Return two 8-bit values, or two such blends of values, mixed; `weight` of 256 is second's."""
    return int32(256 - weight) * int32(first) + int32(weight) * int32(second)


@serial
def rounded(blend):
    """Return a value that was blended twice as an 8-bit value."""
    return uint8((blend + 32768) >> 16)


@serial
def luma(blue, green, red):
    """Return OpenCV's luma, bit for bit."""
    return uint8((3735 * int32(blue) + 19235 * int32(green) + 9798 * int32(red) + 16384) >> 15)


@serial
def _scale_of(most, level):
    """Return `most` * 4096 / `level`, rounded; float32 is exact enough for all 255 levels."""
    return int32(float32(most * 4096) / float32(max(level, int32(1))) + float32(0.5))


@serial
def saturation(low, high):
    """Return OpenCV's 8-bit saturation."""
    spread = int32(high) - int32(low)
    return uint8(int32(int32(spread) * _scale_of(255, int32(high)) + int32(2048)) >> 12)


@serial
def hue(blue, green, red, low, high):
    """Return OpenCV's 8-bit hue, 0 to 179."""
    b, g, r, most = int32(blue), int32(green), int32(red), int32(high)
    spread = int32(most - int32(low))
    scale = _scale_of(30, spread)
    turn = int32(r - g + 4 * spread)
    turn = int32(b - r + 2 * spread) if most == g else turn
    turn = int32(g - b) if most == r else turn
    turn = int32(int32(turn * scale) + int32(2048)) >> 12
    return uint8(turn + (180 if turn < 0 else 0))


@serial
def gap(first, second):
    """Return the absolute difference of two 8-bit values, as a 16-bit value."""
    return uint16(max(first, second) - min(first, second))


@serial
def step_of(gaps, is_border):
    """Return a step of the gradient from twice the gap: half of it, but at borders all of it."""
    return uint8(min(gaps if is_border else uint16(gaps >> 1), uint16(255)))


@serial
def gradient(across, down):
    """Return the upper half of a gradient, limited to 255, from its two steps."""
    return uint8(min(uint16(uint16(across) + down), uint16(255)) >> 4)


@serial
def score_of(first, second):
    """Return the score of a window from the terms of its two filters of signs.

    These come rounded from the backends: a device would fuse them with the sum. Adding zero makes
    a negative zero positive.
    """
    return float32(float32(first + second) + float32(0))


@serial
def key_of(bits):
    """Return an integer that orders as the float32 of these bits does; its own inverse."""
    return int32(bits ^ ((bits >> 31) & _MOST))


@serial
def corners(box):
    """Return the first and last + 1 row and column of a box (x, y, w, h): y, x, y, x."""
    left, top, width, height = int32(box[0]), int32(box[1]), int32(box[2]), int32(box[3])
    return top, left, int32(top + height), int32(left + width)


@serial
def shown(total, most, itemsize):
    """Return a pixel's weight divided by the maximum, as a map of that item size holds it."""
    return stored(float32(total) / float32(most) if most > 0 else float32(0), itemsize)
