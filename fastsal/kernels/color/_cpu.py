"""Colour conversions on the CPU."""

from numba import uint32

from ..copies import copy_values
from ..jit import banded, serial
from ..launch import over_bands
from ..simd.llvm import has_byte_shuffles
from ._formulas import float_luma, luma

if has_byte_shuffles():
    from ..simd.luma import fill_luma_blocks
else:

    @serial
    def fill_luma_blocks(pixels, channels, weights, gray):
        return 0


def fill_luma(pixels, channels, weights, gray):
    """Fill `gray`, (N, P), with the luma of `pixels`, (N, P * channels), or with a copy if grey."""
    span = _float_span if pixels.dtype.kind == "f" else luma_span
    flat = gray.reshape(-1)
    over_bands(span, flat.size, pixels.reshape(-1), channels, weights, flat)


@banded
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


@banded
def _float_span(pixels, channels, weights, gray, start, stop):
    for i in range(start, stop):
        at = channels * i
        if channels == 1:
            gray[i] = pixels[at]
        else:
            gray[i] = float_luma(pixels[at], pixels[at + 1], pixels[at + 2], weights)
