"""Binary maps on a CUDA device; thresholds stay there, so the host waits for nothing."""

import numpy as np
from numba import cuda, float32, float64, int32, int64

from ...devices import workspace
from ...kernels import launch
from ...kernels.jit import kernel
from ._cuda_kmeans import (
    cluster,
    fill_extents,
    fraction_at,
    level_at,
    otsu,
    reset_extents,
    times,
    value_at,
)
from ._draws import ATTEMPTS, CLUSTERS
from ._formulas import fixed, level_of, nearest, twice_the_mean

LOW_BITS = 26
MANY = 32  # values per thread before a block adds its results to those of others


def binary_map(pixels, method, starts, out):
    """Fill `out`, (N, P) of bytes, from floats in [0, 1] or bytes; `starts` are for k-means."""
    for part, binary in launch.in_groups(launch.MOST_DEEP, pixels, out):
        if method == "otsu":
            _by_otsu(part, binary)
        elif method == "adaptive":
            _by_mean(part, binary)
        else:
            _by_kmeans(part, starts, binary)


def _by_otsu(pixels, out):
    grid = launch.grid_for(out.shape[1], out.shape[0])
    few = launch.grid_for(out.shape[1], out.shape[0], per_thread=MANY)
    counts = workspace("binary-map counts", (len(out), 256), np.int32)
    thresholds = workspace("binary-map thresholds", (len(out),), np.int32)
    _clear[(1, grid[0][1]), launch.THREADS](counts)
    _count[few](pixels, counts)
    _fill_thresholds[-(-len(out) // 32), 32](counts, thresholds)
    _paint_levels[grid](pixels, thresholds, out)


def _by_mean(pixels, out):
    grid = launch.grid_for(out.shape[1], out.shape[0])
    few = launch.grid_for(out.shape[1], out.shape[0], per_thread=MANY)
    sums = workspace("binary-map sums", (len(out), 2), np.int64)
    bounds = workspace("binary-map bounds", (len(out),), np.float32)
    _clear[(1, grid[0][1]), launch.THREADS](sums)
    _add_up[few](pixels, sums)
    _fill_bounds[-(-len(out) // 32), 32](sums, out.shape[1], bounds)
    _paint_above[grid](pixels, bounds, out)


def _by_kmeans(pixels, starts, out):
    frames, area = out.shape
    grid = launch.grid_for(area, frames)
    few = launch.grid_for(area, frames, per_thread=MANY)
    extents = workspace("binary-map extents", (frames, 2), np.int32)
    centres, old = (
        workspace(f"binary-map {name}", (frames, ATTEMPTS, CLUSTERS), np.float32)
        for name in ("centres", "old")
    )
    sizes, moved = (
        workspace(f"binary-map {name}", (frames, ATTEMPTS, CLUSTERS), np.int32)
        for name in ("sizes", "moved")
    )
    inertias = workspace("binary-map spreads", (frames, ATTEMPTS), np.float64)
    counts = workspace("binary-map counts", (frames, 256), np.int32)
    tables = workspace("binary-map tables", (frames, CLUSTERS), np.uint8)
    attempts = centres, old, sizes, moved, inertias
    reset_extents[-(-frames // 32), 32](extents)
    fill_extents[few](pixels, extents)
    blocks = ATTEMPTS, frames
    fractions = tuple(np.float32(fraction) for fraction in starts.ravel())
    cluster[blocks, launch.THREADS](pixels, fractions, extents, *attempts)
    choose[-(-frames // 32), 32](*attempts, counts, tables)
    paint_clusters[grid](pixels, old, moved, tables, out)


@kernel
def _clear(array):
    i, frame = cuda.threadIdx.x, cuda.blockIdx.y
    while i < array.shape[1]:
        array[frame, i] = 0
        i += cuda.blockDim.x


@kernel
def _count(pixels, counts):
    """Add to the counts of each frame how many of its values have each level of grey."""
    part = cuda.shared.array(256, int32)
    level = cuda.threadIdx.x
    while level < 256:
        part[level] = 0
        level += cuda.blockDim.x
    cuda.syncthreads()
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < pixels.shape[1]:
        cuda.atomic.add(part, level_at(pixels, frame, i), 1)
        i += cuda.gridsize(1)
    cuda.syncthreads()
    level = cuda.threadIdx.x
    while level < 256:
        if part[level]:
            cuda.atomic.add(counts, (frame, level), part[level])
        level += cuda.blockDim.x


@kernel
def _fill_thresholds(counts, thresholds):
    frame = cuda.grid(1)
    if frame < counts.shape[0]:
        thresholds[frame] = otsu(counts, frame)


@kernel
def _paint_levels(pixels, thresholds, out):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < out.shape[1]:
        out[frame, i] = 255 if level_at(pixels, frame, i) > thresholds[frame] else 0
        i += cuda.gridsize(1)


@kernel
def _add_up(pixels, sums):
    """Add to the sums of each frame its values as `fixed`, in two parts that fit 64 bits."""
    part = cuda.shared.array(2, int64)
    me = cuda.threadIdx.x
    if me < 2:
        part[me] = 0
    cuda.syncthreads()
    high, low = int64(0), int64(0)
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < pixels.shape[1]:
        value = fixed(fraction_at(pixels, frame, i))
        high += value >> LOW_BITS
        low += value & ((int64(1) << LOW_BITS) - 1)
        i += cuda.gridsize(1)
    cuda.atomic.add(part, 0, high)
    cuda.atomic.add(part, 1, low)
    cuda.syncthreads()
    if me < 2:
        cuda.atomic.add(sums, (frame, me), part[me])


@kernel
def _fill_bounds(sums, count, bounds):
    frame = cuda.grid(1)
    if frame < sums.shape[0]:
        bounds[frame] = twice_the_mean(sums[frame, 0], sums[frame, 1], count)


@kernel
def _paint_above(pixels, bounds, out):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < out.shape[1]:
        out[frame, i] = 255 if fraction_at(pixels, frame, i) > bounds[frame] else 0
        i += cuda.gridsize(1)


_INFINITE = float("inf")


@kernel
def choose(centres, old, sizes, moved, inertias, counts, tables):
    """Put the best attempt of each frame first, and fill the table: 255 for its foreground."""
    frame = cuda.grid(1)
    if frame >= inertias.shape[0]:
        return
    best, minimum = 0, float64(_INFINITE)
    for attempt in range(ATTEMPTS):
        if inertias[frame, attempt] < minimum:
            best, minimum = attempt, inertias[frame, attempt]
    for level in range(256):
        counts[frame, level] = 0
    for k in range(CLUSTERS):
        level = level_of(times(float32(255), centres[frame, best, k]))
        counts[frame, level] += sizes[frame, best, k]
        old[frame, 0, k], moved[frame, 0, k] = old[frame, best, k], moved[frame, best, k]
    threshold = otsu(counts, frame)
    for k in range(CLUSTERS):
        level = level_of(times(float32(255), centres[frame, best, k]))
        tables[frame, k] = 255 if level > threshold and minimum < _INFINITE else 0


@kernel
def paint_clusters(pixels, old, moved, tables, out):
    """Fill with the table's entry for the cluster of each value."""
    i, frame = cuda.grid(1), cuda.blockIdx.y
    a, b, c = old[frame, 0, 0], old[frame, 0, 1], old[frame, 0, 2]
    d, e = old[frame, 0, 3], old[frame, 0, 4]
    while i < out.shape[1]:
        label = nearest(value_at(pixels, frame, i), a, b, c, d, e)
        for k in range(CLUSTERS):
            label = k if moved[frame, 0, k] == i else label
        out[frame, i] = tables[frame, label]
        i += cuda.gridsize(1)
