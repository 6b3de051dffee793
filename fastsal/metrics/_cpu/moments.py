"""Means, variances, covariances and ranges of maps, in one pass."""

from typing import Any

import numpy as np
from numba import float64, prange
from numpy.typing import NDArray

from ...kernels.jit import parallel, serial
from ...kernels.launch import over_bands
from .blocks import (
    BLOCK,
    block_of,
    largest,
    new_lanes,
    smallest,
    sum_of_differences,
    sum_of_minima,
    sum_of_products,
)

Table = NDArray[np.float64]


def count_of_blocks(size: int) -> int:
    """Return the number of blocks of so many pixels."""
    return -(-size // BLOCK)


def fill_moments(values: NDArray[Any], table: Table) -> None:
    """Fill a row per block: mean, sum of squares about it, least and greatest value."""
    over_bands(_moments_span, _moments_bands, len(table), values, table, pixels=values.size)


def fill_comoments(first: NDArray[Any], second: NDArray[Any], table: Table) -> None:
    """Fill a row per block: both means, both sums of squares about them, sum of products."""
    args = (first, second, table)
    over_bands(_comoments_span, _comoments_bands, len(table), *args, pixels=first.size)


def fill_minima(
    first: NDArray[Any], second: NDArray[Any], form: tuple[float, ...], table: Table
) -> None:
    """Fill per block the sum of the smaller of two densities; `form` as `sum_of_minima` takes."""
    args = (first, second, form, table)
    over_bands(_minima_span, _minima_bands, table.size, *args, pixels=first.size)


@serial
def _mean(values, lanes):
    pivot = float64(values[0])  # so that a constant block has its own value as mean
    return pivot + sum_of_differences(values, pivot, lanes) / values.size


@serial
def _moments_span(values, table, start, stop):
    lanes = new_lanes()
    for block in range(start, stop):
        part = block_of(values, block)
        mean = _mean(part, lanes)
        table[block, 0] = mean
        table[block, 1] = sum_of_products(part, mean, part, mean, lanes)
        table[block, 2] = smallest(part, lanes)
        table[block, 3] = largest(part, lanes)


@serial
def _comoments_span(first, second, table, start, stop):
    lanes = new_lanes()
    for block in range(start, stop):
        a, b = block_of(first, block), block_of(second, block)
        mean_a, mean_b = _mean(a, lanes), _mean(b, lanes)
        table[block, 0] = mean_a
        table[block, 1] = mean_b
        table[block, 2] = sum_of_products(a, mean_a, a, mean_a, lanes)
        table[block, 3] = sum_of_products(b, mean_b, b, mean_b, lanes)
        table[block, 4] = sum_of_products(a, mean_a, b, mean_b, lanes)


@serial
def _minima_span(first, second, form, table, start, stop):
    lanes = new_lanes()
    for block in range(start, stop):
        table[block] = sum_of_minima(block_of(first, block), block_of(second, block), form, lanes)


@parallel
def _moments_bands(values, table, bands):
    for band in prange(bands):
        start, stop = band * len(table) // bands, (band + 1) * len(table) // bands
        _moments_span(values, table, start, stop)


@parallel
def _comoments_bands(first, second, table, bands):
    for band in prange(bands):
        start, stop = band * len(table) // bands, (band + 1) * len(table) // bands
        _comoments_span(first, second, table, start, stop)


@parallel
def _minima_bands(first, second, form, table, bands):
    for band in prange(bands):
        start, stop = band * len(table) // bands, (band + 1) * len(table) // bands
        _minima_span(first, second, form, table, start, stop)
