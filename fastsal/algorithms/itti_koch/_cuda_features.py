"""Centre-surround features: compared, promoted, and reduced to the scale of the map."""

import numpy as np
from numba import cuda, float32, int32, int64

from ...kernels.jit import device, kernel
from ...kernels.postprocess._formulas import lerp
from ...kernels.reduce import MAX_THREADS
from ._formulas import modality, place, promotion, ramp, range_weight, units


@kernel
def clear(spans, tallies, bright):
    """Clear the results that later kernels raise: ranges, counts and the brightest."""
    tasks = spans.shape[1]
    frame = cuda.blockIdx.x
    if cuda.threadIdx.x == 0:
        bright[frame] = float32(0)
    task = cuda.threadIdx.x
    while task < tasks:
        spans[frame, task, 0], spans[frame, task, 1] = float32(np.inf), float32(-np.inf)
        for part in range(3):
            tallies[frame, task, 0, part] = 0
            tallies[frame, task, 1, part] = 0
        task += cuda.blockDim.x


@kernel
def compare(blocks, sizes, tasks, offsets, is_sum, planes, contrasts, spans):
    """Fill with centre minus surround (Eq. 1 to 4), weaker near the border; update the ranges."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    task, me = blocks[cuda.blockIdx.x, 0], cuda.threadIdx.x
    plane, center, surround = tasks[task, 0], tasks[task, 1], tasks[task, 2]
    rows, cols = sizes[center, 0], sizes[center, 1]
    i = blocks[cuda.blockIdx.x, 1] + int32(me)
    row = i // cols
    col = i - row * cols
    is_sum = is_sum and (plane == 1 or plane == 2)
    frame = cuda.blockIdx.z
    low, high = float32(np.inf), float32(-np.inf)
    if row < rows:
        around = _surround(planes[frame, plane], sizes, surround, surround - center, row, col)
        gap = planes[frame, plane, sizes[center, 2] + i]
        gap = gap + around if is_sum else gap - around
        margin = sizes[center, 3]
        gap *= ramp(col, cols, margin) * ramp(row, rows, margin)
        gap = gap if tasks[task, 3] else abs(gap)
        contrasts[frame, offsets[task] + i] = gap
        low = high = gap
    lows[me] = low
    highs[me] = high
    low, high = gather(lows, highs)
    if me == 0:
        cuda.atomic.min(spans, (frame, task, 0), low)
        cuda.atomic.max(spans, (frame, task, 1), high)


@device
def _surround(plane, sizes, level, octaves, row, col):
    rows, cols, offset = sizes[level, 0], sizes[level, 1], sizes[level, 2]
    top, down = place(row, octaves, rows)
    left, across = place(col, octaves, cols)
    right, bottom = min(left + 1, cols - 1), min(top + 1, rows - 1)
    upper, lower = offset + top * cols, offset + bottom * cols
    return lerp(
        lerp(plane[upper + left], plane[upper + right], across),
        lerp(plane[lower + left], plane[lower + right], across),
        down,
    )


@device
def gather(lows, highs):
    """Return the minimum and maximum over the block's threads, to each of them."""
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    groups = max(1, threads // 16)
    cuda.syncthreads()
    i = me + groups
    while me < groups and i < threads:
        lows[me] = min(lows[me], lows[i])
        highs[me] = max(highs[me], highs[i])
        i += groups
    cuda.syncthreads()
    low, high = lows[0], highs[0]
    for group in range(1, groups):
        low, high = min(low, lows[group]), max(high, highs[group])
    return low, high


@device
def range_of(spans, frame, task, has_signs, sign):
    """Return the minimum and maximum of one sign and of both, which map to 0 and 1."""
    low, high = spans[frame, task, 0], spans[frame, task, 1]
    if not has_signs:
        return low, high, high
    return float32(0), high if sign == 0 else -low, max(high, -low)


@kernel
def count(blocks, sizes, tasks, offsets, flats, contrasts, spans, tallies):
    """Sum and count the local maxima of each sign of each feature, for N (section 2.2)."""
    sums = cuda.shared.array(6, int32)
    task, me = blocks[cuda.blockIdx.x, 0], cuda.threadIdx.x
    center, has_signs = tasks[task, 1], tasks[task, 3]
    rows, cols = sizes[center, 0], sizes[center, 1]
    i = blocks[cuda.blockIdx.x, 1] + int32(me)
    row = i // cols
    col = i - row * cols
    inside = 0 < row < rows - 1 and 0 < col < cols - 1
    flat = flat_of(flats, tasks[task, 0])
    frame = cuda.blockIdx.z
    part = int32(me)
    while part < 6:
        sums[part] = 0
        part += cuda.blockDim.x
    cuda.syncthreads()
    if inside:
        for sign in range(2 if has_signs else 1):
            low, top, high = range_of(spans, frame, task, has_signs, sign)
            if high - low > flat:
                _count_pixel(
                    contrasts[frame], offsets[task] + i, cols, sign, low, top,
                    float32(1) / (high - low), sums,
                )  # fmt: skip
    cuda.syncthreads()
    part = int32(me)
    while part < 6:
        if sums[part] > 0:
            cuda.atomic.add(tallies, (frame, task, part // 3, part % 3), int64(sums[part]))
        part += cuda.blockDim.x


@device
def _count_pixel(contrasts, at, cols, sign, low, top, scale, sums):
    factor = float32(-1) if sign else float32(1)
    value = factor * contrasts[at]
    if not value > low + float32(0.1) * (top - low):
        return
    above, below = at - cols, at + cols
    beside = value >= factor * contrasts[at - 1] and value >= factor * contrasts[at + 1]
    if (
        beside
        and _rises_above(value, factor, contrasts, above)
        and _rises_above(value, factor, contrasts, below)
    ):
        cuda.atomic.add(sums, 3 * sign, units(value, low, scale))
        cuda.atomic.add(sums, 3 * sign + 1, int32(1))
        if value >= top:
            cuda.atomic.add(sums, 3 * sign + 2, int32(1))


@device
def _rises_above(value, factor, contrasts, at):
    """Return whether none of the three pixels around `at` is greater."""
    if factor * contrasts[at - 1] > value or factor * contrasts[at + 1] > value:
        return False
    return value >= factor * contrasts[at]


@device
def gain_of(promotes, total, count, has_top, low, top, scale):
    """Return the factor of a map: `scale` times N's promotion (section 2.2)."""
    if not promotes:
        return scale
    maximum = units(top, low, scale)
    if has_top:
        total, count = total - maximum, count - 1
    return scale * promotion(maximum, total, count)


@kernel
def reduce(sizes, tasks, offsets, flats, shares, promotes, contrasts, spans, tallies, summed):
    """Fill with the sums of a plane's features at the scale of the map (Eq. 5 to 7)."""
    rows, cols = summed.shape[2:]
    i, plane = int32(cuda.grid(1)), cuda.blockIdx.y
    if i >= rows * cols:
        return
    row = i // int32(cols)
    col = i - row * int32(cols)
    flat = flat_of(flats, plane)
    frame = cuda.blockIdx.z
    widest = widest_of(tasks, flats, spans, frame, modality(plane))
    sum_ = float32(0)
    for task in range(len(tasks)):
        if tasks[task, 0] != plane:
            continue
        center, has_signs = tasks[task, 1], tasks[task, 3]
        for sign in range(2 if has_signs else 1):
            low, top, high = range_of(spans, frame, task, has_signs, sign)
            if high - low > flat:
                gain = gain_of(
                    promotes, tallies[frame, task, sign, 0], tallies[frame, task, sign, 1],
                    tallies[frame, task, sign, 2], low, top, float32(1) / (high - low),
                )  # fmt: skip
                if shares:
                    gain *= range_weight(high - low, widest, promotes)
                factor = float32(-1) if sign else float32(1)
                step = int32(4) >> center
                mean = mean_of(
                    contrasts[frame], offsets[task], sizes[center, 0], sizes[center, 1],
                    row, col, step, factor, low,
                )  # fmt: skip
                sum_ += gain * mean
    summed[frame, plane, row, col] = sum_


@device
def widest_of(tasks, flats, spans, frame, kind):
    """Return the greatest range of a modality's features."""
    widest = float32(0)
    for task in range(len(tasks)):
        if modality(tasks[task, 0]) == kind:
            low, _, high = range_of(spans, frame, task, tasks[task, 3], 0)
            if high - low > flat_of(flats, tasks[task, 0]):
                widest = max(widest, high - low)
    return widest


@device
def flat_of(flats, plane):
    return flats[1] if modality(plane) == 1 else flats[0]


@device
def mean_of(contrasts, offset, rows, cols, row, col, step, factor, low):
    total = float32(0)
    last_row, last_col = min((row + 1) * step, rows), min((col + 1) * step, cols)
    for y in range(row * step, last_row):
        for x in range(col * step, last_col):
            total += max(float32(0), factor * contrasts[offset + y * cols + x] - low)
    return total / float32((last_row - row * step) * (last_col - col * step))
