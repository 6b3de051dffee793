"""Formulas of colour that both backends share. Scalars only."""

from numba import float32, uint32

from ..jit import serial

# Numba extends uint32 arithmetic to 64 bits; narrowing each step keeps the lanes of a vector full.


@serial
def luma(first, second, third, weights):
    """Return OpenCV's fixed-point luma of an integer pixel, bit for bit."""
    total = uint32(uint32(first) * uint32(weights[0]))
    total = uint32(total + uint32(uint32(second) * uint32(weights[1])))
    total = uint32(total + uint32(uint32(third) * uint32(weights[2])))
    return uint32(uint32(total + uint32(1 << 14)) >> uint32(15))


@serial
def float_luma(first, second, third, weights):
    """Return OpenCV's luma of a pixel of floats; `weights` have the order of its channels."""
    is_rgb = weights[0] > weights[2]
    red, blue = (first, third) if is_rgb else (third, first)
    green_and_blue = float32(float32(0.587) * second + float32(0.114) * blue)
    return float32(float32(0.299) * red + green_and_blue)


@serial
def linear(value):
    """Return the linear light of a channel of sRGB in [0, 1]."""
    if value <= float32(0.04045):
        return value / float32(12.92)
    return ((value + float32(0.055)) / float32(1.055)) ** float32(2.4)


@serial
def lightness(value):
    """Return CIE's compressed form of a fraction of white light."""
    if value > float32(0.008856):
        return value ** float32(1 / 3)
    return float32(7.787) * value + float32(16 / 116)


@serial
def relative_x(red, green, blue):
    """Return CIE X of linear sRGB as a fraction of white's (D65), like Y and Z below."""
    part = float32(0.412453 / 0.95047) * red + float32(0.357580 / 0.95047) * green
    return part + float32(0.180423 / 0.95047) * blue


@serial
def relative_y(red, green, blue):
    part = float32(0.212671) * red + float32(0.715160) * green
    return part + float32(0.072169) * blue


@serial
def relative_z(red, green, blue):
    part = float32(0.019334 / 1.08883) * red + float32(0.119193 / 1.08883) * green
    return part + float32(0.950227 / 1.08883) * blue


@serial
def lab(x, y, z):
    """Return CIELab from compressed fractions of white."""
    return float32(116) * y - float32(16), float32(500) * (x - y), float32(200) * (y - z)


@serial
def lab_of_srgb(red, green, blue):
    """Return CIELab of sRGB in [0, 1]."""
    red, green, blue = linear(red), linear(green), linear(blue)
    x = lightness(float32(relative_x(red, green, blue)))
    y = lightness(float32(relative_y(red, green, blue)))
    z = lightness(float32(relative_z(red, green, blue)))
    return lab(x, y, z)


# The matrix of sRGB is rounded so that white is not quite white, and greys would get a tint.
_X = float32(0.95047 / (0.412453 + 0.357580 + 0.180423))
_Y = float32(1 / (0.212671 + 0.715160 + 0.072169))
_Z = float32(1.08883 / (0.019334 + 0.119193 + 0.950227))


@serial
def balanced(red, green, blue):
    """Return X, Y and Z of linear sRGB as fractions of white, equal for every grey."""
    x = float32(relative_x(red, green, blue) * _X)
    y = float32(relative_y(red, green, blue) * _Y)
    return x, y, float32(relative_z(red, green, blue) * _Z)
