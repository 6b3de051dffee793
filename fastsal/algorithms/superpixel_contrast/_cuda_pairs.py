"""All pairs of superpixels on a CUDA device, in tiles that pass through shared memory."""

import math

from numba import cuda, float32

from ...kernels.jit import kernel
from ...kernels.scale import fraction
from ._formulas import merit, squared_gap, variance

MAX_THREADS = 1024
TILE = 256  # superpixels in shared memory at a time
FEATURES = 6  # colour, position, and 1 or 0: whether there are pixels
TERMS = 6
LN2 = float32(math.log(2))
DEEPEST = float32(126)  # 2**-126 is the smallest float32 of full precision


@kernel
def fill_points(sums, position, color, by_color, by_row, by_col, points):
    """Fill `points`, (6, n), scaled so that a weight is 2**-(squared gap)."""
    i = cuda.grid(1)
    if i < sums.shape[0]:
        for k in range(3):
            points[k, i] = color[i, k] * by_color
        points[3, i], points[4, i] = position[i, 0] * by_row, position[i, 1] * by_col
        points[5, i] = float32(1) if sums[i, 0] > 0 else float32(0)


@kernel
def sum_pairs(points, others, partial):
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
def fill_terms(partial, terms):
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
def scale(points, terms, steepness, values):
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
                        fraction(terms[0, i], low_unique, high_unique),
                        fraction(terms[1, i], low_spread, high_spread),
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
                values[i] = fraction(values[i], low, high) if points[5, i] > 0 else float32(0)
                i += cuda.blockDim.x
