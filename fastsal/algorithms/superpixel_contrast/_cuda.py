"""Superpixel contrast on a CUDA device: all pairs, which it sums as fast as others a grid."""

import math

import numpy as np

from ...devices import workspace
from ...kernels import launch
from ..superpixels._grid import grid_shape
from . import _cuda_paint as painting
from . import _cuda_pairs as pairs

PARTS = 8  # that the others are cut into, so that there are enough threads
PAIRS_OF_ONE_PART = 1 << 16


def score(mine, others, shape, sigmas, steepness, method, values):
    """Fill `values`, (n,), with the saliency of the superpixels of `mine` against `others`.

    Both are (sums, position, color) with a row per tile; `method` is "exact", "fast" or "auto".
    """
    count, threads = len(values), launch.THREADS
    units = [sigma * math.sqrt(2 * math.log(2)) for sigma in sigmas]
    points = _points(mine, "mine", shape, units)
    other_points = points if others is mine else _points(others, "others", shape, units)
    parts = 1 if count * other_points.shape[1] <= PAIRS_OF_ONE_PART else PARTS
    partial = workspace("contrast partial", (parts, pairs.TERMS, count), np.float32)
    terms = workspace("contrast terms", (2, count), np.float32)
    blocks = _blocks(count)
    pairs.sum_pairs[(blocks, parts), threads](points, other_points, partial)
    pairs.fill_terms[blocks, threads](partial, terms)
    pairs.scale[1, threads](points, terms, np.float32(steepness), values)


def _points(described, name, shape, units):
    sums, position, color = described
    points = workspace(f"contrast {name}", (pairs.FEATURES, len(sums)), np.float32)
    by_row, by_col = (np.float32(1 / (side * units[1])) for side in shape)
    args = (sums, position, color, np.float32(1 / units[0]), by_row, by_col, points)
    pairs.fill_points[_blocks(len(sums)), launch.THREADS](*args)
    return points


def paint_values(labels, values, out):
    """Fill `out`, (H * W,), with the value of each pixel's label."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    painting.paint[blocks, threads](labels.reshape(labels.size), values, out)


def average_values(pixels, channels, is_rgb, white, size, described, labels, values, out):
    """Fill `out`, (H * W,), with means of the values of near superpixels, weighted by likeness.

    `described` is (sums, position, color) of the superpixels.
    """
    (blocks, _), threads = launch.grid_for(out.size, 1)
    args = (pixels, channels, is_rgb, np.float32(white), size, *grid_shape(labels.shape, size))
    painting.average[blocks, threads](*args, *described, labels, values, out)


def fill_change(current, previous, signed, out):
    """Fill `out`, (P,), with `current` less `previous`; if not `signed` with 0 at the least."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    painting.subtract[blocks, threads](current, previous, signed, out)


def clear(out):
    """Fill `out`, (P,), with zeros."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    painting.clear[blocks, threads](out)


def _blocks(items):
    return max(1, -(-items // launch.THREADS))
