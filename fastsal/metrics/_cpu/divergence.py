"""Kullback-Leibler divergence of two maps, in one pass."""

from typing import Any

import numpy as np
from numba import float64
from numpy.typing import NDArray

from ...kernels.jit import banded, serial, summing
from ...kernels.launch import over_bands
from .blocks import BLOCK, block_of

_ROOT = 0x3FE6A09E667F3BCD  # the bits of sqrt(0.5)
_LN2 = 0.6931471805599453


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
    # A logarithm takes the time of a few pixels of other kernels.
    args = (truth, saliency, (*form, epsilon), table)
    over_bands(_span, table.size, *args, pixels=4 * truth.size)


@banded
def _span(truth, saliency, form, table, start, stop):
    densities, ratios = np.empty(BLOCK), np.empty(BLOCK)
    for block in range(start, stop):
        a, b = block_of(truth, block), block_of(saliency, block)
        q, ratio = densities[: a.size], ratios[: a.size]
        _fill_ratios(a, b, form, q, ratio)
        table[block] = _sum_of_logs(q, ratio, ratio.view(np.int64))


@serial
def _fill_ratios(truth, saliency, form, densities, ratios):
    truth_shift, truth_scale, shift, scale, least, epsilon = form
    for i in range(truth.size):
        q = (float64(truth[i]) - truth_shift + least) * truth_scale
        p = (float64(saliency[i]) - shift + least) * scale
        densities[i] = q
        ratios[i] = epsilon + q / (p + epsilon)


@summing
def _sum_of_logs(weights, values, bits):
    """Return the sum of ``weights * log(values)``; `bits` are those of the values.

    The values are normal and positive. A value is 2**e * m with m from sqrt(0.5) to sqrt(2). Then
    log(m) = 2 * atanh(s) for s = (m - 1) / (m + 1), a series in s * s. This square is below 0.0295,
    so the series ends below 1e-17. The loop has no calls, so it fills vector registers.
    """
    total = 0.0
    for i in range(weights.size):
        exponent = (bits[i] - _ROOT) >> 52
        total += weights[i] * (float64(exponent) * _LN2)
    for i in range(weights.size):
        bits[i] -= ((bits[i] - _ROOT) >> 52) << 52
    for i in range(weights.size):
        m = values[i]
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        series = 1.0 / 21.0
        series = series * z + 1.0 / 19.0
        series = series * z + 1.0 / 17.0
        series = series * z + 1.0 / 15.0
        series = series * z + 1.0 / 13.0
        series = series * z + 1.0 / 11.0
        series = series * z + 1.0 / 9.0
        series = series * z + 1.0 / 7.0
        series = series * z + 1.0 / 5.0
        series = series * z + 1.0 / 3.0
        series = series * z + 1.0
        total += weights[i] * (2.0 * s * series)
    return total
