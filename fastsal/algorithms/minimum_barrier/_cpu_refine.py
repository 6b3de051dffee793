"""The post-processing on the CPU: remove small details, then raise the contrast (section 3.4)."""

import numpy as np

from ...kernels.copies import copy_values
from ...kernels.jit import serial
from ...kernels.reconstruction._cpu import reconstruct_one
from ...kernels.scale import fraction
from ._formulas import LEVELS, contrast, is_upper, level, middle, opening_width


@serial
def refine(saliency):
    """Open, close and sharpen `saliency`, (h, w) of float32 in [0, 1], in place."""
    rows, cols = saliency.shape
    levels = np.empty((rows, cols), np.uint8)
    total = 0
    for row in range(rows):
        for col in range(cols):
            levels[row, col] = level(saliency[row, col])
            total += levels[row, col]
    width = opening_width(total, levels.size)
    opened = _opened(levels, width)
    for row in range(rows):  # a closing is the opening of the negative
        for col in range(cols):
            opened[row, col] = LEVELS - 1 - opened[row, col]
    closed = _opened(opened, width)
    curve = _curve(closed)
    for row in range(rows):
        for col in range(cols):
            saliency[row, col] = curve[LEVELS - 1 - closed[row, col]]


@serial
def _opened(levels, width):
    """Return the opening by reconstruction (section 3.4) of `levels`, with a square of `width`."""
    rows, cols = levels.shape
    before, after = width // 2, width - 1 - width // 2
    across = np.empty((rows + before + after, cols), np.uint8)
    across[:before], across[before + rows :] = LEVELS - 1, LEVELS - 1
    wide = np.full((2, before + cols + after), LEVELS - 1, np.uint8)
    for row in range(rows):
        copy_values(levels[row], wide[0, before : before + cols])
        wide[0, :before], wide[0, before + cols :] = LEVELS - 1, LEVELS - 1
        _fill_min(wide, width, across[before + row])
    eroded = np.empty((rows, cols), np.uint8)
    _fill_min_down(across, width, eroded)
    reconstruct_one(levels, eroded)
    return eroded


@serial
def _fill_min(wide, width, target):
    """Fill `target` with the minimum of `width` values from each on; windows double in each step.

    `wide` is two rows, the values in the first; both are overwritten.
    """
    done, line = 1, 0
    while 2 * done <= width:
        source, other = wide[line], wide[1 - line]
        count = source.size - done
        later = source[done:]
        for col in range(count):
            other[col] = min(source[col], later[col])
        for col in range(count, source.size):
            other[col] = source[col]
        done, line = 2 * done, 1 - line
    source, later = wide[line], wide[line][width - done :]
    for col in range(target.size):
        target[col] = min(source[col], later[col])


@serial
def _fill_min_down(lines, width, target):
    """Fill `target` with the minimum of `width` rows from each on; `lines` are overwritten."""
    done = 1
    while 2 * done <= width:
        for row in range(len(lines) - done):
            _lower(lines[row], lines[row + done], lines[row])
        done *= 2
    for row in range(len(target)):
        _lower(lines[row], lines[row + width - done], target[row])


@serial
def _lower(first, second, target):
    for col in range(target.size):
        target[col] = min(first[col], second[col])


@serial
def _curve(negative):
    """Return the score in [0, 1] of each level of a map (Eq. 11), from the map's negative."""
    counts = np.zeros(LEVELS, np.int64)
    for row in range(negative.shape[0]):
        for col in range(negative.shape[1]):
            counts[LEVELS - 1 - negative[row, col]] += 1
    low, high = LEVELS - 1, 0
    for value in range(LEVELS):
        if counts[value] > 0:
            low, high = min(low, value), max(high, value)
    curve = np.zeros(LEVELS, np.float32)
    if high == low:
        return curve
    sums, sizes = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for value in range(low, high + 1):
        half = int(is_upper(value, low, high))
        sums[half] += value * counts[value]
        sizes[half] += counts[value]
    upper = middle(sums[1], sizes[1], low, high)
    center = np.float32(np.float32(0.5) * (upper + middle(sums[0], sizes[0], low, high)))
    minimum, maximum = contrast(low, low, high, center), contrast(high, low, high, center)
    for value in range(low, high + 1):
        curve[value] = fraction(contrast(value, low, high, center), minimum, maximum)
    return curve
