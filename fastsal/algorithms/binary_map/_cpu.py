"""Binary maps on the CPU."""

import numpy as np
from numba import parallel_chunksize, prange

from ...images import read_only
from ...kernels import launch
from ...kernels.jit import parallel, serial
from ._cpu_chunks import CHUNK, describe, describe_bands, whole_range
from ._cpu_kmeans import cluster_all, cluster_bands
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
    share_of,
)
from ._cpu_small import (
    ADAPTIVE,
    OTSU,
    fill_starts,
    small_bands,
    small_frames,
    small_kmeans,
    small_kmeans_bands,
)
from ._draws import ATTEMPTS, CLUSTERS


def binary_map(pixels, method, starts, out):
    """Fill `out`, (N, P) of bytes, from shares or bytes; `starts` are those of k-means."""
    if pixels.dtype == np.uint8 and method == "kmeans":
        shares = launch.scratch("binary-map shares", pixels.shape, np.float32)
        args = (pixels.reshape(-1), shares.reshape(-1))
        launch.over_bands(_to_shares, _to_shares_bands, pixels.size, *args)
        pixels = read_only(shares)
    frames, area = out.shape
    if area < launch.PARALLEL_FROM:
        number = {"otsu": OTSU, "adaptive": ADAPTIVE}.get(method, -1)
        fill, fill_bands = small_frames, small_bands
        args = (pixels, number, starts, out)
        if method == "kmeans":
            fill, fill_bands, args = small_kmeans, small_kmeans_bands, (pixels, starts, out)
        launch.over_bands(fill, fill_bands, frames, *args, pixels=out.size)
        return
    fill = {"otsu": _by_otsu, "adaptive": _by_mean, "kmeans": _by_kmeans}[method]
    for values, binary in zip(pixels, out, strict=True):
        fill(values, starts, binary)


def _by_otsu(values, starts, binary):
    counts = launch.scratch("binary-map counts", (_blocks(values), 256), np.int64)
    args = (values, binary, counts)  # the map has room for the levels meanwhile
    launch.over_bands(count_levels, _count_bands, len(counts), *args, pixels=values.size)
    launch.over_bands(cut_levels, _cut_bands, values.size, binary, otsu(counts))


def _by_mean(values, starts, binary):
    sums = launch.scratch("binary-map sums", (_blocks(values), 2), np.int64)
    launch.over_bands(add_up_fixed, _add_up_bands, len(sums), values, sums, pixels=values.size)
    args = (values, bound_of(sums, values.size), binary)
    launch.over_bands(paint_shares, _paint_shares_bands, values.size, *args)


def _by_kmeans(values, starts, binary):
    size = {"pixels": values.size}
    count = -(-values.size // CHUNK)
    chunks = (
        launch.scratch("binary-map ranges", (count, 2), np.float32),
        launch.scratch("binary-map marks", (count,), np.int64),
        launch.scratch("binary-map zeros", (count,), np.int32),
    )
    launch.over_bands(describe, describe_bands, count, values, *chunks, **size)
    extent = whole_range(chunks[0])
    attempts = _new_attempts()
    fill_starts(starts, *extent, attempts[0])
    with parallel_chunksize(1):  # who is done first takes the next
        launch.over_bands(cluster_all, cluster_bands, ATTEMPTS, values, chunks, *attempts, **size)
    centres, old, sizes, moved, spreads = attempts
    best, table = best_of(spreads), np.empty(CLUSTERS, np.uint8)
    if best < 0:
        binary[:] = 0  # as OpenCV, which has no clusters then
        return
    fill_table(centres[best], sizes[best], table)
    args = (values, old[best], extent, moved[best], table, binary)
    launch.over_bands(paint_clusters, _paint_clusters_bands, values.size, *args)


def _new_attempts():
    shape = (ATTEMPTS, CLUSTERS)
    centres, old = np.empty(shape, np.float32), np.empty(shape, np.float32)
    sizes, moved = np.empty(shape, np.int64), np.empty(shape, np.int64)
    return centres, old, sizes, moved, np.empty(ATTEMPTS, np.float64)


def _blocks(values):
    return -(-values.size // BLOCK)


@serial
def _to_shares(levels, shares, start, stop):
    source, target = levels[start:stop], shares[start:stop]
    for i in range(target.size):
        target[i] = share_of(source[i], source.itemsize)


@parallel
def _to_shares_bands(levels, shares, bands):
    for band in prange(bands):
        start, stop = band * shares.size // bands, (band + 1) * shares.size // bands
        _to_shares(levels, shares, start, stop)


@parallel
def _count_bands(values, levels, counts, bands):
    for band in prange(bands):
        start, stop = band * len(counts) // bands, (band + 1) * len(counts) // bands
        count_levels(values, levels, counts, start, stop)


@parallel
def _cut_bands(levels, threshold, bands):
    for band in prange(bands):
        start, stop = band * levels.size // bands, (band + 1) * levels.size // bands
        cut_levels(levels, threshold, start, stop)


@parallel
def _add_up_bands(values, sums, bands):
    for band in prange(bands):
        start, stop = band * len(sums) // bands, (band + 1) * len(sums) // bands
        add_up_fixed(values, sums, start, stop)


@parallel
def _paint_shares_bands(values, bound, binary, bands):
    for band in prange(bands):
        start, stop = band * binary.size // bands, (band + 1) * binary.size // bands
        paint_shares(values, bound, binary, start, stop)


@parallel
def _paint_clusters_bands(values, old, extent, moved, table, binary, bands):
    for band in prange(bands):
        start, stop = band * binary.size // bands, (band + 1) * binary.size // bands
        paint_clusters(values, old, extent, moved, table, binary, start, stop)
