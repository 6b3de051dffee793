"""The background cue on a CUDA device: a block per strip, then a block per image.

It is that of Zhang et al. (2015), section 3.3.
"""

import math

import numpy as np
from numba import cuda, float32, float64, int64

from ...devices import workspace
from ...kernels import eigen, launch
from ...kernels.jit import device, kernel
from ...kernels.postprocess._cuda import range_of
from ...kernels.reduce import MAX_THREADS
from ...kernels.scale import fraction
from ._formulas import MOMENTS, RIDGE, STRIPS, all_but_greatest, along, covariance, strip_bounds

AXES = 12  # of a strip: its mean colour, then three whitened axes
_SHARED = MOMENTS * 256  # sums of a block of launch.THREADS threads

diagonalise = device(eigen.diagonalise)


def fill_background(lab, bounds, scores):
    """Fill `scores`, (N, h, w) of float32 in [0, 1], from `lab`, (N, planes, h, w) of bytes."""
    frames, _, rows, cols = lab.shape
    axes = workspace("barrier axes", (frames, STRIPS, AXES), np.float32)
    distances = workspace("barrier strips", (frames, STRIPS, rows, cols), np.float32)
    blocks = STRIPS, frames
    _fill_axes[blocks, min(launch.THREADS, 256)](lab, bounds, axes)
    _fill_strips[blocks, launch.THREADS](lab, bounds, axes, distances)
    _combine[frames, launch.THREADS](distances, bounds, scores)


@kernel
def _fill_axes(lab, bounds, axes):
    """Fill the mean colour and the whitened axes of each strip; its sums are exact integers."""
    shared = cuda.shared.array(_SHARED, int64)
    strip, me, threads = cuda.blockIdx.x, cuda.threadIdx.x, cuda.blockDim.x
    frame = cuda.blockIdx.y
    rows = bounds[frame, 1] - bounds[frame, 0]
    cols = bounds[frame, 3] - bounds[frame, 2]
    top, bottom, left, right = strip_bounds(strip, rows, cols)
    count = (bottom - top) * (right - left)
    for at in range(MOMENTS):
        shared[MOMENTS * me + at] = 0
    i = me
    while i < count:
        row = bounds[frame, 0] + top + i // (right - left)
        col = bounds[frame, 2] + left + i % (right - left)
        _add(lab[frame], row, col, shared[MOMENTS * me :])
        i += threads
    cuda.syncthreads()
    if me == 0:
        for other in range(1, threads):
            for at in range(MOMENTS):
                shared[at] += shared[MOMENTS * other + at]
        _whiten(shared, count, axes[frame, strip])


@device
def _add(lab, row, col, sums):
    """Add a cell to the sums of the planes and of their products."""
    at = 3
    for plane in range(lab.shape[0]):
        value = int64(lab[plane, row, col])
        sums[plane] += value
    for plane in range(3):
        for other in range(plane, 3):
            if other < lab.shape[0]:
                sums[at] += int64(lab[plane, row, col]) * int64(lab[other, row, col])
            at += 1


@device
def _whiten(moments, count, axes):
    matrix, vectors = cuda.local.array((3, 3), float64), cuda.local.array((3, 3), float64)
    at = 3
    for i in range(3):
        axes[i] = float32(float64(moments[i]) / float64(count))
        for j in range(i, 3):
            matrix[i, j] = covariance(moments[at], moments[i], moments[j], count)
            matrix[j, i] = matrix[i, j]
            at += 1
        matrix[i, i] += RIDGE
    diagonalise(matrix, vectors)
    for k in range(3):
        for i in range(3):
            axes[3 + 3 * k + i] = float32(vectors[i, k] / math.sqrt(matrix[k, k]))


@kernel
def _fill_strips(lab, bounds, axes, distances):
    """Fill the distances from each strip's mean colour, stretched to [0, 1]: a block per strip."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    strip, frame = cuda.blockIdx.x, cuda.blockIdx.y
    rows = bounds[frame, 1] - bounds[frame, 0]
    cols = bounds[frame, 3] - bounds[frame, 2]
    target = distances[frame, strip]
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = bounds[frame, 0] + i // cols, bounds[frame, 2] + i % cols
        target[row, col] = _distance(lab[frame], row, col, axes[frame, strip])
        i += cuda.blockDim.x
    cuda.syncthreads()
    low, high = range_within(target, bounds[frame], lows, highs)
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = bounds[frame, 0] + i // cols, bounds[frame, 2] + i % cols
        target[row, col] = fraction(target[row, col], low, high)
        i += cuda.blockDim.x


@device
def _distance(lab, row, col, axes):
    """Return the distance of a cell's colour from the mean along whitened axes (section 3.3)."""
    x = float32(lab[0, row, col]) - axes[0]
    if lab.shape[0] == 1:
        return abs(float32(x * axes[3]))
    y, z = float32(lab[1, row, col]) - axes[1], float32(lab[2, row, col]) - axes[2]
    total = along(x, y, z, axes[3], axes[4], axes[5]) + along(x, y, z, axes[6], axes[7], axes[8])
    return float32(total + along(x, y, z, axes[9], axes[10], axes[11]))


@kernel
def _combine(distances, bounds, scores):
    """Fill the sums of all strips but the greatest, stretched to [0, 1] (section 3.3)."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    frame = cuda.blockIdx.x
    rows = bounds[frame, 1] - bounds[frame, 0]
    cols = bounds[frame, 3] - bounds[frame, 2]
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = bounds[frame, 0] + i // cols, bounds[frame, 2] + i % cols
        scores[frame, row, col] = all_but_greatest(
            distances[frame, 0, row, col], distances[frame, 1, row, col],
            distances[frame, 2, row, col], distances[frame, 3, row, col],
        )  # fmt: skip
        i += cuda.blockDim.x
    cuda.syncthreads()
    low, high = range_within(scores[frame], bounds[frame], lows, highs)
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = bounds[frame, 0] + i // cols, bounds[frame, 2] + i % cols
        scores[frame, row, col] = fraction(scores[frame, row, col], low, high)
        i += cuda.blockDim.x


@device
def range_within(values, bounds, lows, highs):
    """Return the minimum and maximum inside `bounds`, equal if only rounding separates them."""
    return range_of(values[bounds[0] : bounds[1], bounds[2] : bounds[3]], lows, highs)
