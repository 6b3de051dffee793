"""The end of k-means on a CUDA device: the best attempt, and a map by its clusters."""

from numba import cuda, float32, float64

from ...kernels.jit import kernel
from ._cuda_reads import otsu, times, value_at
from ._draws import ATTEMPTS, CLUSTERS
from ._formulas import level_of, nearest

_INFINITE = float("inf")


@kernel
def choose(centres, old, sizes, moved, spreads, counts, tables):
    """Put the best attempt of each frame first, and fill the table: 255 for its foreground."""
    frame = cuda.grid(1)
    if frame >= spreads.shape[0]:
        return
    best, least = 0, float64(_INFINITE)
    for attempt in range(ATTEMPTS):
        if spreads[frame, attempt] < least:
            best, least = attempt, spreads[frame, attempt]
    for level in range(256):
        counts[frame, level] = 0
    for k in range(CLUSTERS):
        level = level_of(times(float32(255), centres[frame, best, k]))
        counts[frame, level] += sizes[frame, best, k]
        old[frame, 0, k], moved[frame, 0, k] = old[frame, best, k], moved[frame, best, k]
    threshold = otsu(counts, frame)
    for k in range(CLUSTERS):
        level = level_of(times(float32(255), centres[frame, best, k]))
        tables[frame, k] = 255 if level > threshold and least < _INFINITE else 0


@kernel
def paint_clusters(pixels, old, moved, tables, out):
    """Fill with what the table says of the cluster of each value."""
    frame = cuda.blockIdx.y
    while frame < out.shape[0]:
        a, b, c = old[frame, 0, 0], old[frame, 0, 1], old[frame, 0, 2]
        d, e = old[frame, 0, 3], old[frame, 0, 4]
        i = cuda.grid(1)
        while i < out.shape[1]:
            label = nearest(value_at(pixels, frame, i), a, b, c, d, e)
            for k in range(CLUSTERS):
                label = k if moved[frame, 0, k] == i else label
            out[frame, i] = tables[frame, label]
            i += cuda.gridsize(1)
        frame += cuda.gridDim.y
