"""Superpixel contrast on a CUDA device: all pairs, which it sums as fast as others a grid."""

import math

import numpy as np
from numba import cuda, float32

from ...devices import workspace
from ...kernels import launch
from ...kernels.color._math import lab_of_srgb
from ...kernels.jit import kernel
from ...kernels.scale import share, stored
from ..superpixels._grid import grid_shape
from ..superpixels._math import channel_of
from ._math import change, merit, squared_gap, unlikeness, variance

MAX_THREADS = 1024
TILE = 256  # superpixels in shared memory at a time
FEATURES = 6  # colour, position, and 1 or 0: whether there are pixels
TERMS = 6
PARTS = 8  # that the others are cut into, so that there are enough threads
PAIRS_OF_ONE_PART = 1 << 16
LN2 = float32(math.log(2))
DEEPEST = float32(126)  # 2**-126 is the smallest float32 of full precision
NOBODY = float32(1e30)


def score(mine, others, shape, sigmas, steepness, method, values):
    """Fill `values`, (n,), with the saliency of the superpixels of `mine` against `others`.

    Both are (sums, position, color) with a row per tile; `method` is "exact", "fast" or "auto".
    """
    count, stream, threads = len(values), values.stream, launch.THREADS
    units = [sigma * math.sqrt(2 * math.log(2)) for sigma in sigmas]
    points = _points(mine, "mine", shape, units, stream)
    other_points = points if others is mine else _points(others, "others", shape, units, stream)
    parts = 1 if count * other_points.shape[1] <= PAIRS_OF_ONE_PART else PARTS
    partial = workspace("contrast partial", (parts, TERMS, count), np.float32)
    terms = workspace("contrast terms", (2, count), np.float32)
    blocks = _blocks(count)
    _sum_pairs[(blocks, parts), threads, stream](points, other_points, partial)
    _fill_terms[blocks, threads, stream](partial, terms)
    _scale[1, threads, stream](points, terms, np.float32(steepness), values)


def _points(described, name, shape, units, stream):
    sums, position, color = described
    points = workspace(f"contrast {name}", (FEATURES, len(sums)), np.float32)
    by_row, by_col = (np.float32(1 / (side * units[1])) for side in shape)
    args = (sums, position, color, np.float32(1 / units[0]), by_row, by_col, points)
    _fill_points[_blocks(len(sums)), launch.THREADS, stream](*args)
    return points


def paint_values(labels, values, out):
    """Fill `out`, (H * W,), with the value of each pixel's label."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    _paint[blocks, threads, values.stream](labels.reshape(labels.size), values, out)


def average_values(pixels, channels, is_rgb, white, size, described, labels, values, out):
    """Fill `out`, (H * W,), with means of the values of near superpixels, weighted by likeness.

    `described` is (sums, position, color) of the superpixels.
    """
    (blocks, _), threads = launch.grid_for(out.size, 1)
    args = (pixels, channels, is_rgb, np.float32(white), size, *grid_shape(labels.shape, size))
    _average[blocks, threads, pixels.stream](*args, *described, labels, values, out)


def fill_change(current, previous, signed, out):
    """Fill `out`, (P,), with `current` less `previous`; if not `signed` with 0 at the least."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    _fill_change[blocks, threads, current.stream](current, previous, signed, out)


def clear(out):
    """Fill `out`, (P,), with zeros."""
    (blocks, _), threads = launch.grid_for(out.size, 1)
    _clear[blocks, threads, out.stream](out)


