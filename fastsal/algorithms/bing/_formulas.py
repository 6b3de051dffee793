"""Formulas of BING, for both backends. Scalars only.

Gradients are stored as their upper four bits, as OpenCV's bit planes approximate them. For a filter
of signs, the weighted sum of the planes equals the sum of signs times these upper halves.
"""

from numba import float32, int32, uint8, uint16

from ...images import LUMA_WEIGHTS
from ...kernels.jit import serial
from ...kernels.scale import stored

WINDOW = 8
MAXBGR, HSV, GRAY = range(3)
WEIGHTS = LUMA_WEIGHTS["bgr"]
BRIGHTEST = 15  # upper half of a gradient
LOWEST = -(1 << 31)  # the key of no score
_MAX_INT = (1 << 31) - 1


@serial
def blended(first, second, weight):
    """Interpolate two 8-bit values or two blends; the second has the weight `weight` / 256."""
    return int32(256 - weight) * int32(first) + int32(weight) * int32(second)


@serial
def rounded(blend):
    """Return a value that was blended twice as an 8-bit value."""
    return uint8((blend + 32768) >> 16)


@serial
def _scale_of(maximum, level):
    """Return `maximum` * 4096 / `level`, rounded; float32 is exact enough for all 255 levels."""
    return int32(float32(maximum * 4096) / float32(max(level, int32(1))) + float32(0.5))


@serial
def saturation(low, high):
    """Return OpenCV's 8-bit saturation."""
    chroma = int32(high) - int32(low)
    return uint8(int32(int32(chroma) * _scale_of(255, int32(high)) + int32(2048)) >> 12)


@serial
def hue(blue, green, red, low, high):
    """Return OpenCV's 8-bit hue, 0 to 179."""
    b, g, r, maximum = int32(blue), int32(green), int32(red), int32(high)
    chroma = int32(maximum - int32(low))
    scale = _scale_of(30, chroma)
    angle = int32(r - g + 4 * chroma)
    angle = int32(b - r + 2 * chroma) if maximum == g else angle
    angle = int32(g - b) if maximum == r else angle
    angle = int32(int32(angle * scale) + int32(2048)) >> 12
    return uint8(angle + (180 if angle < 0 else 0))


@serial
def abs_diff(first, second):
    """Return the absolute difference of two 8-bit values, as a 16-bit value."""
    return uint16(max(first, second) - min(first, second))


@serial
def step_of(abs_diffs, is_border):
    """Return a gradient component from twice the difference: half of it, at borders all of it."""
    return uint8(min(abs_diffs if is_border else uint16(abs_diffs >> 1), uint16(255)))


@serial
def gradient(across, down):
    """Return the upper half of a normed gradient, min(gx + gy, 255): section 3.1 of the paper."""
    return uint8(min(uint16(uint16(across) + down), uint16(255)) >> 4)


@serial
def score_of(first, second):
    """Return the score of a window (Eq. 1) from the terms of its two filters of signs.

    These come rounded from the backends: a device would fuse them with the sum. Adding zero makes
    a negative zero positive.
    """
    return float32(float32(first + second) + float32(0))


@serial
def key_of(bits):
    """Return an integer that orders as the float32 of these bits does; its own inverse."""
    return int32(bits ^ ((bits >> 31) & _MAX_INT))


@serial
def corners(box):
    """Return the first and last + 1 row and column of a box (x, y, w, h): y, x, y, x."""
    left, top, width, height = int32(box[0]), int32(box[1]), int32(box[2]), int32(box[3])
    return top, left, int32(top + height), int32(left + width)


@serial
def shown(total, maximum, itemsize):
    """Return a pixel's weight divided by the maximum, as a map of that item size holds it."""
    return stored(float32(total) / float32(maximum) if maximum > 0 else float32(0), itemsize)
