"""Surrounded regions of all Boolean maps on a CUDA device: see _cpu_regions.py.

Equations are those of Zhang and Sclaroff (2016).

The reconstruction is a unique fixpoint, so that sweeps in any order give the same integers.
"""

from numba import cuda, int32, int64, uint32

from ...kernels.jit import device, kernel
from ...kernels.reduce import MAX_THREADS
from ._cuda_planes import range_within
from ._formulas import GROUP, level_of, thresholds_between, thresholds_of, weight_of, word_of


@kernel
def fill_levels(planes, windows, step, levels, border, counts):
    """Fill the levels of each job, and those of the window's border around zeros; a block a job."""
    lows = cuda.shared.array(MAX_THREADS, int64)
    highs = cuda.shared.array(MAX_THREADS, int64)
    rows, cols = planes.shape[2:]
    job = cuda.blockIdx.x
    is_negative = job % 2 == 1
    frame = cuda.blockIdx.y
    plane = planes[frame, job // 2]
    top, bottom = windows[frame, 0], windows[frame, 1]
    left, right = windows[frame, 2], windows[frame, 3]
    low, high = range_within(plane, windows[frame], lows, highs)
    count = thresholds_of(low, high, step)
    i = int64(cuda.threadIdx.x)
    while i < rows * cols:
        row, col = i // cols, i % cols
        level = int64(0)
        is_inside = top <= row < bottom and left <= col < right
        if is_inside:
            level = level_of(plane[row, col], low, count, step, is_negative)
        is_inner = top < row < bottom - 1 and left < col < right - 1
        levels[frame, job, row, col] = level
        border[frame, job, row, col] = 0 if is_inner else level
        i += cuda.blockDim.x
    if cuda.threadIdx.x == 0:
        counts[frame, job] = count


@kernel
def weigh_areas(levels, reached, counts, units, weights):
    """Fill the weights of all thresholds from the areas before dilation; a block per job."""
    job, frame = cuda.blockIdx.x, cuda.blockIdx.y
    _fill_weights(
        levels[frame, job], reached[frame, job], counts[frame, job], job % 2 == 1,
        units[job // 2], weights[frame, job],
    )  # fmt: skip


@device
def _fill_weights(levels, reached, count, is_negative, unit, weights):
    rows, cols = levels.shape
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    i = int64(me)
    while i < weights.size:
        weights[i] = 0
        i += threads
    cuda.syncthreads()
    i = int64(me)
    while i < rows * cols:
        row, col = i // cols, i % cols
        first, last = thresholds_between(
            int64(reached[row, col]), int64(levels[row, col]), count, is_negative
        )
        if first < last:
            cuda.atomic.add(weights, first, 1)
            cuda.atomic.add(weights, last, -1)
        i += threads
    cuda.syncthreads()
    if me == 0:
        area = int64(0)
        for k in range(weights.size):
            area += weights[k]
            weights[k] = area
    cuda.syncthreads()
    i = int64(me)
    while i < weights.size:
        weights[i] = weight_of(weights[i], unit)
        i += threads
    cuda.syncthreads()


@kernel
def spread_across(levels, reached, counts, reach, group, words):
    """Fill `words` with the thresholds of each cell, dilated along the row by OR."""
    jobs, cols = levels.shape[1], levels.shape[3]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    for job in range(jobs):
        word = uint32(0)
        for other in range(max(col - reach, 0), min(col + reach + 1, cols)):
            first, last = thresholds_between(
                int64(reached[frame, job, row, other]),
                int64(levels[frame, job, row, other]),
                counts[frame, job], job % 2 == 1,
            )  # fmt: skip
            word |= word_of(first, last, group)
        words[frame, job, row, col] = word


@kernel
def spread_down(words, windows, reach, grown):
    """Fill `grown` with the words dilated along the column by OR."""
    jobs = words.shape[1]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    top, bottom = windows[frame, 0], windows[frame, 1]
    left, right = windows[frame, 2], windows[frame, 3]
    if top <= row < bottom and left <= col < right:
        for job in range(jobs):
            word = uint32(0)
            for other in range(max(row - reach, top), min(row + reach + 1, bottom)):
                word |= words[frame, job, other, col]
            grown[frame, job, row, col] = word


@kernel
def weigh_maps(grown, windows, units, group, weights):
    """Fill the weights of a group from the areas after dilation; a block per job."""
    areas = cuda.shared.array(GROUP, int32)
    me, threads, job = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    frame = cuda.blockIdx.y
    top, left, cols = windows[frame, 0], windows[frame, 2], windows[frame, 3]
    cols -= left
    k = me
    while k < GROUP:
        areas[k] = 0
        k += threads
    cuda.syncthreads()
    i = int64(me)
    while i < (windows[frame, 1] - top) * cols:
        word = grown[frame, job, top + i // cols, left + i % cols]
        for k in range(GROUP):
            if word >> uint32(k) & uint32(1):
                cuda.atomic.add(areas, k, 1)
        i += threads
    cuda.syncthreads()
    k = me
    while k < GROUP and group * GROUP + k < weights.shape[2]:
        weights[frame, job, group * GROUP + k] = weight_of(areas[k], units[job // 2])
        k += threads


@kernel
def add_maps(grown, weights, windows, group, totals):
    """Add the attention maps of a group to `totals`, which the first one fills (Eqs. 2 and 3)."""
    jobs, cols = grown.shape[1], grown.shape[3]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    top, bottom = windows[frame, 0], windows[frame, 1]
    left, right = windows[frame, 2], windows[frame, 3]
    total = int64(0)
    if top <= row < bottom and left <= col < right:
        for job in range(jobs):
            word = grown[frame, job, row, col]
            for k in range(GROUP):
                if word >> uint32(k) & uint32(1):
                    total += weights[frame, job, group * GROUP + k]
    if group > 0:
        total += totals[frame, row, col]
    totals[frame, row, col] = total
