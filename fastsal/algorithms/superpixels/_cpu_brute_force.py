"""vl_slic's rounds pixel by pixel: for regions so large that strips of tiles would waste memory.

The same bits as those of `_cpu_rounds`, several times slower.
"""

import numpy as np
from numba import float32

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands, scratch
from ._formulas import channel_of, distance

TINY = float32(1e-8)  # vl_slic's mass of a region without pixels


def run_plain_rounds(image, channels, is_rgb, white, size, regularizer, max_iter, centers, labels):
    """Fill `labels` from `centers`, (5, down, across), which it moves; return as `run_rounds`."""
    factor = np.float32(regularizer) / np.float32(size * size)
    planes = scratch("slic planes", (3, *labels.shape), np.float32)
    nearest = scratch("slic nearest", labels.shape, np.float32)
    rows, pixels = labels.shape[0], labels.size
    args = (image, channels, is_rgb, white, planes)
    over_bands(_fill_planes, rows, *args, pixels=pixels)
    energy = previous = starting = np.float32(0)
    regions = centers.shape[1] * centers.shape[2]
    for done in range(max_iter):
        args = (planes, centers, size, factor, labels, nearest)
        over_bands(_assign, rows, *args, pixels=pixels)
        energy = np.float32(_raster_sum(nearest))
        if done == 0:
            starting = energy
        elif float(previous - energy) < 1e-5 * float(starting - energy):
            break
        previous = energy
        if done + 1 < max_iter:
            args = (planes, labels, size, centers)
            over_bands(_move_centers, regions, *args, pixels=pixels)
    return done + 1, energy


@banded
def _fill_planes(image, channels, is_rgb, white, planes, start, stop):
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        for row in range(start, stop):
            for col in range(planes.shape[2]):
                value = float32(0)
                if channel >= 0:
                    value = float32(image[row, channels * col + channel]) / white
                planes[plane, row, col] = value


@banded
def _assign(planes, centers, size, factor, labels, nearest, start, stop):
    _, down, across = centers.shape
    for row in range(start, stop):
        below = (row + size // 2) // size
        for col in range(labels.shape[1]):
            right = (col + size // 2) // size
            best, label = float32(np.inf), 0
            for v in range(max(0, below - 1), min(down - 1, below) + 1):
                for u in range(max(0, right - 1), min(across - 1, right) + 1):
                    drow, dcol = float32(row) - centers[0, v, u], float32(col) - centers[1, v, u]
                    gap0 = planes[0, row, col] - centers[2, v, u]
                    gap1 = planes[1, row, col] - centers[3, v, u]
                    gap2 = planes[2, row, col] - centers[4, v, u]
                    away = distance(gap0, gap1, gap2, dcol, drow * drow, factor)
                    if away < best:
                        best, label = away, v * across + u
            labels[row, col], nearest[row, col] = label, best


@serial
def _raster_sum(nearest):
    total = float32(0)
    for row in range(nearest.shape[0]):
        for col in range(nearest.shape[1]):
            total += nearest[row, col]
    return total


@banded
def _move_centers(planes, labels, size, centers, start, stop):
    rows, cols = labels.shape
    across = centers.shape[2]
    for region in range(start, stop):
        v, u = region // across, region % across
        first_row, first_col = v * size - size // 2, u * size - size // 2
        mass = row_sum = col_sum = sum0 = sum1 = sum2 = float32(0)
        for row in range(max(0, first_row), min(rows, first_row + 2 * size)):
            for col in range(max(0, first_col), min(cols, first_col + 2 * size)):
                if labels[row, col] == region:
                    mass += float32(1)
                    row_sum += float32(row)
                    col_sum += float32(col)
                    sum0 += planes[0, row, col]
                    sum1 += planes[1, row, col]
                    sum2 += planes[2, row, col]
        mass = max(mass, TINY)
        centers[0, v, u], centers[1, v, u] = row_sum / mass, col_sum / mass
        centers[2, v, u], centers[3, v, u] = sum0 / mass, sum1 / mass
        centers[4, v, u] = sum2 / mass