def _blocks(items):
    return max(1, -(-items // launch.THREADS))


@kernel
def _fill_points(sums, position, color, by_color, by_row, by_col, points):
    """Fill `points`, (6, n), scaled so that a weight is 2**-(squared gap)."""
    i = cuda.grid(1)
    if i < sums.shape[0]:
        for k in range(3):
            points[k, i] = color[i, k] * by_color
        points[3, i], points[4, i] = position[i, 0] * by_row, position[i, 1] * by_col
        points[5, i] = float32(1) if sums[i, 0] > 0 else float32(0)


@kernel
def _sum_pairs(points, others, partial):
    """Leave the sums over a part of the others, which pass through shared memory tile by tile."""
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
            apart = squared_gap(c0, c1, c2, tile[0, j], tile[1, j], tile[2, j])
            down, across = tile[3, j] - row, tile[4, j] - col
            away = down * down + across * across
            near = tile[5, j] * float32(math.exp(-LN2 * min(away, DEEPEST)))
            alike = tile[5, j] * float32(math.exp(-LN2 * min(apart, DEEPEST)))
            places += near
            unique += near * apart
            colors += alike
            spread += alike * away
            rows += alike * down
            cols += alike * across
        cuda.syncthreads()
        first += TILE
    if i < points.shape[1]:
        partial[part, 0, i], partial[part, 1, i] = places, unique
        partial[part, 2, i], partial[part, 3, i] = colors, spread
        partial[part, 4, i], partial[part, 5, i] = rows, cols


@kernel
def _fill_terms(partial, terms):
    """Add the parts; uniqueness and distribution stay in the units of the points."""
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
def _scale(points, terms, steepness, values):
    """Scale both terms and their product to [0, 1] over the superpixels with pixels, in a block."""
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
                    value = merit(
                        share(terms[0, i], low_unique, high_unique),
                        share(terms[1, i], low_spread, high_spread),
                        steepness,
                    )
                    values[i] = value
                low, high = min(low, value), max(high, value)
            i += cuda.blockDim.x
        lows[thread], highs[thread] = low, high
        step = cuda.blockDim.x // 2
        while step > 0:
            cuda.syncthreads()
            if thread < step:
                lows[thread] = min(lows[thread], lows[thread + step])
                highs[thread] = max(highs[thread], highs[thread + step])
            step //= 2
        cuda.syncthreads()
        low, high = lows[0], highs[0]
        cuda.syncthreads()
        if turn == 0:
            low_unique, high_unique = low, high
        elif turn == 1:
            low_spread, high_spread = low, high
        else:
            i = thread
            while i < count:
                values[i] = share(values[i], low, high) if points[5, i] > 0 else float32(0)
                i += cuda.blockDim.x


@kernel
def _paint(labels, values, out):
    i = cuda.grid(1)
    while i < out.size:
        out[i] = stored(values[labels[i]], out.itemsize)
        i += cuda.gridsize(1)


@kernel
def _average(
    pixels, channels, is_rgb, white, size, down, across, sums, position, color, labels, values, out
):
    cols = labels.shape[1]
    i = cuda.grid(1)
    while i < out.size:
        row, col = i // cols, i % cols
        red = float32(pixels[i * channels + channel_of(0, channels, is_rgb)]) / white
        green = blue = red
        if channels >= 3:
            green = float32(pixels[i * channels + 1]) / white
            blue = float32(pixels[i * channels + channel_of(2, channels, is_rgb)]) / white
        c0, c1, c2 = lab_of_srgb(red, green, blue)
        first_v, first_u = (row + size // 2) // size - 2, (col + size // 2) // size - 2
        nearest = NOBODY
        total = mean = float32(0)
        for turn in range(2):  # first the least unlikeness, so that the greatest weight is 1
            for near in range(16):
                v, u = first_v + near // 4, first_u + near % 4
                if 0 <= v < down and 0 <= u < across and sums[v * across + u, 0] > 0:
                    at = v * across + u
                    apart = squared_gap(c0, c1, c2, color[at, 0], color[at, 1], color[at, 2])
                    drow, dcol = position[at, 0] - float32(row), position[at, 1] - float32(col)
                    times = unlikeness(apart, drow * drow + dcol * dcol)
                    if turn == 0:
                        nearest = min(nearest, times)
                    else:
                        weight = float32(math.exp(-LN2 * min(times - nearest, DEEPEST)))
                        total += weight
                        mean += weight * values[at]
        value = mean / total if total > 0 else values[labels[row, col]]
        out[i] = stored(value, out.itemsize)
        i += cuda.gridsize(1)


@kernel
def _clear(out):
    i = cuda.grid(1)
    while i < out.size:
        out[i] = 0
        i += cuda.gridsize(1)


@kernel
def _fill_change(current, previous, signed, out):
    i = cuda.grid(1)
    while i < out.size:
        out[i] = change(current[i], previous[i], signed, out.itemsize)
        i += cuda.gridsize(1)
