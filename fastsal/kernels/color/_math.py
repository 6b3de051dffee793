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
    """Return the luma of a pixel of floats in [0, 1], its weights in units of 2**-15."""
    unit = float32(1 / 32768)
    total = float32(float32(weights[0]) * first + float32(weights[1]) * second)
    return float32((total + float32(weights[2]) * third) * unit)
