"""Superpixel contrast on a CUDA device: all pairs, in tiles that pass through shared memory."""

import math

import numpy as np
from numba import cuda, float32

from ...devices import workspace
from ...kernels import launch
from ...kernels.jit import kernel
from ...kernels.reduce import MAX_THREADS, range_of_block
from ...kernels.regions._cuda_grid import blocks_for, fill
from ...kernels.scale import fraction
from ..superpixels.options import grid_shape
from . import _cuda_paint as painting
from ._formulas import half_to, saliency_of, squared_distance, variance

TILE = 256  # superpixels in shared memory at a time
FEATURES = 6  # colour, position, and 1 or 0: whether there are pixels
TERMS = 6
PARTS = 8  # of the others, for enough threads
PAIRS_OF_ONE_PART = 1 << 16


def score(current, others, shape, sigmas, steepness, method, values):
    """Fill `values`, (n,), with the saliency of the superpixels of `current` against `others`.

    Both are (sums, position, color) with a row per tile; `method` is "exact", "fast" or "auto".
    """
    count, threads = len(values), launch.THREADS
    units = [sigma * math.sqrt(2 * math.log(2)) for sigma in sigmas]
    points = _points(current, "current", shape, units)
    other_points = points if others is current else _points(others, "others", shape, units)
    parts = 1 if count * other_points.shape[1] <= PAIRS_OF_ONE_PART else PARTS
    partial = workspace("contrast partial", (parts, TERMS, count), np.float32)
    terms = workspace("contrast terms", (2, count), np.float32)
    blocks = blocks_for(count)
    sum_pairs[(blocks, parts), threads](points, other_points, partial)
    fill_terms[blocks, threads](partial, terms)
    scale[1, threads](points, terms, np.float32(steepness), values)


def _points(described, name, shape, units):
    sums, position, color = described
    points = workspace(f"contrast {name}", (FEATURES, len(sums)), np.float32)
    by_row, by_col = (np.float32(1 / (side * units[1])) for side in shape)
    args = (sums, position, color, np.float32(1 / units[0]), by_row, by_col, points)
    fill_points[blocks_for(len(sums)), launch.THREADS](*args)
    return points


@kernel
def fill_points(sums, position, color, by_color, by_row, by_col, points):
    """Fill `points`, (6, n), scaled so that a weight is 2**-(squared distance)."""
    i = cuda.grid(1)
    if i < sums.shape[0]:
        for k in range(3):
            points[k, i] = color[i, k] * by_color
        points[3, i], points[4, i] = position[i, 0] * by_row, position[i, 1] * by_col
        points[5, i] = float32(1) if sums[i, 0] > 0 else float32(0)


@kernel
def sum_pairs(points, others, partial):
    """Write the sums of Eq. 1 and Eq. 4 over a part of the others, by tiles in shared memory."""
    tile = cuda.shared.array((FEATURES, TILE), float32)
    i, thread, part = cuda.grid(1), cuda.threadIdx.x, cuda.blockIdx.y
    count, parts = others.shape[1], cuda.gridDim.y
    me = min(i, points.shape[1] - 1)
    c0, c1, c2, row, col = points[0, me], points[1, me], points[2, me], points[3, me], points[4, me]
    places = unique = colors = spread = rows = cols = float32(0)
    first, stop = part * count // parts, (part + 1) * count // parts
    while first < stop:
        inside = min(TILE, stop - first)
        j = thread
        while j < inside:
            for feature in range(FEATURES):
                tile[feature, j] = others[feature, first + j]
            j += cuda.blockDim.x
        cuda.syncthreads()
        for j in range(inside):
            color_dist = squared_distance(c0, c1, c2, tile[0, j], tile[1, j], tile[2, j])
            down, across = tile[3, j] - row, tile[4, j] - col
            spatial_dist = down * down + across * across
            near = tile[5, j] * half_to(spatial_dist)
            similar = tile[5, j] * half_to(color_dist)
            places += near
            unique += near * color_dist
            colors += similar
            spread += similar * spatial_dist
            rows += similar * down
            cols += similar * across
        cuda.syncthreads()
        first += TILE
    if i < points.shape[1]:
        partial[part, 0, i], partial[part, 1, i] = places, unique
        partial[part, 2, i], partial[part, 3, i] = colors, spread
        partial[part, 4, i], partial[part, 5, i] = rows, cols


@kernel
def fill_terms(partial, terms):
    """Add the parts to uniqueness (Eq. 1) and distribution (Eq. 4), in the units of the points."""
    i = cuda.grid(1)
    if i < partial.shape[2]:
        places = unique = colors = spread = rows = cols = float32(0)
        for part in range(partial.shape[0]):
            places += partial[part, 0, i]
            unique += partial[part, 1, i]
            colors += partial[part, 2, i]
            spread += partial[part, 3, i]
            rows += partial[part, 4, i]
            cols += partial[part, 5, i]
        terms[0, i] = unique / places
        terms[1, i] = variance(spread / colors, rows / colors, cols / colors)


@kernel
def scale(points, terms, steepness, values):
    """Scale both terms and the saliency (Eq. 7) of superpixels with pixels to [0, 1]."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    thread, count = cuda.threadIdx.x, values.size
    low_unique = high_unique = low_spread = high_spread = float32(0)
    for turn in range(3):
        low, high = float32(1e38), float32(-1e38)
        i = thread
        while i < count:
            if points[5, i] > 0:
                if turn < 2:
                    value = terms[turn, i]
                else:
                    value = saliency_of(
                        fraction(terms[0, i], low_unique, high_unique),
                        fraction(terms[1, i], low_spread, high_spread),
                        steepness,
                    )
                    values[i] = value
                low, high = min(low, value), max(high, value)
            i += cuda.blockDim.x
        low, high = range_of_block(low, high, lows, highs)
        if turn == 0:
            low_unique, high_unique = low, high
        elif turn == 1:
            low_spread, high_spread = low, high
        else:
            i = thread
            while i < count:
                values[i] = fraction(values[i], low, high) if points[5, i] > 0 else float32(0)
                i += cuda.blockDim.x


def paint_values(labels, values, out):
    """Fill `out`, (H * W,), with the value of each pixel's label."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    painting.paint[blocks, threads](labels.reshape(labels.size), values, out)


def average_values(pixels, channels, is_rgb, white, size, described, labels, values, out):
    """Fill `out`, (H * W,), with means of the values of near superpixels, weighted by similarity.

    `described` is (sums, position, color) of the superpixels.
    """
    (blocks, _), threads = launch.grid_for(out.size, 1)
    args = (pixels, channels, is_rgb, np.float32(white), size, *grid_shape(labels.shape, size))
    painting.average[blocks, threads](*args, *described, labels, values, out)


def fill_change(current, previous, signed, out):
    """Fill `out`, (P,), with `current` minus `previous`; if not `signed` at least 0."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    painting.subtract[blocks, threads](current, previous, signed, out)


def clear(out):
    """Fill `out`, (P,), with zeros."""
    fill(out, out.dtype.type(0))
