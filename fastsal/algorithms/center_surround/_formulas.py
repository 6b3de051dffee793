"""The formulas of centre-surround saliency, for both backends. Scalars only.

They follow VOCUS2: Frintrop, Werner and Martin Garcia (2015).
"""

import math

from numba import float32, int64

from ...kernels.jit import serial

_CUBIC = float32(-0.75)  # OpenCV's


@serial
def reach_of(sigma):
    """Return the radius of a Gaussian in pixels, by VOCUS2's and OpenCV's rule."""
    return (int64(float32(8) * sigma + float32(1.5)) | 1) // 2


@serial
def step_of(sigma):
    """Return the distance of rows to blur; `between_six` interpolates the rows between.

    A Gaussian four steps wide leaves little of higher frequencies. For rows in [0, 1] the error is
    at most 2e-5, for stripes of 2.6 sigma. For the maps made from them it is a quarter of that.
    """
    return max(int64(1), int64(sigma * float32(0.25)))


@serial
def between_six(fraction):
    """Return the weights of six rows, for a place `fraction` of the way from the third on."""
    a, b, c = fraction + float32(2), fraction + float32(1), fraction
    d, e, f = fraction - float32(1), fraction - float32(2), fraction - float32(3)
    ab, bc, de, ef = a * b, b * c, d * e, e * f
    return (
        bc * d * ef * float32(-1 / 120),
        a * c * d * ef * float32(1 / 24),
        ab * d * ef * float32(-1 / 12),
        ab * c * ef * float32(1 / 12),
        ab * c * d * f * float32(-1 / 24),
        ab * c * de * float32(1 / 120),
    )


@serial
def intensity(red, green, blue):
    """Return the intensity feature of VOCUS2, (r + g + b) / 3."""
    return float32(float32(red + green) + blue) * float32(1 / 3)


@serial
def red_green(red, green):
    """Return the red-green feature of VOCUS2, r - g."""
    return float32(red - green)


@serial
def blue_yellow(red, green, blue):
    """Return the blue-yellow feature of VOCUS2, b - (r + g) / 2."""
    return float32(blue - float32(red + green) * float32(0.5))


@serial
def source_of(index, size, halved):
    """Return the pixel that a pixel of the next octave is."""
    return int64(index) * int64(size) // int64(halved)


@serial
def place_in_next(index, size, halved):
    """Return the first of two pixels of the next octave around a pixel, and the second's weight."""
    scaled = int64(index) * int64(halved)
    first = min(scaled // int64(size), int64(halved - 1))
    if first == halved - 1:
        return first, float32(0)
    return first, float32(float32(scaled - first * size) / float32(size))


@serial
def cubic_place(index, source, target):
    """Return the second of four pixels around an up-sampled one, and the fraction beyond it."""
    place = float32((float32(index) + float32(0.5)) * (float32(source) / float32(target)))
    place -= float32(0.5)
    first = int64(math.floor(place))
    return first, float32(place - float32(first))


@serial
def cubic_weights(fraction):
    """Return the weights of the four."""
    one, rest = float32(1), float32(float32(1) - fraction)
    far = _outer(fraction + one)
    near = _inner(fraction)
    next_ = _inner(rest)
    return far, near, next_, float32(one - far - near - next_)


@serial
def _inner(x):
    return ((_CUBIC + float32(2)) * x - (_CUBIC + float32(3))) * x * x + float32(1)


@serial
def _outer(x):
    four, five, eight = float32(4), float32(5), float32(8)
    return ((_CUBIC * x - five * _CUBIC) * x + eight * _CUBIC) * x - four * _CUBIC


@serial
def fade(index, size, reach):
    """Return a weight that rises over `reach` pixels from the border on."""
    if reach <= float32(0):
        return float32(1)
    inside = float32(min(index, size - 1 - index)) + float32(0.5)
    return min(float32(1), inside / reach)
