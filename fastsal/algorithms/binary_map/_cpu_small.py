"""Binary maps of small frames on the CPU: each frame is one thread's affair."""

import numpy as np
from numba import float32

from ...kernels.jit import banded, serial
from ._cpu_chunks import CHUNK, describe, whole_range
from ._cpu_kmeans import cluster_all
from ._cpu_paint import (
    BLOCK,
    add_up_fixed,
    best_of,
    bound_of,
    count_levels,
    cut_levels,
    fill_table,
    otsu,
    paint_clusters,
    paint_shares,
)
from ._draws import ATTEMPTS, CLUSTERS
from ._formulas import start_of


@serial
def fill_starts(starts, low, high, centres):
    for attempt in range(ATTEMPTS):
        for k in range(CLUSTERS):
            offset = float32(starts[attempt, k] * float32(high - low))
            centres[attempt, k] = start_of(offset, low)


@banded
def small_frames(pixels, is_otsu, out, start, stop):
    area = out.shape[1]
    blocks = -(-area // BLOCK)
    counts, sums = np.empty((blocks, 256), np.int64), np.empty((blocks, 2), np.int64)
    for frame in range(start, stop):
        if is_otsu:
            count_levels(pixels[frame], out[frame], counts, 0, blocks)
            cut_levels(out[frame], otsu(counts), 0, area)
        else:
            add_up_fixed(pixels[frame], sums, 0, blocks)
            paint_shares(pixels[frame], bound_of(sums, area), out[frame], 0, area)


@banded
def small_kmeans(pixels, starts, out, start, stop):
    area, shape = out.shape[1], (ATTEMPTS, CLUSTERS)
    count = -(-area // CHUNK)
    ranges = np.empty((count, 2), np.float32)
    marks, zeros = np.empty(count, np.int64), np.empty(count, np.int32)
    centres, old = np.empty(shape, np.float32), np.empty(shape, np.float32)
    sizes, moved = np.empty(shape, np.int64), np.empty(shape, np.int64)
    spreads, table = np.empty(ATTEMPTS, np.float64), np.empty(CLUSTERS, np.uint8)
    for frame in range(start, stop):
        values = pixels[frame]
        describe(values, ranges, marks, zeros, 0, count)
        extent = whole_range(ranges)
        fill_starts(starts, extent[0], extent[1], centres)
        chunks = (ranges, marks, zeros)
        cluster_all(values, chunks, centres, old, sizes, moved, spreads)
        best = best_of(spreads)
        if best < 0:
            out[frame, :] = 0
            continue
        fill_table(centres[best], sizes[best], table)
        paint_clusters(values, old[best], extent, moved[best], table, out[frame], 0, area)
