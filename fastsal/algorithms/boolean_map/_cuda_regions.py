"""Surrounded regions of all Boolean maps on a CUDA device: see _cpu_regions.py.

The reconstruction is a unique fixpoint, so that sweeps in any order give the same integers.
"""

from numba import cuda, int32, int64, uint32

from ...kernels.jit import device, kernel
from ._cuda_planes import MAX_THREADS, range_of_block
from ._math import (
    GROUP,
    level_of,
    thresholds_between,
    thresholds_of,
    weight_of,
    word_of,
)


@kernel
def reconstruct(planes, windows, step, units, levels, reached, counts, weights):
    """Fill levels, reconstructions, and the weights of areas before dilation; a block per job."""
    lows = cuda.shared.array(MAX_THREADS, int64)
    highs = cuda.shared.array(MAX_THREADS, int64)
    changed = cuda.shared.array(1, int32)
    me, threads, job = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    is_negative = job % 2 == 1
    frame = cuda.blockIdx.y
    while frame < planes.shape[0]:
        plane, window = planes[frame, job // 2], windows[frame]
        here, marks = levels[frame, job], reached[frame, job]
        low, high = _range_of_plane(plane, window, lows, highs)
        count = thresholds_of(low, high, step)
        _fill_levels(plane, window, low, count, step, is_negative, here, marks)
        if me == 0:
            counts[frame, job] = count
            changed[0] = 1
        cuda.syncthreads()
        while changed[0]:
            cuda.syncthreads()
            if me == 0:
                changed[0] = 0
            cuda.syncthreads()
            _sweep_rows(here, marks, window, 1, changed)
            _sweep_cols(here, marks, window, 1, changed)
            _sweep_rows(here, marks, window, -1, changed)
            _sweep_cols(here, marks, window, -1, changed)
        _fill_weights(here, marks, window, count, is_negative, units[job // 2], weights[frame, job])
        cuda.syncthreads()
        frame += cuda.gridDim.y


@device
def _range_of_plane(plane, window, lows, highs):
    top, left, cols = window[0], window[2], window[3] - window[2]
    size = (window[1] - top) * cols
    low = high = int64(plane[top, left])
    i = int64(cuda.threadIdx.x)
    while i < size:
        value = int64(plane[top + i // cols, left + i % cols])
        low, high = min(low, value), max(high, value)
        i += cuda.blockDim.x
    return range_of_block(low, high, lows, highs)


@device
def _fill_levels(plane, window, low, count, step, is_negative, levels, reached):
    top, bottom, left, right = window[0], window[1], window[2], window[3]
    cols = right - left
    i = int64(cuda.threadIdx.x)
    while i < (bottom - top) * cols:
        row, col = top + i // cols, left + i % cols
        level = level_of(plane[row, col], low, count, step, is_negative)
        is_border = row == top or row == bottom - 1 or col == left or col == right - 1
        levels[row, col] = level
        reached[row, col] = level if is_border else 0
        i += cuda.blockDim.x
    cuda.syncthreads()


@device
def _raise(levels, reached, row, col, most, changed):
    """Raise a cell to what its neighbours have, as far as its level allows."""
    new = min(most, levels[row, col])
    if reached[row, col] < new:
        reached[row, col] = new
        changed[0] = 1


@device
def _sweep_rows(levels, reached, window, way, changed):
    """Go down or up: each row takes from the last one. Threads along the columns."""
    top, bottom, left, right = window[0], window[1], window[2], window[3]
    for i in range(1, bottom - top):
        row = top + i if way > 0 else bottom - 1 - i
        col = left + cuda.threadIdx.x
        while col < right:
            most = reached[row - way, col]
            if col > left:
                most = max(most, reached[row - way, col - 1])
            if col < right - 1:
                most = max(most, reached[row - way, col + 1])
            _raise(levels, reached, row, col, most, changed)
            col += cuda.blockDim.x
        cuda.syncthreads()


@device
def _sweep_cols(levels, reached, window, way, changed):
    """Go right or left: each column takes from the last one. Threads along the rows."""
    top, bottom, left, right = window[0], window[1], window[2], window[3]
    for i in range(1, right - left):
        col = left + i if way > 0 else right - 1 - i
        row = top + cuda.threadIdx.x
        while row < bottom:
            most = reached[row, col - way]
            if row > top:
                most = max(most, reached[row - 1, col - way])
            if row < bottom - 1:
                most = max(most, reached[row + 1, col - way])
            _raise(levels, reached, row, col, most, changed)
            row += cuda.blockDim.x
        cuda.syncthreads()


@device
def _fill_weights(levels, reached, window, count, is_negative, unit, weights):
    """Fill the weights of all thresholds from the areas before dilation."""
    top, left, cols = window[0], window[2], window[3] - window[2]
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    i = int64(me)
    while i < weights.size:
        weights[i] = 0
        i += threads
    cuda.syncthreads()
    i = int64(me)
    while i < (window[1] - top) * cols:
        row, col = top + i // cols, left + i % cols
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
def spread_across(levels, reached, counts, windows, reach, group, words):
    """Fill `words` with the thresholds of each cell, dilated along the row by OR."""
    frames, jobs, rows, cols = levels.shape
    col = cuda.grid(1)
    frame = cuda.blockIdx.z
    while frame < frames:
        top, bottom = windows[frame, 0], windows[frame, 1]
        left, right = windows[frame, 2], windows[frame, 3]
        row = cuda.blockIdx.y
        while row < rows:
            if top <= row < bottom and left <= col < right:
                for job in range(jobs):
                    word = uint32(0)
                    for other in range(max(col - reach, left), min(col + reach + 1, right)):
                        first, last = thresholds_between(
                            int64(reached[frame, job, row, other]),
                            int64(levels[frame, job, row, other]),
                            counts[frame, job], job % 2 == 1,
                        )  # fmt: skip
                        word |= word_of(first, last, group)
                    words[frame, job, row, col] = word
            row += cuda.gridDim.y
        frame += cuda.gridDim.z


@kernel
def spread_down(words, windows, reach, grown):
    """Fill `grown` with the words dilated along the column by OR."""
    frames, jobs, rows, cols = words.shape
    col = cuda.grid(1)
    frame = cuda.blockIdx.z
    while frame < frames:
        top, bottom = windows[frame, 0], windows[frame, 1]
        left, right = windows[frame, 2], windows[frame, 3]
        row = cuda.blockIdx.y
        while row < rows:
            if top <= row < bottom and left <= col < right:
                for job in range(jobs):
                    word = uint32(0)
                    for other in range(max(row - reach, top), min(row + reach + 1, bottom)):
                        word |= words[frame, job, other, col]
                    grown[frame, job, row, col] = word
            row += cuda.gridDim.y
        frame += cuda.gridDim.z


@kernel
def weigh_maps(grown, windows, units, group, weights):
    """Fill the weights of a group from the areas after dilation; a block per job."""
    areas = cuda.shared.array(GROUP, int32)
    me, threads, job = cuda.threadIdx.x, cuda.blockDim.x, cuda.blockIdx.x
    frame = cuda.blockIdx.y
    while frame < grown.shape[0]:
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
        cuda.syncthreads()
        frame += cuda.gridDim.y


@kernel
def add_maps(grown, weights, windows, group, totals):
    """Fill `totals`, or from the second group on add to them, the weights of each cell's bits."""
    frames, jobs, rows, cols = grown.shape
    col = cuda.grid(1)
    if col >= cols:
        return
    frame = cuda.blockIdx.z
    while frame < frames:
        top, bottom = windows[frame, 0], windows[frame, 1]
        left, right = windows[frame, 2], windows[frame, 3]
        row = cuda.blockIdx.y
        while row < rows:
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
            row += cuda.gridDim.y
        frame += cuda.gridDim.z
