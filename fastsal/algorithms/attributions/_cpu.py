"""Sums over channels and stretches, in bands of pixels."""

import numpy as np
from numba import float32

from ...kernels.jit import banded
from ...kernels.launch import over_bands, scratch

ABSOLUTE, POSITIVE, NEGATIVE, SIGNED = range(4)


def add_channels(values, sign, dtype):
    """Return sums (P,) of attributions (P, C), of magnitudes or signed, until the next call."""
    out = scratch("attributions", values.shape[:1], dtype)
    over_bands(_sum_span, out.size, values, sign, out)
    return out


def stretch(values, low, width, least, out):
    """Fill `out` with (value - low) / width, clipped to [least, 1]; with its sign if width is 0."""
    over_bands(_stretch_span, out.size, values, low, width, least, out)


@banded
def _sum_span(values, sign, out, start, stop):
    channels = values.shape[1]
    if sign == ABSOLUTE and channels == 3:  # a loop over colours alone uses vector units
        for pixel in range(start, stop):
            colours = abs(values[pixel, 0]) + abs(values[pixel, 1])
            out[pixel] = colours + abs(values[pixel, 2])
        return
    for pixel in range(start, stop):
        total = values[pixel, 0] * 0
        if sign == ABSOLUTE:
            for channel in range(channels):
                total += abs(values[pixel, channel])
        else:
            for channel in range(channels):
                total += values[pixel, channel]
            if sign == POSITIVE:
                total = total if total > 0 else total * 0  # NaN stays NaN
            elif sign == NEGATIVE:
                total = -total if total < 0 else total * 0
        out[pixel] = total


@banded
def _stretch_span(values, low, width, least, out, start, stop):
    # A factor beyond float64 stands for a width of 0; then 0 must stay 0.
    factor = 1 / width if width > 0 else 0.0
    if 0 < factor < np.inf:
        for pixel in range(start, stop):
            value = (values[pixel] - low) * factor
            value = value if value > least else least
            out[pixel] = float32(value if value < 1.0 else 1.0)
        return
    for pixel in range(start, stop):
        gap = values[pixel] - low
        gap = 1.0 if gap > 0 else -1.0 if gap < 0 else 0.0
        out[pixel] = float32(max(gap, least))
