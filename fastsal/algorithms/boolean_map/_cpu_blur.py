"""From sums of attention maps to a map of 16 bits on the CPU: dilation, blur, stretch."""

import numpy as np
from numba import int64, uint32

from ...kernels.borders import reflect_either
from ...kernels.gaussian import add_pair, blur_row, weigh
from ...kernels.jit import banded, serial
from ._formulas import (
    BLUR_SHIFT,
    BYTE_SHIFT,
    CURVE_SHIFT,
    WIDE,
    WIDE_SHIFT,
    between,
    centred,
    factor_of,
    scaled,
)


@serial
def quantize(totals, is_published, spread, values):
    """Fill `values`, (rows, cols) of uint32, with the sum of `totals`, stretched to 16 bits.

    As published they are bytes first, which are dilated by a square of 2 * spread + 1.
    """
    rows, cols = values.shape
    for row in range(rows):
        target, source = values[row], totals[0, row]
        for col in range(cols):
            target[col] = source[col]
        for band in range(1, len(totals)):
            source = totals[band, row]
            for col in range(cols):
                target[col] += source[col]
    low, high = range_of(values)
    top, shift = (255, BYTE_SHIFT) if is_published else (WIDE, WIDE_SHIFT)
    factor = factor_of(low, high, top, shift)
    for row in range(rows):
        target = values[row]
        for col in range(cols):
            target[col] = scaled(target[col], low, factor, shift)
    if is_published:
        _dilate(values, spread)


@serial
def range_of(values):
    """Return the smallest and the greatest value."""
    lows, highs = values[0].copy(), values[0].copy()
    for row in range(1, len(values)):
        source = values[row]
        for col in range(source.size):
            lows[col] = min(lows[col], source[col])
            highs[col] = max(highs[col], source[col])
    low, high = lows[0], highs[0]
    for col in range(lows.size):
        low, high = min(low, lows[col]), max(high, highs[col])
    return int64(low), int64(high)


@serial
def _dilate(values, spread):
    """Replace bytes by the greatest within a square, times 257."""
    rows, cols = values.shape
    across = np.empty((rows, cols), np.uint32)
    for row in range(rows):
        source, target = values[row], across[row]
        for col in range(cols):
            target[col] = source[col]
        for k in range(1, spread + 1):
            for col in range(cols - k):
                target[col] = max(target[col], source[col + k])
            for col in range(k, cols):
                target[col] = max(target[col], source[col - k])
    for row in range(rows):
        target = values[row]
        for col in range(cols):
            target[col] = 0
        for other in range(max(row - spread, 0), min(row + spread + 1, rows)):
            source = across[other]
            for col in range(cols):
                target[col] = max(target[col], source[col])
        for col in range(cols):
            target[col] *= 257


@banded
def blur_across(values, weights, skips_edge, target, start, stop):
    """Fill rows of `target` with rows blurred, of 16 bits."""
    cols = values.shape[1]
    reach = weights.size - 1
    wide, sums = np.empty(cols + 2 * reach, np.uint32), np.empty(cols, np.uint32)
    for row in range(start, stop):
        source, blurred = values[row], target[row]
        for col in range(wide.size):
            wide[col] = source[reflect_either(col - reach, cols, skips_edge)]
        blur_row(wide, weights, sums)
        for col in range(cols):
            blurred[col] = (sums[col] + uint32(1 << BLUR_SHIFT - 1)) >> uint32(BLUR_SHIFT)


@banded
def blur_down(values, weights, skips_edge, target, start, stop):
    """Fill rows of `target` with columns blurred, of 32 bits."""
    rows = values.shape[0]
    for row in range(start, stop):
        blurred = target[row]
        weigh(weights[0], values[row], blurred)
        for k in range(1, weights.size):
            above = values[reflect_either(row - k, rows, skips_edge)]
            below = values[reflect_either(row + k, rows, skips_edge)]
            add_pair(weights[k], above, below, blurred)


@serial
def shape_map(values, is_published, curve, bias, down, across, saliency):
    """Fill `saliency`, in [0, 1], from blurred values of 32 bits, which are overwritten."""
    low, high = int64(0), int64(WIDE) << BLUR_SHIFT
    if not is_published:
        low, high = range_of(values)
    _scale(values, low, high)
    rows, cols = values.shape
    if curve.size > 1:
        for row in range(rows):
            source = values[row]
            for col in range(cols):
                at = int64(source[col]) >> CURVE_SHIFT
                rest = int64(source[col]) & (1 << CURVE_SHIFT) - 1
                source[col] = between(curve[at], curve[at + 1], rest)
    if bias > 0:
        for row in range(rows):
            source = values[row]
            for col in range(cols):
                source[col] = centred(source[col], bias, down[row], across[col])
        if not is_published:
            low, high = range_of(values)
            _scale(values, low, high)
    for row in range(rows):
        source, target = values[row], saliency[row]
        for col in range(cols):
            target[col] = np.float32(source[col]) / np.float32(WIDE)


@serial
def _scale(values, low, high):
    factor = factor_of(low, high, WIDE, WIDE_SHIFT)
    for row in range(len(values)):
        source = values[row]
        for col in range(source.size):
            source[col] = scaled(source[col], low, factor, WIDE_SHIFT)
