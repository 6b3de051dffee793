"""Normalisation by iteration, conspicuity maps and their sum on a device, a block per frame."""

import numpy as np
from numba import cuda, float32, int32, int64

from ...kernels.jit import device, kernel
from ...kernels.postprocess._cuda import blurred
from ...kernels.reduce import MAX_THREADS
from ._cuda_features import flat_of, gain_of, gather, mean_of, range_of, widest_of
from ._formulas import ROUNDS, after_round, modality, range_weight, units

MAX_COSINES = 8  # in either direction: a sigma of 25 % of the longer side passes seven
MAX_PAIRS = MAX_COSINES**2


@kernel
def reduce_signs(sizes, tasks, offsets, flats, contrasts, spans, signs):
    """Fill with either sign of every feature, stretched, at the scale of the map."""
    rows, cols = signs.shape[2:]
    i, frame = int32(cuda.grid(1)), cuda.blockIdx.z
    if i >= rows * cols:
        return
    row = i // int32(cols)
    col = i - row * int32(cols)
    task, sign = cuda.blockIdx.y // 2, cuda.blockIdx.y % 2
    center, has_signs = tasks[task, 1], tasks[task, 3]
    factor = float32(-1) if sign else float32(1)
    low, _, high = range_of(spans, frame, task, has_signs, sign)
    value = float32(0)
    if high - low > flat_of(flats, tasks[task, 0]) and (has_signs or sign == 0):
        mean = mean_of(
            contrasts[frame], offsets[task], sizes[center, 0], sizes[center, 1],
            row, col, int32(4) >> center, factor, low,
        )  # fmt: skip
        value = mean / (high - low)
    signs[frame, 2 * task + sign, row, col] = value


@kernel
def compete(sigma, across, down, tasks, signs, spare, sums):
    """Apply the competition to every sign of every feature."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    pairs = cuda.shared.array(MAX_PAIRS, float32)
    half = cuda.blockIdx.x
    if half % 2 and not tasks[half // 2, 3]:
        return
    frame = cuda.blockIdx.z
    values = signs[frame, half]
    contest(values, sigma, across, down, spare[frame, half], sums[frame, half],
            pairs, lows, highs)  # fmt: skip


@device
def contest(values, sigma, across, down, spare, sums, pairs, lows, highs):
    """Apply the iterations of the competition to a map of values from 0 up."""
    rows, cols = values.shape
    me, threads = int32(cuda.threadIdx.x), cuda.blockDim.x
    size, cosines = int32(rows * cols), int32(across.shape[0])
    for _ in range(ROUNDS):
        cuda.syncthreads()
        maximum = float32(0)
        i = me
        while i < size:
            row, col = i // cols, i % cols
            spare[row, col] = blurred(values[row], col, sigma)
            maximum = max(maximum, values[row, col])
            i += threads
        i = me
        while i < rows * cosines:
            sums[i // cosines, i % cosines] = _product(values, i // cosines, across, i % cosines)
            i += threads
        lows[me] = maximum
        highs[me] = maximum
        _, top = gather(lows, highs)
        i = me
        while i < down.shape[0] * cosines:
            pairs[i] = _cosine_of(sums, down, i // cosines, i % cosines)
            i += threads
        cuda.syncthreads()
        i = me
        while i < rows * cosines:
            sums[i // cosines, i % cosines] = _height_of(
                pairs, down, i // cosines, i % cosines, cosines
            )
            i += threads
        cuda.syncthreads()
        i = me
        while i < size:
            row, col = i // cols, i % cols
            far = float32(0)
            for cosine in range(cosines):
                far += sums[row, cosine] * across[cosine, col]
            near = blurred(spare[:, col], row, sigma)
            values[row, col] = after_round(values[row, col], near, far, top)
            i += threads
    cuda.syncthreads()


@device
def _product(values, row, across, cosine):
    """Return the coefficient of a cosine in a row."""
    total = float32(0)
    for col in range(values.shape[1]):
        total += values[row, col] * across[cosine, col]
    return total


@device
def _cosine_of(sums, down, other, cosine):
    """Return the coefficient of a cosine down, from the rows' coefficients of one across."""
    total = float32(0)
    for row in range(sums.shape[0]):
        total += down[other, row] * sums[row, cosine]
    return total


@device
def _height_of(pairs, down, row, cosine, cosines):
    """Return the height of a cosine across in a row."""
    total = float32(0)
    for other in range(down.shape[0]):
        total += down[other, row] * pairs[other * cosines + cosine]
    return total


@kernel
def sum_signs(tasks, flats, shares, spans, signs, summed):
    """Fill with the sums of a plane's features after the competition (Eq. 5 to 7)."""
    rows, cols = summed.shape[2:]
    i, plane = int32(cuda.grid(1)), cuda.blockIdx.y
    if i >= rows * cols:
        return
    row = i // int32(cols)
    col = i - row * int32(cols)
    frame = cuda.blockIdx.z
    widest = widest_of(tasks, flats, spans, frame, modality(plane))
    total = float32(0)
    for task in range(len(tasks)):
        if tasks[task, 0] == plane:
            has_signs = tasks[task, 3]
            low, _, high = range_of(spans, frame, task, has_signs, 0)
            value = signs[frame, 2 * task, row, col]
            if has_signs:
                value += signs[frame, 2 * task + 1, row, col]
            total += value * range_weight(high - low, widest, False) if shares else value
    summed[frame, plane, row, col] = total


