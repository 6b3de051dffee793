"""Errors of the weighted F-measure, weighted by their neighbourhood and location.

Nearest pixels of the object are found exactly: first along columns, then along rows by the lower
envelope of parabolas. If several pixels are nearest, the one in the first column is taken, then the
one in the first row, as ``scipy.ndimage.distance_transform_edt`` does.
"""

import math
from functools import cache

import numpy as np
from numba import int32, int64
from numpy.typing import NDArray

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands

RADIUS = 3  # of the window that errors are averaged over
_NEAR = 2 * RADIUS * RADIUS  # squared distance beyond which no window reaches the object
_FAR = 270 * 270  # squared distance from which an importance is 2, to the last bit


def fill_errors(
    saliency: NDArray[np.float64],
    mask: NDArray[np.bool],
    weights: NDArray[np.float64],
    table: NDArray[np.float64],
) -> None:
    """Fill a row per row of the mask: weighted errors inside the object, and outside.

    `saliency` is float64 in [0, 1]. `weights` is one line of the separable window. `mask` has at
    least one pixel.
    """
    height, width = mask.shape
    nearest = np.empty((height, width), np.int32)
    near_errors = np.empty((height, width))
    averages = np.empty((height, width))
    importance = _importance()
    over_bands(_columns_span, width, mask, nearest, pixels=mask.size)
    args = (saliency, mask, nearest, importance, near_errors, table)
    over_bands(_rows_span, height, *args, pixels=8 * mask.size)
    args = (near_errors, weights, averages)
    over_bands(_averages_span, height, *args, pixels=mask.size)
    args = (saliency, mask, averages, weights, table)
    over_bands(_inside_span, height, *args, pixels=mask.size)


@cache
def _importance():
    """Return the importance of an error by its squared distance from the object."""
    return 2 - np.exp(math.log(0.5) / 5 * np.sqrt(np.arange(_FAR)))


@banded
def _columns_span(mask, nearest, start, stop):
    """Fill `nearest` with the row of the nearest pixel of the object in a column, or -1."""
    height = mask.shape[0]
    last = np.empty(stop - start, np.int32)
    last[:] = -1
    for row in range(height):
        inside, line = mask[row, start:stop], nearest[row, start:stop]
        for i in range(line.size):
            last[i] = row if inside[i] else last[i]
            line[i] = last[i]
    last[:] = -1
    for back in range(height):
        row = height - 1 - back
        inside, line = mask[row, start:stop], nearest[row, start:stop]
        for i in range(line.size):
            last[i] = row if inside[i] else last[i]
            is_nearer = last[i] >= 0 and (line[i] < 0 or last[i] - row < row - line[i])
            line[i] = last[i] if is_nearer else line[i]


@banded
def _rows_span(saliency, mask, nearest, importance, near_errors, table, start, stop):
    width = mask.shape[1]
    sites = np.empty(width, np.int32)  # columns of the parabolas in the envelope
    heights = np.empty(width, np.int64)  # of these parabolas at column 0
    for row in range(start, stop):
        count = _envelope(nearest[row], row, sites, heights)
        outside, site = 0.0, 0
        for col in range(width):
            if mask[row, col]:
                near_errors[row, col] = 1.0 - saliency[row, col]
                continue
            best = heights[site] - 2 * col * int64(sites[site])
            while site + 1 < count:
                following = heights[site + 1] - 2 * col * int64(sites[site + 1])
                if following >= best:
                    break
                best, site = following, site + 1
            squared = best + col * col
            weight = importance[squared] if squared < importance.size else 2.0
            outside += saliency[row, col] * weight
            if squared <= _NEAR:
                there = sites[site]
                error = 1.0 - saliency[nearest[row, there], there]
                near_errors[row, col] = error
            else:
                near_errors[row, col] = 0.0
        table[row, 1] = outside


@serial
def _envelope(nearest, row, sites, heights):
    """Fill the parabolas of the lower envelope of a row, and return how many there are."""
    count = 0
    for col in range(nearest.size):
        if nearest[col] < 0:
            continue
        apart = int64(row) - int64(nearest[col])
        height = apart * apart + int64(col) * int64(col)
        while count > 1:
            first, second = int64(sites[count - 2]), int64(sites[count - 1])
            left = (heights[count - 1] - heights[count - 2]) * (col - second)
            if left < (height - heights[count - 1]) * (second - first):
                break
            count -= 1
        sites[count], heights[count] = int32(col), height
        count += 1
    return count


@banded
def _averages_span(near_errors, weights, averages, start, stop):
    """Fill the weighted mean over a window of one row; beyond the borders errors are 0."""
    width = near_errors.shape[1]
    wide = np.zeros(width + 2 * RADIUS)
    for row in range(start, stop):
        wide[RADIUS : RADIUS + width] = near_errors[row]
        line = averages[row]
        line[:] = 0.0
        for k in range(weights.size):
            _add(weights[k], wide[k : k + width], line)


@banded
def _inside_span(saliency, mask, averages, weights, table, start, stop):
    height, width = mask.shape
    line = np.empty(width)
    for row in range(start, stop):
        line[:] = 0.0
        for k in range(weights.size):
            other = row + k - RADIUS
            if 0 <= other < height:
                _add(weights[k], averages[other], line)
        inside = 0.0
        for col in range(width):
            if mask[row, col]:
                inside += min(line[col], 1.0 - saliency[row, col])
        table[row, 0] = inside


@serial
def _add(weight, source, target):
    for i in range(target.size):
        target[i] += weight * source[i]
