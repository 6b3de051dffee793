"""The formulas of the image signature, for both backends. Scalars only.

The signature of x is sign(DCT(x)): Hou, Harel and Koch (2012).
"""

from numba import float64, int32, int64

from ...kernels.cosines import cosine_of_turn
from ...kernels.jit import serial

CELLS = 64  # along the longer side
# Coefficients below this, in units of CIELab, are rounding errors of grey images and flat parts.
_MIN_COEFFICIENT = 1e-3


@serial
def cosine(frequency, place, count):
    """Return an entry of the orthonormal DCT-II matrix."""
    if frequency == 0:
        return (1.0 / count) ** 0.5
    angle = int64(frequency) * (2 * int64(place) + 1) % (4 * int64(count))
    return (2.0 / count) ** 0.5 * cosine_of_turn(angle, 4 * int64(count))


@serial
def sign(frequency):
    """Return an entry of the signature, sign(DCT(x)): 1, -1, or 0 for coefficients too small."""
    return float64(int32(frequency > _MIN_COEFFICIENT) - int32(frequency < -_MIN_COEFFICIENT))
