"""Binary maps on the CPU: threads share a large frame, and each processes whole small frames."""

import numpy as np
from numba import float32, parallel_chunksize

from ...images import read_only
from ...kernels import launch, threads
from ...kernels.jit import banded, serial
from ._cpu_assign import CHUNK, describe, whole_range
from ._cpu_kmeans import cluster_all, cluster_at_once
from ._cpu_paint import (
    BLOCK,
    add_up_fixed,
    best_of,
    bound_of,
    count_levels,
    cut_levels,
    fill_table,
    fraction_of,
    otsu,
    paint_above,
    paint_clusters,
)
from ._draws import ATTEMPTS, CLUSTERS
from ._formulas import start_of


def binary_map(pixels, method, starts, out):
    """Fill `out`, (N, P) of bytes, from floats in [0, 1] or bytes; `starts` are for k-means."""
    if pixels.dtype == np.uint8 and method == "kmeans":
        fractions = launch.scratch("binary-map shares", pixels.shape, np.float32)
        args = (pixels.reshape(-1), fractions.reshape(-1))
        launch.over_bands(_to_fractions, pixels.size, *args)
        pixels = read_only(fractions)
    frames, area = out.shape
    if area < launch.PARALLEL_FROM:
        fill, args = small_frames, (pixels, method == "otsu", out)
        if method == "kmeans":
            fill, args = small_kmeans, (pixels, starts, out)
        launch.over_bands(fill, frames, *args, pixels=out.size)
        return
    for values, binary in zip(pixels, out, strict=True):
        if method == "otsu":
            _by_otsu(values, binary)
        elif method == "adaptive":
            _by_mean(values, binary)
        else:
            _by_kmeans(values, starts, binary)


def _by_otsu(values, binary):
    counts = launch.scratch("binary-map counts", (_blocks(values), 256), np.int64)
    args = (values, binary, counts)  # the map holds the levels meanwhile
    launch.over_bands(count_levels, len(counts), *args, pixels=values.size)
    launch.over_bands(cut_levels, values.size, binary, otsu(counts))


def _by_mean(values, binary):
    sums = launch.scratch("binary-map sums", (_blocks(values), 2), np.int64)
    launch.over_bands(add_up_fixed, len(sums), values, sums, pixels=values.size)
    args = (values, bound_of(sums, values.size), binary)
    launch.over_bands(paint_above, values.size, *args)


def _by_kmeans(values, starts, binary):
    size = {"pixels": values.size}
    count = -(-values.size // CHUNK)
    chunks = (
        launch.scratch("binary-map ranges", (count, 2), np.float32),
        launch.scratch("binary-map marks", (count,), np.int64),
        launch.scratch("binary-map zeros", (count,), np.int32),
    )
    launch.over_bands(describe, count, values, *chunks, **size)
    extent = whole_range(chunks[0])
    attempts = _new_attempts()
    fill_starts(starts, *extent, attempts[0])
    with threads.safe_section(), parallel_chunksize(1):  # the first idle thread takes the next
        cluster_at_once(values, chunks, *attempts)
    centres, old, sizes, moved, inertias = attempts
    best, table = best_of(inertias), np.empty(CLUSTERS, np.uint8)
    if best < 0:
        binary[:] = 0  # as in OpenCV, which then has no clusters
        return
    fill_table(centres[best], sizes[best], table)
    args = (values, old[best], extent, moved[best], table, binary)
    launch.over_bands(paint_clusters, values.size, *args)


def _new_attempts():
    shape = (ATTEMPTS, CLUSTERS)
    centres, old = np.empty(shape, np.float32), np.empty(shape, np.float32)
    sizes, moved = np.empty(shape, np.int64), np.empty(shape, np.int64)
    return centres, old, sizes, moved, np.empty(ATTEMPTS, np.float64)


def _blocks(values):
    return -(-values.size // BLOCK)


@banded
def _to_fractions(levels, fractions, start, stop):
    source, target = levels[start:stop], fractions[start:stop]
    for i in range(target.size):
        target[i] = fraction_of(source[i], source.itemsize)


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
            paint_above(pixels[frame], bound_of(sums, area), out[frame], 0, area)


@banded
def small_kmeans(pixels, starts, out, start, stop):
    area, shape = out.shape[1], (ATTEMPTS, CLUSTERS)
    count = -(-area // CHUNK)
    ranges = np.empty((count, 2), np.float32)
    marks, zeros = np.empty(count, np.int64), np.empty(count, np.int32)
    centres, old = np.empty(shape, np.float32), np.empty(shape, np.float32)
    sizes, moved = np.empty(shape, np.int64), np.empty(shape, np.int64)
    inertias, table = np.empty(ATTEMPTS, np.float64), np.empty(CLUSTERS, np.uint8)
    for frame in range(start, stop):
        values = pixels[frame]
        describe(values, ranges, marks, zeros, 0, count)
        extent = whole_range(ranges)
        fill_starts(starts, extent[0], extent[1], centres)
        chunks = (ranges, marks, zeros)
        cluster_all(values, chunks, centres, old, sizes, moved, inertias)
        best = best_of(inertias)
        if best < 0:
            out[frame, :] = 0
            continue
        fill_table(centres[best], sizes[best], table)
        paint_clusters(values, old[best], extent, moved[best], table, out[frame], 0, area)
