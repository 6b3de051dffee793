"""Minimum barrier saliency on a CUDA device: a block per plane, strip or image for each step.

A raster pass reads the new values to the left and above, which lie on the diagonal before. So the
cells of one diagonal do not depend on each other. Passes over diagonals give the bits of the raster
order.
"""

import numpy as np
from numba import cuda, float32, int32

from ...devices import workspace
from ...kernels import launch
from ...kernels.area._cuda import fill_area_means
from ...kernels.area._formulas import shape_of_thumbnail
from ...kernels.jit import device, kernel
from ...kernels.lab_bytes._cuda import fill_lab
from ...kernels.median._cuda import fill_medians
from ...kernels.postprocess._cuda import upsample
from ...kernels.reduce import MAX_THREADS
from ...kernels.scale import fraction
from ._cuda_background import fill_background, range_within
from ._cuda_frame import fill_bounds
from ._cuda_refine import refine
from ._formulas import MEDIAN_REACH, PASSES, closer, cone, first_row, from_center, last_row

GROUP = 64  # frames measured at once


def minimum_barrier(pixels, channels, is_rgb, width, size, steps, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `steps` are three booleans: the background cue, the centre cone and the post-processing.
    """
    frames, area = out.shape
    rows, cols = shape_of_thumbnail(area // width, width, size)
    group = min(frames, GROUP)
    for part, saliency in launch.in_groups(group, pixels, out):
        maps = workspace("barrier maps", (group, rows, cols), np.float32)[: len(part)]
        planes = group, 3 if channels > 1 else 1
        colors = workspace("barrier colors", (*planes, rows, cols), np.uint8)[: len(part)]
        fill_area_means(part, channels, is_rgb, width, colors)
        _fill_maps(colors, steps, maps)
        upsample(maps, width, saliency)


def _fill_maps(colors, steps, maps):
    frames, planes, rows, cols = colors.shape
    background, center, refined = steps
    lab = workspace("barrier lab", colors.shape, np.uint8)
    medians = workspace("barrier medians", colors.shape, np.uint8)
    bounds = workspace("barrier bounds", (frames, 4), np.int64)
    scores = workspace("barrier background", maps.shape, np.float32)
    fill_lab(colors, lab)
    fill_bounds(colors, bounds)
    _replicate[launch.image_grid((rows, cols), frames)](lab, bounds)
    flat = frames * planes, rows, cols
    fill_medians(lab.reshape(*flat), MEDIAN_REACH, medians.reshape(*flat))
    if background:
        fill_background(lab, bounds, scores)
    low, high = lab, colors  # both have been read
    _measure_distances(medians, bounds, low, high)
    _compose[frames, launch.THREADS](low, high, bounds, scores, background, center, maps)
    if refined:
        refine(maps, bounds)


@kernel
def _replicate(lab, bounds):
    """Repeat the cells at the bounds outside them, as the median's window wants them."""
    planes, cols = lab.shape[1], lab.shape[3]
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= cols:
        return
    top, bottom, left, right = (
        bounds[frame, 0], bounds[frame, 1], bounds[frame, 2], bounds[frame, 3],
    )  # fmt: skip
    down, across = min(max(row, top), bottom - 1), min(max(col, left), right - 1)
    if down != row or across != col:
        for plane in range(planes):
            lab[frame, plane, row, col] = lab[frame, plane, down, across]


@kernel
def _compose(low, high, bounds, scores, background, center, maps):
    """Fill maps with barriers, background cue and centre prior: a block per image."""
    lows = cuda.shared.array(MAX_THREADS, float32)
    highs = cuda.shared.array(MAX_THREADS, float32)
    frame = cuda.blockIdx.x
    saliency, inner = maps[frame], bounds[frame]
    _add_barriers(low[frame], high[frame], inner, saliency)
    cuda.syncthreads()
    _, greatest = range_within(saliency, inner, lows, highs)
    rows, cols = inner[1] - inner[0], inner[3] - inner[2]
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = inner[0] + i // cols, inner[2] + i % cols
        value = fraction(saliency[row, col], float32(0), greatest)
        if background:
            value = float32(value + scores[frame, row, col])
        saliency[row, col] = value
        i += cuda.blockDim.x
    cuda.syncthreads()
    if background:
        _stretch(saliency, inner, lows, highs)
    if center:
        _center(saliency, inner)
        cuda.syncthreads()
        _stretch(saliency, inner, lows, highs)


@device
def _add_barriers(low, high, bounds, saliency):
    """Fill the sum of all planes' distances, 0 outside the bounds."""
    rows, cols = saliency.shape
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = i // cols, i % cols
        total = int32(0)
        if bounds[0] <= row < bounds[1] and bounds[2] <= col < bounds[3]:
            for plane in range(low.shape[0]):
                total += int32(high[plane, row, col]) - int32(low[plane, row, col])
        saliency[row, col] = float32(total)
        i += cuda.blockDim.x


@device
def _center(saliency, bounds):
    """Multiply by a cone around the centre: the centre prior."""
    rows, cols = bounds[1] - bounds[0], bounds[3] - bounds[2]
    minimum = from_center(rows // 2, rows, cols // 2, cols)
    greatest = from_center(0, rows, 0, cols)
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = i // cols, i % cols
        weight = cone(from_center(row, rows, col, cols), minimum, greatest)
        at = bounds[0] + row, bounds[2] + col
        saliency[at] = float32(saliency[at] * weight)
        i += cuda.blockDim.x


@device
def _stretch(saliency, bounds, lows, highs):
    low, high = range_within(saliency, bounds, lows, highs)
    rows, cols = bounds[1] - bounds[0], bounds[3] - bounds[2]
    i = cuda.threadIdx.x
    while i < rows * cols:
        at = bounds[0] + i // cols, bounds[2] + i % cols
        saliency[at] = fraction(saliency[at], low, high)
        i += cuda.blockDim.x
    cuda.syncthreads()


def _measure_distances(planes, bounds, low, high):
    """Fill `low` and `high`, (N, planes, h, w), with the range of the path to each pixel."""
    blocks = planes.shape[1], len(planes)
    _fill_distances[blocks, launch.THREADS](planes, bounds, low, high)


@kernel
def _fill_distances(planes, bounds, low, high):
    """Fill the distances of each plane by raster passes (Algorithm 1): a block per plane."""
    plane, frame = cuda.blockIdx.x, cuda.blockIdx.y
    top, bottom, left, right = (
        bounds[frame, 0], bounds[frame, 1], bounds[frame, 2], bounds[frame, 3],
    )  # fmt: skip
    rows, cols = bottom - top, right - left
    i = cuda.threadIdx.x
    while i < rows * cols:
        row, col = top + i // cols, left + i % cols
        low[frame, plane, row, col] = planes[frame, plane, row, col]
        high[frame, plane, row, col] = planes[frame, plane, row, col]
        i += cuda.blockDim.x
    cuda.syncthreads()
    inner = planes[frame, plane], low[frame, plane], high[frame, plane]
    for number in range(PASSES):
        step = -1 if number % 2 == 0 else 1
        for order in range(2, rows + cols - 3):
            diagonal = order if step < 0 else rows + cols - 2 - order
            row = first_row(diagonal, cols) + cuda.threadIdx.x
            while row <= last_row(diagonal, rows):
                _relax(number == 0, inner, top + row, left + diagonal - row, step)
                row += cuda.blockDim.x
            cuda.syncthreads()


@device
def _relax(is_first, inner, row, col, step):
    """Relax the cell of this thread in a raster pass (Algorithm 1)."""
    values, low, high = inner
    minimum, greatest = closer(
        is_first, values[row, col], low[row, col], high[row, col],
        low[row, col + step], high[row, col + step], low[row + step, col], high[row + step, col],
    )  # fmt: skip
    low[row, col] = minimum
    high[row, col] = greatest
