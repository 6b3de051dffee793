"""From scores to the two forms of a saliency map: float32 in [0, 1], or uint8. Scalars only."""

from numba import float32

from .jit import serial

# Adding 2**23 leaves a float32 no bits below 1, so it rounds to an integer, ties to even as NumPy
# does. round() would do the same by way of float64, which devices are slow at.
_ROUNDER = float32(1 << 23)


@serial
def fraction(value, low, high):
    """Return where `value` lies between `low` and `high`, 0 to 1; 0 if they are equal."""
    return float32(value - low) / float32(high - low) if high > low else float32(0)


@serial
def rounded(value):
    """Return a float32 from 0 to 2**22 rounded to an integer, ties to even."""
    return float32(value + _ROUNDER) - _ROUNDER


@serial
def stored(saliency, itemsize):
    """Return `saliency` as a map of that item size holds it: itself, or round(255 * saliency)."""
    return float32(float32(255) * saliency + _ROUNDER) - _ROUNDER if itemsize == 1 else saliency
