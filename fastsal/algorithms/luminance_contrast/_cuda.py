"""Luminance contrast on a CUDA device: count the levels, score each, look every pixel's score up.

Blocks along x share a frame, blocks along y are frames; neighbouring threads take neighbouring
pixels. Nothing waits for the host in between, and the work arrays are kept from call to call.
"""

import numpy as np
from numba import cuda, float32, int32, int64, uint32

from ...devices import forget_workspaces, workspace
from ...kernels import launch
from ...kernels.color._cuda import fill_luma
from ...kernels.jit import kernel
from ...kernels.reduce import MAX_THREADS
from ...kernels.scale import fraction, stored
from ._formulas import contrast

# One histogram per lane of a warp, interleaved: no two lanes meet in one bank or one counter.
LANES = 32
BINS = 256 * LANES


def luminance_contrast(pixels, channels, weights, out):
    """Fill `out`, (N, P), from `pixels`, (N, P * channels)."""
    try:
        for part, saliency in launch.in_groups(launch.MOST_DEEP, pixels, out):
            _launch(part, channels, weights, saliency)
    except BaseException:
        forget_workspaces()  # counts that were not cleared would add to the next call's
        raise


def _launch(pixels, channels, weights, out):
    frames, area = out.shape
    levels = 1 << 8 * np.dtype(pixels.dtype).itemsize
    gray = pixels
    if channels > 1:
        gray = workspace("luma", out.shape, pixels.dtype)
        fill_luma(pixels, channels, weights, gray)
    counts = workspace(f"counts {levels}", (frames, levels), np.uint32, zeroed=True)
    scores = workspace(f"scores {levels}", (frames, levels), np.float32)
    count, paint = (_count_bytes, _paint_bytes) if levels == 256 else (_count_words, _paint_words)
    blocks, threads = launch.grid_for(area, frames, per_thread=32)
    count[blocks, threads](gray, counts)
    _fill_scores[frames, threads](counts, scores)
    blocks, threads = launch.grid_for(area, frames, per_thread=16)
    paint[blocks, threads](gray, scores, out)


@kernel
def _count_bytes(gray, counts):
    private = cuda.shared.array(BINS, uint32)
    lane = cuda.threadIdx.x % LANES
    area, step = gray.shape[1], cuda.gridsize(1)
    i = cuda.threadIdx.x
    while i < BINS:
        private[i] = 0
        i += cuda.blockDim.x
    cuda.syncthreads()
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i + 3 * step < area:
        # Four loads start before the first result is needed.
        a, b = int32(gray[frame, i]), int32(gray[frame, i + step])
        c, d = int32(gray[frame, i + 2 * step]), int32(gray[frame, i + 3 * step])
        cuda.atomic.add(private, a * LANES + lane, uint32(1))
        cuda.atomic.add(private, b * LANES + lane, uint32(1))
        cuda.atomic.add(private, c * LANES + lane, uint32(1))
        cuda.atomic.add(private, d * LANES + lane, uint32(1))
        i += 4 * step
    while i < area:
        cuda.atomic.add(private, int32(gray[frame, i]) * LANES + lane, uint32(1))
        i += step
    cuda.syncthreads()
    level = cuda.threadIdx.x
    while level < 256:
        total = uint32(0)
        for other in range(LANES):
            # Rotated by the level, so that the lanes of a warp read different banks.
            total += private[level * LANES + (level + other) % LANES]
        if total > 0:
            cuda.atomic.add(counts, (frame, level), uint32(total))
        level += cuda.blockDim.x


@kernel
def _count_words(gray, counts):
    # 65,536 counters outgrow a block's shared memory; spread that wide, few pixels collide.
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < gray.shape[1]:
        cuda.atomic.add(counts, (frame, int32(gray[frame, i])), uint32(1))
        i += cuda.gridsize(1)


@kernel
def _fill_scores(counts, scores):
    """Score the levels of a frame per block, and leave `counts` zeroed for the next call.

    The contrast of a level is its distance to all pixels: Zhai and Shah (2006).
    """
    part_count = cuda.shared.array(MAX_THREADS, int64)
    part_sum = cuda.shared.array(MAX_THREADS, int64)
    part_low = cuda.shared.array(MAX_THREADS, int64)
    part_high = cuda.shared.array(MAX_THREADS, int64)
    me, threads, levels = cuda.threadIdx.x, cuda.blockDim.x, counts.shape[1]
    start, stop = me * levels // threads, (me + 1) * levels // threads
    frame = cuda.blockIdx.x
    count, total = int64(0), int64(0)
    for level in range(start, stop):
        present = int64(counts[frame, level])
        count += present
        total += present * level
    part_count[me] = count
    part_sum[me] = total
    cuda.syncthreads()

    count, total, count_below, sum_below = int64(0), int64(0), int64(0), int64(0)
    for other in range(threads):
        if other < me:
            count_below += part_count[other]
            sum_below += part_sum[other]
        count += part_count[other]
        total += part_sum[other]
    count_before, sum_before = count_below, sum_below
    low, high = int64(-1), int64(-1)
    for level in range(start, stop):
        present = int64(counts[frame, level])
        count_below += present
        sum_below += present * level
        if present > 0:
            score = contrast(level, count_below, sum_below, count, total)
            low = score if low < 0 else min(low, score)
            high = max(high, score)
    part_low[me] = low
    part_high[me] = high
    cuda.syncthreads()

    for other in range(threads):
        if part_low[other] >= 0:
            low = part_low[other] if low < 0 else min(low, part_low[other])
            high = max(high, part_high[other])
    count_below, sum_below = count_before, sum_before
    for level in range(start, stop):
        present = int64(counts[frame, level])
        counts[frame, level] = 0
        count_below += present
        sum_below += present * level
        if present > 0:
            score = contrast(level, count_below, sum_below, count, total)
            scores[frame, level] = fraction(score, low, high)


@kernel
def _paint_bytes(gray, scores, out):
    table = cuda.shared.array(256, float32)
    area, step = out.shape[1], cuda.gridsize(1)
    level, frame = cuda.threadIdx.x, cuda.blockIdx.y
    while level < 256:
        table[level] = scores[frame, level]
        level += cuda.blockDim.x
    cuda.syncthreads()
    i = cuda.grid(1)
    while i + 3 * step < area:
        # Four loads start before the first store, or they would wait for it.
        a, b = table[gray[frame, i]], table[gray[frame, i + step]]
        c, d = table[gray[frame, i + 2 * step]], table[gray[frame, i + 3 * step]]
        out[frame, i] = stored(a, out.itemsize)
        out[frame, i + step] = stored(b, out.itemsize)
        out[frame, i + 2 * step] = stored(c, out.itemsize)
        out[frame, i + 3 * step] = stored(d, out.itemsize)
        i += 4 * step
    while i < area:
        out[frame, i] = stored(table[gray[frame, i]], out.itemsize)
        i += step


@kernel
def _paint_words(gray, scores, out):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < out.shape[1]:
        out[frame, i] = stored(scores[frame, gray[frame, i]], out.itemsize)
        i += cuda.gridsize(1)
