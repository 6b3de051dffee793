"""Postprocessing on a CUDA device: threads along x take columns, blocks rows and frames."""

import numpy as np
from numba import cuda, float32

from ...devices import workspace
from .. import launch
from ..borders import reflect
from ..gaussian import gaussian
from ..jit import device, kernel
from ..reduce import MAX_THREADS, range_of_block
from ..scale import fraction, stored
from ._formulas import between, biased, centrality, lerp, reach_of, top_of


def postprocess(maps, width, smooth, center_bias, rescale, out):
    """Fill `out`, (N, H * width), from `maps`, (N, h, w), which are overwritten.

    Blur, weight by the centre bias, min-max normalise to [0, 1] (constant maps become 0),
    up-sample. Without `rescale` their values count from 0 and are not stretched.
    """
    for part, saliency in launch.in_groups(launch.MOST_DEEP, maps, out):
        _postprocess(part, width, smooth, center_bias, rescale, saliency)


def _postprocess(maps, width, smooth, center_bias, rescale, out):
    frames, rows, cols = maps.shape
    if smooth > 0:
        down = float32(smooth * width * width * rows / out.shape[1])
        spare = workspace("finish spare", maps.shape, np.float32)
        each = launch.image_grid((rows, cols), frames)
        _blur_across[each](maps, float32(smooth * cols), spare)
        _blur_down[each](spare, down, maps)
    if rescale or center_bias > 0:
        _scale[frames, 4 * launch.THREADS](maps, float32(center_bias), bool(rescale))
    upsample(maps, width, out)


def upsample(maps, width, out):
    """Up-sample `maps`, (N, h, w), into `out`, (N, H * width), by linear interpolation."""
    frames, area = out.shape
    large = out.reshape(frames, area // width, width)
    _upsample[launch.image_grid((-(-large.shape[1] // 4), width), frames)](maps, large)


@device
def blurred(line, at, sigma):
    """Return a value of a row or column, blurred along it; beyond the ends it is mirrored."""
    total, weights = line[at], float32(1)
    for step in range(1, reach_of(sigma) + 1):
        before, after = reflect(at - step, line.size), reflect(at + step, line.size)
        weight = gaussian(step, sigma)
        total += weight * (line[before] + line[after])
        weights += weight + weight
    return total / weights


@kernel
def _blur_across(maps, sigma, target):
    rows, cols = maps.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    row = cuda.blockIdx.y
    while row < rows:
        target[frame, row, col] = blurred(maps[frame, row], col, sigma)
        row += cuda.gridDim.y


@kernel
def _blur_down(maps, sigma, target):
    rows, cols = maps.shape[1:]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= cols:
        return
    row = cuda.blockIdx.y
    while row < rows:
        target[frame, row, col] = blurred(maps[frame, :, col], row, sigma)
        row += cuda.gridDim.y


@kernel
def _scale(maps, bias, rescale):
    """Apply the centre bias to each map and min-max normalise it, a block per frame."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    rows, cols = maps.shape[1:]
    area = rows * cols
    frame = cuda.blockIdx.x
    low, high = float32(0), float32(0)
    if rescale:
        low, high = range_of(maps[frame], lows, highs)
    if bias > 0:
        i = cuda.threadIdx.x
        while i < area:
            row, col = i // cols, i % cols
            across, down = centrality(col, cols), centrality(row, rows)
            maps[frame, row, col] = biased(maps[frame, row, col] - low, bias, across, down)
            i += cuda.blockDim.x
        cuda.syncthreads()
        low, high = range_of(maps[frame], lows, highs)
    i = cuda.threadIdx.x
    while rescale and i < area:
        row, col = i // cols, i % cols
        maps[frame, row, col] = fraction(maps[frame, row, col], low, high)
        i += cuda.blockDim.x


@device
def range_of(values, lows, highs):
    """Return the minimum and maximum, equal if only rounding separates them, to all of a block."""
    rows, cols = values.shape
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    low = high = values[0, 0]
    i = me
    while i < rows * cols:
        value = values[i // cols, i % cols]
        low, high = min(low, value), max(high, value)
        i += threads
    low, high = range_of_block(low, high, lows, highs)
    return low, top_of(low, high)


@kernel
def _upsample(maps, out):
    height, width = out.shape[1:]
    rows, cols = maps.shape[1], maps.shape[2]
    col, frame = cuda.grid(1), cuda.blockIdx.z
    if col >= width:
        return
    left, across = between(col, cols, width)
    right = min(left + 1, cols - 1)
    row = cuda.blockIdx.y
    while row < height:
        top, down = between(row, rows, height)
        bottom = min(top + 1, rows - 1)
        upper = lerp(maps[frame, top, left], maps[frame, top, right], across)
        lower = lerp(maps[frame, bottom, left], maps[frame, bottom, right], across)
        out[frame, row, col] = stored(lerp(upper, lower, down), out.itemsize)
        row += cuda.gridDim.y
