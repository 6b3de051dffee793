"""Levels on the CPU: one pass, in bands."""

from ..jit import banded
from ..launch import over_bands
from ._formulas import byte_of, level_of


def fill_levels(pixels, white, levels):
    """Fill `levels`, of white `white`, from `pixels` of 16 bits or of floats in [0, 1]."""
    source, target = pixels.reshape(-1), levels.reshape(-1)
    if pixels.itemsize == 2:
        over_bands(_bytes_span, target.size, source, target)
    else:
        over_bands(_levels_span, target.size, source, white, target)


@banded
def _bytes_span(pixels, levels, start, stop):
    source, target = pixels[start:stop], levels[start:stop]
    for i in range(target.size):
        target[i] = byte_of(source[i])


@banded
def _levels_span(pixels, white, levels, start, stop):
    source, target = pixels[start:stop], levels[start:stop]
    for i in range(target.size):
        target[i] = level_of(source[i], white)
