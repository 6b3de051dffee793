"""The formulas of the image signature, for both twins. Scalars only."""

from numba import float32, float64, int32, int64

from ...kernels.color._math import share_of_x, share_of_y, share_of_z
from ...kernels.jit import serial
from ...kernels.waves import cosine_of_turn

CELLS = 64  # along the longer side
# Waves fainter than this, in units of CIELab, are what rounding makes of greys and of flat parts.
_FAINT = 1e-3
# The matrix of sRGB is rounded so that white is not quite white, and greys would get a tint.
_X = float32(0.95047 / (0.412453 + 0.357580 + 0.180423))
_Y = float32(1 / (0.212671 + 0.715160 + 0.072169))
_Z = float32(1.08883 / (0.019334 + 0.119193 + 0.950227))


@serial
def balanced(red, green, blue):
    """Return the shares of white in linear sRGB, alike for every grey."""
    x = float32(share_of_x(red, green, blue) * _X)
    y = float32(share_of_y(red, green, blue) * _Y)
    return x, y, float32(share_of_z(red, green, blue) * _Z)


@serial
def cosine(wave, place, count):
    """Return an entry of the matrix of the cosine transform; its rows have length 1."""
    if wave == 0:
        return (1.0 / count) ** 0.5
    turn = int64(wave) * (2 * int64(place) + 1) % (4 * int64(count))
    return (2.0 / count) ** 0.5 * cosine_of_turn(turn, 4 * int64(count))


@serial
def sign(wave):
    """Return 1, -1, or 0 for what is too faint to have one."""
    return float64(int32(wave > _FAINT) - int32(wave < -_FAINT))
