"""The formulas of fine-grained saliency, for both backends. Scalars only.

Names in brackets are those of OpenCV's ``StaticSaliencyFineGrained``.
"""

from numba import float32, int32, uint8, uint16

from ...kernels.jit import serial
from ...kernels.scale import stored


@serial
def binomial(first, middle, last):
    """Return the sum of three values, the middle one twice; no more than 16 bits of it."""
    return uint16(uint16(uint16(first) + uint16(last)) + uint16(uint16(middle) << uint16(1)))


@serial
def sixteenth(total):
    """Return the mean under a 3x3 binomial window from its sum, as a byte."""
    return uint8(uint16(uint16(total) + uint16(8)) >> uint16(4))


@serial
def quantized(value):
    """Return the byte nearest to a float in [0, 1]; others count as the nearer bound, NaN as 0."""
    return uint8(int32(stored(min(max(float32(0), value), float32(1)), 1)))


@serial
def rounded_contrast(level, window, pixels):
    """Return a level minus the mean of the rest of its window, rounded as OpenCV [``getMean``]."""
    level = float32(level)
    mean = float32(float32(float32(window) - level) / float32(pixels - float32(1)))
    return float32(level - mean)


@serial
def exact_contrast(level, window, pixels):
    """Return `rounded_contrast` from an integer sum; all digits before the point are exact."""
    difference = int32(int32(int32(level) * int32(pixels)) - int32(window))
    return float32(float32(difference) / float32(pixels - float32(1)))


@serial
def on_and_off(contrast):
    """Return ON (lower half) and OFF of a contrast; NaN adds nothing [``getIntensityScaled``]."""
    on = int32(max(float32(0), contrast)) & int32(255)
    off = int32(max(float32(0), -contrast)) & int32(255)
    return int32(on | int32(off << int32(16)))


@serial
def stretched(total, maxima):
    """Return a sum as a byte, `maxima` being 255: floor(255 * total / most) [``mixScales``]."""
    quotient = float32(float32(total) / float32(max(maxima, int32(1))))
    level = float32(int32(float32(quotient * float32(255))))
    # The product may have been rounded up to a whole level. 256 quotients less that are exact.
    is_above = float32(float32(quotient * float32(256)) - level) < quotient
    return int32(level) - int32(is_above)


@serial
def shown(on, off, itemsize):
    """Return ON + OFF of a pixel, modulo 256, as an entry of the map [``mixOnOff``]."""
    level = int32(int32(on) + int32(off)) & int32(255)
    return float32(level) if itemsize == 1 else float32(float32(level) * float32(1 / 255))
