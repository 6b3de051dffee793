"""Colour conversions on the CPU."""

from numba import prange, uint32

from .. import vectors
from ..copies import copy_values
from ..jit import parallel, serial
from ..launch import over_bands
from ._math import float_luma, luma

if vectors.are_here():
    from ._cpu_vectors import fill_luma_blocks
else:

    @serial
    def fill_luma_blocks(pixels, channels, weights, gray):
        return 0


def fill_luma(pixels, channels, weights, gray):
    """Fill `gray`, (N, P), with the luma of `pixels`, (N, P * channels), or with a copy if grey."""
    is_float = pixels.dtype.kind == "f"
    span, bands = (_float_span, _float_bands) if is_float else (luma_span, _luma_bands)
    flat = gray.reshape(-1)
    over_bands(span, bands, flat.size, pixels.reshape(-1), channels, weights, flat)


@serial
def luma_span(pixels, channels, weights, gray, start, stop):
    """Fill gray[start:stop] from the same pixels; the formula by stride, so that it vectorises."""
    start += fill_luma_blocks(
        pixels[channels * start : channels * stop], channels, weights, gray[start:stop]
    )
    target = gray[start:stop]
    source = pixels[channels * start : channels * stop]
    # Narrowed before the loops: LLVM does not see through a tuple of 64-bit ones.
    weights = uint32(weights[0]), uint32(weights[1]), uint32(weights[2])
    if channels == 1:
        copy_values(source, target)
    elif channels == 3:
        for i in range(target.size):
            target[i] = luma(source[3 * i], source[3 * i + 1], source[3 * i + 2], weights)
    else:
        for i in range(target.size):
            target[i] = luma(source[4 * i], source[4 * i + 1], source[4 * i + 2], weights)


@parallel
def _luma_bands(pixels, channels, weights, gray, bands):
    for band in prange(bands):
        start, stop = band * gray.size // bands, (band + 1) * gray.size // bands
        luma_span(pixels, channels, weights, gray, start, stop)


@serial
def _float_span(pixels, channels, weights, gray, start, stop):
    for i in range(start, stop):
        at = channels * i
        if channels == 1:
            gray[i] = pixels[at]
        else:
            gray[i] = float_luma(pixels[at], pixels[at + 1], pixels[at + 2], weights)


@parallel
def _float_bands(pixels, channels, weights, gray, bands):
    for band in prange(bands):
        start, stop = band * gray.size // bands, (band + 1) * gray.size // bands
        _float_span(pixels, channels, weights, gray, start, stop)
