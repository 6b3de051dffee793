"""Counts and moments of a map inside and outside a mask, by the quadrants around a point."""

from typing import Any

import numpy as np
from numba import float64, prange, uint8
from numpy.typing import NDArray

from ...kernels import launch, threads
from ...kernels.jit import banded, parallel, serial
from ...kernels.launch import over_bands

LEVELS = 256

Mask = NDArray[np.bool]
Values = NDArray[np.float64]


def fill_mask_sums(mask: Mask, table: NDArray[np.int64]) -> None:
    """Fill a row per row of the mask: number of its pixels, and sum of their columns."""
    over_bands(_mask_span, len(table), mask, table, pixels=mask.size)


def count_levels(pixels: NDArray[np.uint8], mask: Mask, row: int, col: int) -> NDArray[np.int64]:
    """Return how many pixels of 8 bits have each level: (below, right, inside, level)."""
    bands = 1 if pixels.size < launch.PARALLEL_FROM else threads.count()
    counts = np.zeros((bands, 2, 2, 2, 2 * LEVELS), np.int64)
    if bands == 1:
        _levels_span(pixels, mask, row, col, counts[0], 0, len(pixels))
    else:
        with threads.safe_section():
            _levels_bands(pixels, mask, row, col, counts, bands)
    return counts.sum((0, 1)).reshape(2, 2, 2, LEVELS)


def fill_scaled(saliency: NDArray[Any], low: float, high: float, scaled: Values) -> None:
    """Fill `scaled` with the map scaled from [low, high] to [0, 1]."""
    args = (saliency.reshape(-1), low, high, scaled.reshape(-1))
    over_bands(_scaled_span, scaled.size, *args)


def fill_moments(scaled: Values, mask: Mask, col: int, table: Values) -> None:
    """Fill (row, right, inside, 3): number of pixels, their mean, and sum of squares about it."""
    args = (scaled, mask, col, table)
    over_bands(_moments_span, len(table), *args, pixels=scaled.size)


def count_codes(
    scaled: Values, mask: Mask, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many pixels have each of 256 codes, and reach the threshold: both by `inside`."""
    bands = 1 if scaled.size < launch.PARALLEL_FROM else threads.count()
    counts, reached = np.zeros((bands, 2 * LEVELS), np.int64), np.zeros((bands, 2), np.int64)
    args = (scaled.reshape(-1), mask.reshape(-1), threshold)
    if bands == 1:
        _codes_span(*args, counts[0], reached[0])
    else:
        with threads.safe_section():
            _codes_bands(*args, counts, reached, bands)
    return counts.sum(0).reshape(2, LEVELS), reached.sum(0)


@banded
def _mask_span(mask, table, start, stop):
    for row in range(start, stop):
        line = mask[row]
        count, total = 0, 0
        for col in range(line.size):
            if line[col]:
                count += 1
                total += col
        table[row, 0], table[row, 1] = count, total


@serial
def _levels_span(pixels, mask, row, col, counts, start, stop):
    for r in range(start, stop):
        below = int(r >= row)
        line, inside = pixels[r], mask[r]
        _count_pair(line[:col], inside[:col], counts[0, below, 0], counts[1, below, 0])
        _count_pair(line[col:], inside[col:], counts[0, below, 1], counts[1, below, 1])


@serial
def _count_pair(line, inside, even, odd):
    # Two tables, since a count waits for the last one of its level.
    whole = line.size - line.size % 2
    for i in range(0, whole, 2):
        even[LEVELS * inside[i] + line[i]] += 1
        odd[LEVELS * inside[i + 1] + line[i + 1]] += 1
    if whole < line.size:
        even[LEVELS * inside[whole] + line[whole]] += 1


@banded
def _scaled_span(saliency, low, high, scaled, start, stop):
    source, target = saliency[start:stop], scaled[start:stop]
    for i in range(target.size):
        target[i] = (float64(source[i]) - low) / (high - low)


@banded
def _moments_span(scaled, mask, col, table, start, stop):
    for row in range(start, stop):
        line, inside = scaled[row], mask[row]
        for side in range(2):
            part = line[col:] if side else line[:col]
            its_inside = inside[col:] if side else inside[:col]
            _fill_moments(part, its_inside, table[row, side])


@serial
def _fill_moments(values, inside, table):
    """Fill (inside, 3) as `fill_moments`; values that are all one have exactly that mean."""
    for chosen in range(2):
        count, pivot, total = 0, 0.0, 0.0
        for i in range(values.size):
            if inside[i] == (chosen == 1):
                if count == 0:
                    pivot = values[i]
                count += 1
                total += values[i] - pivot
        mean = pivot + total / count if count else 0.0
        squares = 0.0
        for i in range(values.size):
            if inside[i] == (chosen == 1):
                squares += (values[i] - mean) * (values[i] - mean)
        table[chosen, 0], table[chosen, 1], table[chosen, 2] = count, mean, squares


@serial
def _codes_span(scaled, mask, threshold, counts, reached):
    for i in range(scaled.size):
        value, inside = scaled[i], int(mask[i])
        counts[LEVELS * inside + uint8(value * 255.0)] += 1
        reached[inside] += value >= threshold


@parallel
def _levels_bands(pixels, mask, row, col, counts, bands):
    for band in prange(bands):
        start, stop = band * len(pixels) // bands, (band + 1) * len(pixels) // bands
        _levels_span(pixels, mask, row, col, counts[band], start, stop)


@parallel
def _codes_bands(scaled, mask, threshold, counts, reached, bands):
    for band in prange(bands):
        start, stop = band * scaled.size // bands, (band + 1) * scaled.size // bands
        _codes_span(scaled[start:stop], mask[start:stop], threshold, counts[band], reached[band])
