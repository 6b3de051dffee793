"""Formulas of the vote among neighbours, for both backends. Scalars only."""

from numba import float32, int16

from ....kernels.jit import serial

CERTAIN = 255  # all votes: accepted whatever the earlier neighbours become
FAR = -1000  # a level that nothing is near to

_ROUNDER = float32(1 << 23)  # see kernels/scale.py


@serial
def gray_level(template, unfilled):
    """Return a template as an 8-bit grey level, rounded to even; or that of one never filled."""
    is_filled = template == template
    return int16((template + _ROUNDER) - _ROUNDER if is_filled else float32(unfilled))


@serial
def is_alike(level, other, reach):
    """Return whether two grey levels differ by a reach, in eighths and rounded down, at most."""
    return abs(int16(level - other)) <= (reach >> 3)


@serial
def is_settled(verdict, accepted):
    """Return whether a suspect is accepted, given which of its four earlier neighbours were.

    The low bits of `verdict` say which neighbours vote for it if they were rejected, the high
    bits which if they were accepted: northwest, north, northeast, west.
    """
    return (((verdict >> 4) & accepted) | (verdict & ~accepted & 15)) != 0
