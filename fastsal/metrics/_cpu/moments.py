"""Means, variances, covariances and ranges of maps, in one pass."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.jit import banded
from ...kernels.launch import over_bands
from .blocks import (
    BLOCK,
    block_of,
    mean_and_squares,
    means_and_products,
    range_of_bits,
    sum_of,
    sum_of_minima,
    union_of,
)

Table = NDArray[np.float64]


def count_of_blocks(size: int) -> int:
    """Return the number of blocks of `size` pixels."""
    return -(-size // BLOCK)


def fill_moments(values: NDArray[Any], table: Table) -> None:
    """Fill a row per block: mean, and sum of squares about it."""
    over_bands(_moments_span, len(table), values, table, pixels=values.size)


def fill_sums(values: NDArray[Any], sums: Table, unions: NDArray[np.int64]) -> None:
    """Fill per block its sum, and the union of the bits: negative if a value has a minus sign."""
    args = (values, values.view(f"i{values.itemsize}"), sums, unions)
    over_bands(_sums_span, len(sums), *args, pixels=values.size)


def fill_ranges(values: NDArray[Any], means: Table, keys: NDArray[np.int64]) -> None:
    """Fill per block its mean, and the minimum and maximum key of its values."""
    bits = values.view(f"i{values.itemsize}")
    args = (values, bits, means, keys)
    over_bands(_ranges_span, len(means), *args, pixels=values.size)


def fill_comoments(first: NDArray[Any], second: NDArray[Any], table: Table) -> None:
    """Fill a row per block: both means, both sums of squares about them, sum of products."""
    over_bands(_comoments_span, len(table), first, second, table, pixels=first.size)


def fill_minima(
    first: NDArray[Any], second: NDArray[Any], form: tuple[float, ...], table: Table
) -> None:
    """Fill per block the sum of the smaller of two densities; `form` as `sum_of_minima` takes."""
    args = (first, second, form, table)
    over_bands(_minima_span, table.size, *args, pixels=first.size)


@banded
def _moments_span(values, table, start, stop):
    for block in range(start, stop):
        table[block, 0], table[block, 1] = mean_and_squares(block_of(values, block))


@banded
def _sums_span(values, bits, sums, unions, start, stop):
    for block in range(start, stop):
        sums[block] = sum_of(block_of(values, block))
        unions[block] = union_of(block_of(bits, block))


@banded
def _ranges_span(values, bits, means, keys, start, stop):
    for block in range(start, stop):
        part = block_of(values, block)
        means[block] = sum_of(part) / part.size
        keys[block, 0], keys[block, 1] = range_of_bits(block_of(bits, block))


@banded
def _comoments_span(first, second, table, start, stop):
    for block in range(start, stop):
        found = means_and_products(block_of(first, block), block_of(second, block))
        for k in range(5):
            table[block, k] = found[k]


@banded
def _minima_span(first, second, form, table, start, stop):
    for block in range(start, stop):
        table[block] = sum_of_minima(block_of(first, block), block_of(second, block), form)
