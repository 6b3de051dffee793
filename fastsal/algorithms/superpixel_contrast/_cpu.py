"""Superpixel contrast on the CPU."""

import numpy as np

from ...kernels.color._cpu_lab import linear_table
from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands
from ...kernels.scale import fraction, stored
from ..superpixels._cpu import Pieces
from ..superpixels.options import grid_shape
from . import _cpu_fast, _cpu_pairs
from ._cpu_paint import average, paint
from ._formulas import change, saliency_of

EXACT_PAIRS = 1 << 22  # up to which "auto" takes all pairs: about the time the grid takes


def score(current, others, shape, sigmas, steepness, method, values):
    """Fill `values`, (n,), with the saliency of the superpixels of `current` against `others`.

    Both are (sums, position, color) with a row per tile; `method` is "exact", "fast" or "auto".
    """
    index, color, position = _present(*current, shape)
    other_color, other_position = color, position
    if others is not current:
        _, other_color, other_position = _present(*others, shape)
    if method == "auto":
        method = "exact" if len(color) * len(other_color) <= EXACT_PAIRS else "fast"
    points = color, position, other_color, other_position
    if method == "exact":
        terms = _cpu_pairs.uniqueness_and_distribution(*points, sigmas)
    elif steepness > 0:
        terms = _cpu_fast.uniqueness_and_distribution(*points, sigmas)
    else:
        terms = _cpu_fast.uniqueness(*points, sigmas), np.zeros(len(color), np.float32)
    _fill_values(*terms, np.float32(steepness), index, values)


def _present(sums, position, color, shape):
    """Return colours and positions, as fractions of the image, of superpixels that have pixels.

    The first result is their indices, or None if all have pixels.
    """
    fractions = np.empty_like(position)
    args = position, np.float32(shape[0]), np.float32(shape[1]), fractions
    over_bands(_divide, len(sums), *args, pixels=16 * len(sums))
    index = np.flatnonzero(sums[:, 0] > 0)
    if len(index) == len(sums):
        return None, color, fractions
    return index, color[index], fractions[index]


@banded
def _divide(position, rows, cols, fractions, start, stop):
    for i in range(start, stop):
        fractions[i, 0], fractions[i, 1] = position[i, 0] / rows, position[i, 1] / cols


def _fill_values(unique, spread, steepness, index, values):
    """Write saliency scaled to [0, 1] where there are superpixels, and 0 elsewhere."""
    ends = unique.min(), unique.max(), spread.min(), spread.max()
    args = unique, spread, *ends, steepness
    over_bands(_weigh, unique.size, *args, pixels=16 * unique.size)
    target = values if index is None else np.empty_like(unique)
    args = unique, unique.min(), unique.max(), target
    over_bands(_scale, unique.size, *args, pixels=16 * unique.size)
    if index is not None:
        values[:] = 0
        values[index] = target


@banded
def _weigh(unique, spread, low, high, low_spread, high_spread, steepness, start, stop):
    """Overwrite uniqueness by the saliency of Eq. 7; both terms are first scaled to [0, 1]."""
    for i in range(start, stop):
        spread_ = fraction(spread[i], low_spread, high_spread)
        unique[i] = saliency_of(fraction(unique[i], low, high), spread_, steepness)


@banded
def _scale(values, low, high, out, start, stop):
    """Scale to [0, 1]; a constant to 0."""
    for i in range(start, stop):
        out[i] = fraction(values[i], low, high)


def paint_values(labels, values, out):
    """Fill `out`, (H * W,), with the value of each pixel's label."""
    table = np.empty(values.shape, out.dtype)
    _store(values, table)
    if isinstance(labels, Pieces):
        labels.paint(table, out.reshape(labels.codes.shape[0], -1))
    else:
        over_bands(paint, out.size, labels.reshape(-1), table, out)


@serial
def _store(values, table):
    for i in range(values.size):
        table[i] = stored(values[i], table.itemsize)


def average_values(pixels, channels, is_rgb, white, size, described, labels, values, out):
    """Fill `out`, (H * W,), with means of the values of near superpixels, weighted by similarity.

    `described` is (sums, position, color) of the superpixels.
    """
    sums, position, color = described
    rows, cols = labels.shape
    place = np.where(sums[:, :1] > 0, position, np.float32(-1))
    args = (
        pixels.reshape(rows, -1), channels, is_rgb, np.float32(white), size,
        grid_shape(labels.shape, size), linear_table(), values, color, place, labels,
        out.reshape(rows, cols),
    )  # fmt: skip
    over_bands(average, rows, *args, pixels=out.size)


def fill_change(current, previous, signed, out):
    """Fill `out`, (P,), with `current` minus `previous`; if not `signed` at least 0."""
    args = (current, previous, signed, out)
    over_bands(_fill_change, out.size, *args)


def clear(out):
    """Fill `out`, (P,), with zeros."""
    out[:] = 0


@banded
def _fill_change(current, previous, signed, out, start, stop):
    first, second, target = current[start:stop], previous[start:stop], out[start:stop]
    for i in range(target.size):
        target[i] = change(first[i], second[i], signed, target.itemsize)
