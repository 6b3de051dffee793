"""Minimum barrier saliency on the CPU. Threads share the planes; one thread processes a frame.

A raster pass reads the new values to the left and above, which lie on the diagonal before. So the
cells of one diagonal do not depend on each other. Passes over diagonals give the bits of the raster
order, and vectorise because diagonals are stored as rows.
"""

import numpy as np
from numba import float32

from ...kernels import launch
from ...kernels.area._cpu import fill_area_means
from ...kernels.area._formulas import shape_of_thumbnail
from ...kernels.copies import copy_values
from ...kernels.jit import banded, serial
from ...kernels.lab_bytes._cpu import fill_lab
from ...kernels.median._cpu import fill_median
from ...kernels.postprocess._cpu import range_of, upsample
from ...kernels.scale import fraction
from ._cpu_background import fill_background
from ._cpu_frame import fill_bounds
from ._cpu_refine import refine
from ._formulas import MEDIAN_REACH, PASSES, closer, cone, first_row, from_center, last_row


def minimum_barrier(pixels, channels, is_rgb, width, size, steps, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels).

    `steps` are three booleans: the background cue, the centre cone and the post-processing.
    """
    frames, area = out.shape
    rows, cols = shape_of_thumbnail(area // width, width, size)
    planes = 3 if channels > 1 else 1
    colors = launch.scratch("barrier colors", (frames, planes, rows, cols), np.uint8)
    lab = launch.scratch("barrier lab", colors.shape, np.uint8)
    bounds = launch.scratch("barrier bounds", (frames, 4), np.int64)
    distances = launch.scratch("barrier distances", (frames, planes, rows * cols), np.uint8)
    scores = launch.scratch("barrier background", (frames, rows * cols), np.float32)
    maps = launch.scratch("barrier maps", (frames, rows, cols), np.float32)
    fill_area_means(pixels, channels, is_rgb, width, colors)
    fill_lab(colors, lab)
    background, center, refined = steps
    args = (colors, lab, bounds)
    launch.over_bands(_crop, frames, *args, pixels=colors.size)
    args = (lab, bounds, distances, scores)
    tasks = frames * (planes + background)
    launch.over_bands(_measure, tasks, *args, tasks // frames, pixels=9 * lab.size)
    args = (bounds, distances, scores, background, center, refined, maps)
    launch.over_bands(_compose, frames, *args, pixels=9 * maps.size)
    upsample(maps, width, out)


@banded
def _crop(colors, lab, bounds, start, stop):
    """Fill `bounds`, and move the cells within them to the front of each plane of `lab`."""
    _, planes, rows, cols = lab.shape
    for frame in range(start, stop):
        fill_bounds(colors[frame], bounds[frame])
        top, bottom, left, right = bounds[frame]
        if bottom - top == rows and right - left == cols:
            continue
        wide = right - left
        for plane in range(planes):
            flat = lab[frame, plane].reshape(rows * cols)
            for row in range(bottom - top):
                source = flat[(top + row) * cols + left :]
                copy_values(source, flat[row * wide : (row + 1) * wide])


@banded
def _measure(lab, bounds, distances, scores, tasks, start, stop):
    """Fill the distances of each plane; the last task of a frame is its background cue."""
    planes, rows, cols = lab.shape[1:]
    for index in range(start, stop):
        frame, task = index // tasks, index % tasks
        top, bottom, left, right = bounds[frame]
        high, wide = bottom - top, right - left
        area = high * wide
        if task < planes:
            plane = lab[frame, task].reshape(rows * cols)[:area].reshape(high, wide)
            median = np.empty((high, wide), np.uint8)
            fill_median(plane, MEDIAN_REACH, median, 0, high)
            fill_distances(median, distances[frame, task, :area].reshape(high, wide))
        else:
            inner = np.empty((planes, high, wide), np.uint8)
            for plane in range(planes):
                flat = lab[frame, plane].reshape(rows * cols)
                copy_values(flat[:area], inner[plane].reshape(area))
            fill_background(inner, scores[frame, :area].reshape(high, wide))


@banded
def _compose(bounds, distances, scores, background, center, refined, maps, start, stop):
    _rows, _cols = maps.shape[1:]
    for frame in range(start, stop):
        top, bottom, left, right = bounds[frame]
        high, wide = bottom - top, right - left
        saliency = np.empty((high, wide), np.float32)
        flat = saliency.reshape(saliency.size)
        _add_barriers(distances[frame], flat)
        if background:
            for i in range(flat.size):
                flat[i] = float32(flat[i] + scores[frame, i])
            _stretch(saliency)
        if center:
            _center(saliency)
            _stretch(saliency)
        if refined:
            refine(saliency)
        maps[frame, :, :] = 0
        for row in range(high):
            copy_values(saliency[row], maps[frame, top + row, left:right])


@serial
def _add_barriers(distances, saliency):
    """Fill `saliency` with the sum of all planes' distances, divided by the greatest sum."""
    count = saliency.size
    sums = np.zeros(count, np.int32)
    greatest = 0
    for plane in range(len(distances)):
        for i in range(count):
            sums[i] += distances[plane, i]
    for i in range(count):
        greatest = max(greatest, sums[i])
    for i in range(count):
        saliency[i] = fraction(float32(sums[i]), float32(0), float32(greatest))


@serial
def _center(saliency):
    """Multiply by a cone around the centre: the centre prior."""
    rows, cols = saliency.shape
    minimum = from_center(rows // 2, rows, cols // 2, cols)
    greatest = from_center(0, rows, 0, cols)
    for row in range(rows):
        for col in range(cols):
            weight = cone(from_center(row, rows, col, cols), minimum, greatest)
            saliency[row, col] = float32(saliency[row, col] * weight)


@serial
def _stretch(saliency):
    low, high = range_of(saliency)
    for row in range(saliency.shape[0]):
        for col in range(saliency.shape[1]):
            saliency[row, col] = fraction(saliency[row, col], low, high)


@serial
def fill_distances(plane, distances):
    """Fill `distances`, bytes, from `plane`, both (h, w): Zhang et al. (2015), Algorithm 1."""
    rows, cols = plane.shape
    diagonals = rows + cols - 1
    values = np.empty((diagonals, rows), np.uint8)  # cell (row, col) in values[row + col, row]
    for row in range(rows):
        for col in range(cols):
            values[row + col, row] = plane[row, col]
    low, high = values.copy(), values.copy()
    for number in range(PASSES):
        for step in range(2, diagonals - 2):
            at = step if number % 2 == 0 else diagonals - 1 - step
            start, stop = first_row(at, cols), last_row(at, rows) + 1
            if stop <= start:
                continue
            # On the diagonal before, the neighbour in the row has the same index. The neighbour in
            # the column has the index before on the way down, and the next on the way up.
            before, shift = (at - 1, -1) if number % 2 == 0 else (at + 1, 1)
            _relax(
                number == 0,
                values[at, start:stop], low[at, start:stop], high[at, start:stop],
                low[before, start:stop], high[before, start:stop],
                low[before, start + shift : stop + shift],
                high[before, start + shift : stop + shift],
            )  # fmt: skip
    for row in range(rows):
        for col in range(cols):
            distances[row, col] = high[row + col, row] - low[row + col, row]


@serial
def _relax(is_first, values, low, high, side_low, side_high, line_low, line_high):
    """Relax a diagonal of a raster pass (Algorithm 1)."""
    for i in range(low.size):
        low[i], high[i] = closer(
            is_first, values[i], low[i], high[i],
            side_low[i], side_high[i], line_low[i], line_high[i],
        )  # fmt: skip
