"""The post-processing on a CUDA device: remove small details, then raise the contrast.

It is that of Zhang et al. (2015), section 3.4.
"""

import numpy as np
from numba import cuda, float32, int32, int64

from ...devices import workspace
from ...kernels import launch
from ...kernels.jit import device, kernel
from ...kernels.reconstruction._cuda import reconstruct
from ...kernels.scale import fraction
from ._formulas import LEVELS, contrast, is_upper, level, middle, opening_width


def refine(maps, bounds):
    """Open, close and sharpen `maps`, (N, h, w) of float32 in [0, 1], in place, within bounds."""
    frames, rows, cols = maps.shape
    levels = workspace("barrier levels", maps.shape, np.uint8)
    across = workspace("barrier across", maps.shape, np.uint8)
    eroded = workspace("barrier eroded", maps.shape, np.uint8)
    widths = workspace("barrier widths", (frames,), np.int64)
    one = frames, launch.THREADS
    cells = launch.image_grid((rows, cols), frames)
    _fill_levels[one](maps, bounds, levels, widths)
    _erode_across[cells](levels, bounds, widths, across)
    _erode_down[cells](across, bounds, widths, eroded)
    reconstruct(levels, eroded)
    _invert[cells](eroded, bounds, levels)  # a closing is the opening of the negative
    _erode_across[cells](levels, bounds, widths, across)
    _erode_down[cells](across, bounds, widths, eroded)
    reconstruct(levels, eroded)
    _sharpen[one](eroded, bounds, maps)


@device
def _is_inside(bounds, row, col):
    return bounds[0] <= row < bounds[1] and bounds[2] <= col < bounds[3]


@kernel
def _fill_levels(maps, bounds, levels, widths):
    """Fill the levels of each map, 0 outside its bounds, and the width of its opening."""
    total = cuda.shared.array(1, int64)
    frame = cuda.blockIdx.x
    rows, cols = maps.shape[1], maps.shape[2]
    if cuda.threadIdx.x == 0:
        total[0] = 0
    cuda.syncthreads()
    i, own = cuda.threadIdx.x, int64(0)
    while i < rows * cols:
        row, col = i // cols, i % cols
        value = int32(0)
        if _is_inside(bounds[frame], row, col):
            value = level(maps[frame, row, col])
        levels[frame, row, col] = value
        own += value
        i += cuda.blockDim.x
    cuda.atomic.add(total, 0, own)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        high = bounds[frame, 1] - bounds[frame, 0]
        wide = bounds[frame, 3] - bounds[frame, 2]
        widths[frame] = opening_width(total[0], high * wide)


@kernel
def _erode_across(levels, bounds, widths, target):
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= levels.shape[2]:
        return
    first = max(bounds[frame, 2], col - widths[frame] // 2)
    last = min(bounds[frame, 3], col - widths[frame] // 2 + widths[frame])
    minimum = int32(LEVELS - 1)
    for other in range(first, last):
        minimum = min(minimum, int32(levels[frame, row, other]))
    target[frame, row, col] = minimum


@kernel
def _erode_down(levels, bounds, widths, target):
    """Finish an erosion; cells outside the bounds become 0."""
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= levels.shape[2]:
        return
    first = max(bounds[frame, 0], row - widths[frame] // 2)
    last = min(bounds[frame, 1], row - widths[frame] // 2 + widths[frame])
    minimum = int32(LEVELS - 1)
    for other in range(first, last):
        minimum = min(minimum, int32(levels[frame, other, col]))
    target[frame, row, col] = minimum if _is_inside(bounds[frame], row, col) else int32(0)


@kernel
def _invert(levels, bounds, target):
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= levels.shape[2]:
        return
    value = int32(0)
    if _is_inside(bounds[frame], row, col):
        value = int32(LEVELS - 1) - int32(levels[frame, row, col])
    target[frame, row, col] = value


@kernel
def _sharpen(negative, bounds, maps):
    """Fill maps with their levels' scores (Eq. 11), from the maps' negatives: a block per map."""
    counts = cuda.shared.array(LEVELS, int32)
    curve = cuda.shared.array(LEVELS, float32)
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    frame = cuda.blockIdx.x
    inner = bounds[frame]
    high, wide = inner[1] - inner[0], inner[3] - inner[2]
    value = me
    while value < LEVELS:
        counts[value] = 0
        value += threads
    cuda.syncthreads()
    i = me
    while i < high * wide:
        found = negative[frame, inner[0] + i // wide, inner[2] + i % wide]
        cuda.atomic.add(counts, LEVELS - 1 - found, 1)
        i += threads
    cuda.syncthreads()
    if me == 0:
        _fill_curve(counts, curve)
    cuda.syncthreads()
    i = me
    while i < high * wide:
        row, col = inner[0] + i // wide, inner[2] + i % wide
        maps[frame, row, col] = curve[LEVELS - 1 - negative[frame, row, col]]
        i += threads


@device
def _fill_curve(counts, curve):
    """Fill the score of each level that occurs: 0 to 1 (Eq. 11)."""
    low, high = LEVELS - 1, 0
    for value in range(LEVELS):
        curve[value] = float32(0)
        if counts[value] > 0:
            low, high = min(low, value), max(high, value)
    if high <= low:
        return
    lower = upper = lower_count = upper_count = int64(0)
    for value in range(low, high + 1):
        if is_upper(value, low, high):
            upper += int64(value) * counts[value]
            upper_count += counts[value]
        else:
            lower += int64(value) * counts[value]
            lower_count += counts[value]
    means = middle(upper, upper_count, low, high) + middle(lower, lower_count, low, high)
    center = float32(float32(0.5) * means)
    minimum, maximum = contrast(low, low, high, center), contrast(high, low, high, center)
    for value in range(low, high + 1):
        curve[value] = fraction(contrast(value, low, high, center), minimum, maximum)
