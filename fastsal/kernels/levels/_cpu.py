"""Levels on the CPU: one pass, in bands."""

from numba import prange

from ..jit import parallel, serial
from ..launch import over_bands
from ._math import byte_of, level_of


def fill_levels(pixels, white, levels):
    """Fill `levels`, of white `white`, from `pixels` of 16 bits or of floats in [0, 1]."""
    source, target = pixels.reshape(-1), levels.reshape(-1)
    if pixels.itemsize == 2:
        over_bands(_bytes_span, _bytes_bands, target.size, source, target)
    else:
        over_bands(_levels_span, _levels_bands, target.size, source, white, target)


@serial
def _bytes_span(pixels, levels, start, stop):
    source, target = pixels[start:stop], levels[start:stop]
    for i in range(target.size):
        target[i] = byte_of(source[i])


@serial
def _levels_span(pixels, white, levels, start, stop):
    source, target = pixels[start:stop], levels[start:stop]
    for i in range(target.size):
        target[i] = level_of(source[i], white)


@parallel
def _bytes_bands(pixels, levels, bands):
    for band in prange(bands):
        start, stop = band * levels.size // bands, (band + 1) * levels.size // bands
        _bytes_span(pixels, levels, start, stop)


@parallel
def _levels_bands(pixels, white, levels, bands):
    for band in prange(bands):
        start, stop = band * levels.size // bands, (band + 1) * levels.size // bands
        _levels_span(pixels, white, levels, start, stop)
