"""From sums of features to conspicuity maps, and from these to the map, a block per frame."""

import numpy as np
from numba import cuda, float32, int32, int64

from ...kernels.jit import device, kernel
from ._cuda_compete import MOST_PAIRS, contest
from ._cuda_features import gain_of, gather
from ._formulas import faintness, units

MAX_THREADS = 1024


@kernel
def add_up(shares, promotes, weights, start, summed, maps):
    """Fill `maps`, from frame `start` on: the map, and those of intensity, colour, orientation."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    sums = cuda.shared.array(3, int32)
    frame = cuda.blockIdx.x
    while frame < summed.shape[0]:
        planes, target = summed[frame], start + frame
        widest = _begin(planes, maps[:, target], lows, highs)
        for plane in range(3, 7):
            low, high = _range(planes[plane], lows, highs)
            factor = faintness(high - low, widest, promotes) if shares else float32(1)
            _add(planes[plane], low, high, promotes, factor, sums, maps[3, target])
        for kind in range(3):
            part = maps[kind + 1, target]
            low, high = _range(part, lows, highs)
            _add(part, low, high, promotes, weights[kind], sums, maps[0, target])
        frame += cuda.gridDim.x


@kernel
def add_up_competing(shares, sigma, across, down, weights, start, summed, room, spare, sums, maps):
    """Do the same where N is a competition; `room`, `spare` and `sums` are for it."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    pairs = cuda.shared.array(MOST_PAIRS, float32)
    frame = cuda.blockIdx.x
    while frame < summed.shape[0]:
        planes, target = summed[frame], start + frame
        widest = _begin(planes, maps[:, target], lows, highs)
        values, free, rows = room[frame, 0], spare[frame, 0], sums[frame, 0]
        for part in range(7):  # four orientations, then intensity, colour and orientation
            source = planes[3 + part] if part < 4 else maps[part - 3, target]
            low, high = _range(source, lows, highs)
            _stretch(source, low, high, values)
            contest(values, sigma, across, down, free, rows, pairs, lows, highs)
            if part < 4:
                factor = faintness(high - low, widest, False) if shares else float32(1)
                _add_scaled(values, factor, maps[3, target])
            else:
                _add_scaled(values, weights[part - 4], maps[0, target])
        frame += cuda.gridDim.x


@device
def _begin(planes, maps, lows, highs):
    """Fill the maps with what they begin with; return the widest range of an orientation."""
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
    """Return the least and the greatest value, to every thread."""
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
