"""Kullback-Leibler divergence of two maps, in one pass."""

import math
from typing import Any

import numpy as np
from numba import float64, prange
from numpy.typing import NDArray

from ...kernels.jit import parallel, serial
from ...kernels.launch import over_bands
from .blocks import block_of


def fill_divergence(
    truth: NDArray[Any],
    saliency: NDArray[Any],
    form: tuple[float, ...],
    epsilon: float,
    table: NDArray[np.float64],
) -> None:
    """Fill per block the sum of ``q * log(q / p)``, or of MIT's form of it.

    A density is ``(value - shift + least) * scale``: `form` holds the shift and the scale of the
    truth, those of the saliency, and `least`. MIT's form is for an epsilon above 0.
    """
    span, bands = (_mit_span, _mit_bands) if epsilon else (_span, _bands)
    form = (*form, epsilon)
    # Each logarithm costs as much as a few dozen pixels of other kernels.
    over_bands(span, bands, table.size, truth, saliency, form, table, pixels=16 * truth.size)


@serial
def _span(truth, saliency, form, table, start, stop):
    truth_shift, truth_scale, shift, scale, least, _ = form
    for block in range(start, stop):
        a, b = block_of(truth, block), block_of(saliency, block)
        total = 0.0
        for i in range(a.size):
            q = (float64(a[i]) - truth_shift + least) * truth_scale
            p = (float64(b[i]) - shift + least) * scale
            if q > 0.0:
                total += q * math.log(q / p)
        table[block] = total


@serial
def _mit_span(truth, saliency, form, table, start, stop):
    truth_shift, truth_scale, shift, scale, least, epsilon = form
    for block in range(start, stop):
        a, b = block_of(truth, block), block_of(saliency, block)
        total = 0.0
        for i in range(a.size):
            q = (float64(a[i]) - truth_shift + least) * truth_scale
            p = (float64(b[i]) - shift + least) * scale
            if q != 0.0:
                total += q * math.log(epsilon + q / (p + epsilon))
        table[block] = total


@parallel
def _bands(truth, saliency, form, table, bands):
    for band in prange(bands):
        start, stop = band * table.size // bands, (band + 1) * table.size // bands
        _span(truth, saliency, form, table, start, stop)


@parallel
def _mit_bands(truth, saliency, form, table, bands):
    for band in prange(bands):
        start, stop = band * table.size // bands, (band + 1) * table.size // bands
        _mit_span(truth, saliency, form, table, start, stop)
