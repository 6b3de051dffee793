"""Cosines with exact symmetries, bit for bit. Scalars only."""

import math

from .jit import serial


@serial
def cosine_of_turn(part, whole):
    """Return cos(2 pi part / whole), 0 <= part <= whole, with its symmetries kept to the bit.

    Otherwise terms that should cancel would leave noise with a random phase.
    """
    part = min(part, whole - part)
    if 4 * part > whole:
        return -_cosine_of_quarter(whole - 2 * part, 2 * whole)
    return _cosine_of_quarter(2 * part, 2 * whole)


@serial
def _cosine_of_quarter(part, whole):
    if 8 * part > whole:
        return math.sin((whole - 4 * part) * (math.pi / 2) / whole)
    return math.cos(part * (2 * math.pi) / whole)
