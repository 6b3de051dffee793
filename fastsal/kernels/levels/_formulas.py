"""Formulas of levels that both backends share. Scalars only."""

from numba import float32, uint32

from ..jit import serial
from ..scale import rounded


@serial
def byte_of(level):
    """Return a level of 16 bits in 8 bits, rounded: 257 * k becomes k."""
    return (uint32(level) + uint32(128)) // uint32(257)


@serial
def level_of(value, white):
    """Return `value` in [0, 1] as a level from 0 to `white`, rounded; NaN becomes 0."""
    inside = min(value, float32(1)) if value > float32(0) else float32(0)
    return rounded(inside * float32(white))
