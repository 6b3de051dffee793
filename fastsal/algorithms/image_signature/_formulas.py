"""The formulas of the image signature, for both backends. Scalars only."""

from numba import float64, int32, int64

from ...kernels.cosines import cosine_of_turn
from ...kernels.jit import serial

CELLS = 64  # along the longer side
# Coefficients below this, in units of CIELab, are rounding errors of grey images and flat parts.
_FAINT = 1e-3


@serial
def cosine(wave, place, count):
    """Return an entry of the matrix of the cosine transform; its rows have length 1."""
    if wave == 0:
        return (1.0 / count) ** 0.5
    turn = int64(wave) * (2 * int64(place) + 1) % (4 * int64(count))
    return (2.0 / count) ** 0.5 * cosine_of_turn(turn, 4 * int64(count))


@serial
def sign(wave):
    """Return 1, -1, or 0 for coefficients too small to have a sign."""
    return float64(int32(wave > _FAINT) - int32(wave < -_FAINT))
