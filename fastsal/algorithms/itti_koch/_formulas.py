"""The formulas of the Itti-Koch map, for both backends. Scalars only.

Equations and sections are those of Itti, Koch and Niebur (1998).
"""

from numba import float32, int32, uint16

from ...kernels.jit import serial

ROUNDS = 3  # of the competition that N by iteration is
_EXCITATION, _INHIBITION = float32(0.5**2), float32(1.5**2)  # weights of near and far neighbours
_DECAY = float32(0.02)  # of the maximum, in every iteration

# Maxima are averaged as integers in this unit, so that the order of the sum does not matter.
_UNITS = float32(1 << 18)


@serial
def byte_window(a, b, c, d, e, f, g, h, i, j):
    """Return the sum of ten bytes under the window that scale 2 is made with, times 64."""
    total = uint16(uint16(a) + uint16(j))
    total = uint16(total + uint16(uint16(3) * uint16(uint16(b) + uint16(i))))
    total = uint16(total + uint16(uint16(6) * uint16(uint16(c) + uint16(h))))
    total = uint16(total + uint16(uint16(10) * uint16(uint16(d) + uint16(g))))
    return uint16(total + uint16(uint16(12) * uint16(uint16(e) + uint16(f))))


@serial
def window(a, b, c, d, e, f, g, h, i, j):
    """Return the sum of ten floats under that window."""
    total = float32(float32(a) + float32(j))
    total += float32(3) * float32(float32(b) + float32(i))
    total += float32(6) * float32(float32(c) + float32(h))
    total += float32(10) * float32(float32(d) + float32(g))
    return total + float32(12) * float32(float32(e) + float32(f))


@serial
def binomial(a, b, c, d):
    """Return the sum of four floats under the window that the coarser scales are made with."""
    return float32(float32(a + d) + float32(3) * float32(b + c))


@serial
def intensity(red, green, blue):
    """Return the intensity I = (r + g + b) / 3 (section 2.1)."""
    return float32(float32(red + green + blue) * float32(1 / 3))


@serial
def opponents(red, green, blue, level, dark):
    """Return R - G and B - Y (section 2.1), without brightness; 0 if too dark."""
    scale = float32(85) / level if level > dark else float32(0)
    red, green, blue = red * scale, green * scale, blue * scale
    half = float32(0.5)
    only_red = max(float32(0), red - (green + blue) * half)
    only_green = max(float32(0), green - (red + blue) * half)
    only_blue = max(float32(0), blue - (red + green) * half)
    yellow = max(float32(0), min(red, green) - blue)
    return float32(only_red - only_green), float32(only_blue - yellow)


@serial
def symmetric(taps, x0, x1, x2, x3, x4):
    """Return the sum under five taps of the middle and of the pairs of equal distance from it."""
    total = float32(taps[0] * x0) + float32(taps[1] * x1)
    return total + taps[2] * x2 + taps[3] * x3 + taps[4] * x4


@serial
def place(index, octaves, size):
    """Return the first of the two coarser pixels around a pixel, and the second's weight."""
    step = int32(1) << int32(octaves)
    scaled = int32(2 * index + 1) - step
    first = scaled >> int32(octaves + 1)
    if first < 0 or first >= size - 1:
        return max(int32(0), min(first, int32(size - 1))), float32(0)
    return first, float32(scaled - (first << int32(octaves + 1))) / float32(2 * step)


@serial
def ramp(index, size, border):
    """Return a weight that falls off linearly towards either end."""
    inside = min(min(index, size - 1 - index) + 1, border + 1)
    return float32(inside) / float32(border + 1)


@serial
def units(value, low, scale):
    """Return a value of a map as an integer fraction of its range; `scale` is 1 / range."""
    return int32(float32(float32(value - low) * scale) * _UNITS + float32(0.5))


@serial
def promotion(top, total, count):
    """Return the factor of N (section 2.2): (maximum - mean of the others) squared."""
    mean = float32(total) / float32(count) if count > 0 else float32(0)
    gap = (float32(top) - mean) / _UNITS
    return gap * gap


@serial
def after_round(value, near, far, top):
    """Return a value after one iteration of competition; `near` and `far` are means around it."""
    helped = float32(value + float32(_EXCITATION * near))
    return max(float32(0), float32(helped - float32(float32(_INHIBITION * far) + _DECAY * top)))


@serial
def modality(plane):
    """Return 0 for intensity, 1 for a colour, 2 for an orientation."""
    return 0 if plane == 0 else (1 if plane < 3 else 2)


@serial
def range_weight(span, widest, promotes):
    """Return the weight of a map after N if all maps are scaled by the maximum range."""
    fraction = span / widest if widest > float32(0) else float32(0)
    return fraction * fraction * fraction if promotes else fraction
