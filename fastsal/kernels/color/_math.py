"""Formulas of colour that both benches share. Scalars only."""

from numba import float32, uint32

from ..jit import serial

# Numba widens uint32 arithmetic to 64 bits; narrowing each step keeps the lanes of a vector full.


@serial
def luma(first, second, third, weights):
    """Return OpenCV's fixed-point luma of an integer pixel, bit for bit."""
    total = uint32(uint32(first) * uint32(weights[0]))
    total = uint32(total + uint32(uint32(second) * uint32(weights[1])))
    total = uint32(total + uint32(uint32(third) * uint32(weights[2])))
    return uint32(uint32(total + uint32(1 << 14)) >> uint32(15))


@serial
def float_luma(first, second, third, weights):
    """Return OpenCV's luma of a pixel of floats; `weights` tell the order of its channels."""
    is_rgb = weights[0] > weights[2]
    red, blue = (first, third) if is_rgb else (third, first)
    green_and_blue = float32(float32(0.587) * second + float32(0.114) * blue)
    return float32(float32(0.299) * red + green_and_blue)