@kernel
def add_up(shares, promotes, weights, start, summed, maps):
    """Fill `maps`, from frame `start` on: the map (Eq. 8) and its three parts (Eq. 5 to 7)."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    sums = cuda.shared.array(3, int32)
    frame = cuda.blockIdx.x
    planes, target = summed[frame], start + frame
    widest = _begin(planes, maps[:, target], lows, highs)
    for plane in range(3, 7):
        low, high = _range(planes[plane], lows, highs)
        factor = range_weight(high - low, widest, promotes) if shares else float32(1)
        _add(planes[plane], low, high, promotes, factor, sums, maps[3, target])
    for kind in range(3):
        part = maps[kind + 1, target]
        low, high = _range(part, lows, highs)
        _add(part, low, high, promotes, weights[kind], sums, maps[0, target])


@kernel
def add_up_competing(shares, sigma, across, down, weights, start, summed, room, spare, sums, maps):
    """Fill `maps` as `add_up`, with competition as N; `room`, `spare` and `sums` are for it."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    pairs = cuda.shared.array(MAX_PAIRS, float32)
    frame = cuda.blockIdx.x
    planes, target = summed[frame], start + frame
    widest = _begin(planes, maps[:, target], lows, highs)
    values, free, rows = room[frame, 0], spare[frame, 0], sums[frame, 0]
    for part in range(7):  # four orientations, then intensity, colour and orientation
        source = planes[3 + part] if part < 4 else maps[part - 3, target]
        low, high = _range(source, lows, highs)
        _stretch(source, low, high, values)
        contest(values, sigma, across, down, free, rows, pairs, lows, highs)
        if part < 4:
            factor = range_weight(high - low, widest, False) if shares else float32(1)
            _add_scaled(values, factor, maps[3, target])
        else:
            _add_scaled(values, weights[part - 4], maps[0, target])


@device
def _begin(planes, maps, lows, highs):
    """Fill the maps with their first values; return the maximum range of an orientation."""
    cols = planes.shape[2]
    size = int32(planes.shape[1] * cols)
    i = int32(cuda.threadIdx.x)
    while i < size:
        row, col = i // cols, i % cols
        maps[0, row, col] = float32(0)
        maps[1, row, col] = planes[0, row, col]
        maps[2, row, col] = planes[1, row, col] + planes[2, row, col]
        maps[3, row, col] = float32(0)
        i += cuda.blockDim.x
    cuda.syncthreads()
    widest = float32(0)
    for plane in range(3, 7):
        low, high = _range(planes[plane], lows, highs)
        widest = max(widest, high - low)
    return widest


@device
def _stretch(source, low, high, target):
    cols = source.shape[1]
    scale = float32(1) / (high - low) if high > low else float32(0)
    i = int32(cuda.threadIdx.x)
    while i < source.size:
        target[i // cols, i % cols] = scale * (source[i // cols, i % cols] - low)
        i += cuda.blockDim.x


@device
def _add_scaled(source, weight, target):
    cols = source.shape[1]
    i = int32(cuda.threadIdx.x)
    while i < source.size:
        target[i // cols, i % cols] += weight * source[i // cols, i % cols]
        i += cuda.blockDim.x
    cuda.syncthreads()


@device
def _range(source, lows, highs):
    """Return the minimum and the maximum, to every thread."""
    me = cuda.threadIdx.x
    rows, cols = source.shape
    low, high = float32(np.inf), float32(-np.inf)
    i = int32(me)
    while i < rows * cols:
        value = source[i // cols, i % cols]
        low, high = min(low, value), max(high, value)
        i += cuda.blockDim.x
    cuda.syncthreads()
    lows[me] = low
    highs[me] = high
    return gather(lows, highs)


@device
def _add(source, low, high, promotes, weight, sums, target):
    """Add weight * N(source)."""
    rows, cols = source.shape
    size = int32(rows * cols)
    part = int32(cuda.threadIdx.x)
    while part < 3:
        sums[part] = 0
        part += cuda.blockDim.x
    cuda.syncthreads()
    scale = float32(1) / (high - low) if high > low else float32(0)
    i = int32(cuda.threadIdx.x)
    while i < size and promotes:
        _count(source, i // cols, i % cols, low, high, scale, sums)
        i += cuda.blockDim.x
    cuda.syncthreads()
    gain = weight * gain_of(promotes, int64(sums[0]), int64(sums[1]), sums[2], low, high, scale)
    i = int32(cuda.threadIdx.x)
    while i < size:
        target[i // cols, i % cols] += gain * (source[i // cols, i % cols] - low)
        i += cuda.blockDim.x
    cuda.syncthreads()


@device
def _count(source, row, col, low, high, scale, sums):
    rows, cols = source.shape
    if not (0 < row < rows - 1 and 0 < col < cols - 1):
        return
    value = source[row, col]
    if not value > low + float32(0.1) * (high - low):
        return
    for y in range(row - 1, row + 2):
        for x in range(col - 1, col + 2):
            if source[y, x] > value:
                return
    cuda.atomic.add(sums, 0, units(value, low, scale))
    cuda.atomic.add(sums, 1, int32(1))
    if value >= high:
        cuda.atomic.add(sums, 2, int32(1))
