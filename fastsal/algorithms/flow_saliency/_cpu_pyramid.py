"""Levels of a frame, laid out so that a patch anywhere is one piece of memory.

A level of h x w is an array (w + 2 * RIM, h + 2 * RIM, PATCH): for each column that a patch may
start in, the rows of the PATCH columns from there on. It takes eight times the memory of the
picture, and lets the loops over a patch's pixels vectorise. Beyond its edges a level repeats them.
"""

import numpy as np
from numba import int64, uint32

from ...kernels import launch
from ...kernels.color._cpu import luma_span
from ...kernels.color._formulas import float_luma
from ...kernels.copies import copy_values
from ...kernels.jit import banded, serial
from ._formulas import binomial, leveled, mean_level, overlap, quarter, sixteenth
from .plan import PATCH

RIM = PATCH + 1  # a patch just out of sight, and the gradient's or the place's other pixel


def new_level(shape):
    """Return an array for a level of that shape."""
    height, width = shape
    return np.empty((width + 2 * RIM, height + 2 * RIM, PATCH), np.int16)


def shape_of(level):
    """Return the shape of a level's picture."""
    return level.shape[1] - 2 * RIM, level.shape[0] - 2 * RIM


def fill_levels(pixels, channels, weights, width, levels):
    """Fill `levels` from the pixels, (H * width * channels,), of a frame."""
    shapes = [shape_of(level) for level in levels]
    picture = launch.scratch("flow picture", shapes[0], np.int32)
    args = (pixels, channels, weights, width, picture)
    launch.over_bands(_reduce, shapes[0][0], *args, pixels=pixels.size)
    spare = launch.scratch("flow smooth", shapes[0], np.int32)
    _smooth(picture, spare, 0, shapes[0][0])
    picture = spare
    _lay_out_all(picture, levels[0])
    for level, shape in zip(levels[1:], shapes[1:], strict=True):
        half = launch.scratch(f"flow {shape}", shape, np.int32)
        _halve(picture, half)
        picture = half
        _lay_out_all(picture, level)


def _lay_out_all(picture, level):
    columns = level.shape[0]
    launch.over_bands(_lay_out, columns, picture, level, pixels=level.size)


@banded
def _reduce(pixels, channels, weights, width, picture, start, stop):
    rows = len(picture)
    height = pixels.size // (width * channels)
    gray, sums = np.empty(width, pixels.dtype), np.empty(width, np.uint32)
    for row in range(start, stop):
        sums[:] = 0
        for source in range(row * height // rows, -(-(row + 1) * height // rows)):
            part = uint32(overlap(source, height, row, rows))
            at = channels * width * source
            _fill_gray(pixels[at : at + channels * width], channels, weights, gray)
            _add_row(gray, part, sums)
        _reduce_row(sums, int64(height) * int64(width), picture[row])


@serial
def _fill_gray(pixels, channels, weights, gray):
    if gray.itemsize < 4:
        luma_span(pixels, channels, weights, gray, 0, gray.size)
    elif channels == 1:
        copy_values(pixels, gray)
    else:
        for col in range(gray.size):
            at = channels * col
            gray[col] = float_luma(pixels[at], pixels[at + 1], pixels[at + 2], weights)


@serial
def _add_row(gray, part, sums):
    for col in range(sums.size):
        level = uint32(leveled(gray[col], gray.itemsize))
        sums[col] = uint32(sums[col] + uint32(level * part))


@serial
def _reduce_row(sums, area, levels):
    width, cols = sums.size, levels.size
    for col in range(cols):
        total = int64(0)
        for source in range(col * width // cols, -(-(col + 1) * width // cols)):
            total += int64(sums[source]) * int64(overlap(source, width, col, cols))
        levels[col] = mean_level(total, area)


@serial
def _smooth(picture, target, start, stop):
    height, width = picture.shape
    sums = np.empty(width + 2, np.int32)
    for row in range(start, stop):
        above, below = picture[max(row - 1, 0)], picture[min(row + 1, height - 1)]
        middle, inside, right, smooth = picture[row], sums[1:], sums[2:], target[row]
        for col in range(width):
            inside[col] = binomial(above[col], middle[col], below[col])
        sums[0], sums[width + 1] = sums[1], sums[width]
        for col in range(width):
            smooth[col] = sixteenth(binomial(sums[col], inside[col], right[col]))


@serial
def _halve(picture, half):
    height, width = picture.shape
    for row in range(half.shape[0]):
        upper, lower = picture[2 * row], picture[min(2 * row + 1, height - 1)]
        for col in range(half.shape[1]):
            left, right = 2 * col, min(2 * col + 1, width - 1)
            half[row, col] = quarter(upper[left], upper[right], lower[left], lower[right])


@banded
def _lay_out(picture, level, start, stop):
    height, width = picture.shape
    wide = np.empty(level.shape[0] + PATCH, np.int16)
    for row in range(level.shape[1]):
        source = picture[min(max(row - RIM, 0), height - 1)]
        for col in range(start, stop + PATCH):
            wide[col] = source[min(max(col - RIM, 0), width - 1)]
        for col in range(start, stop):
            target = level[col, row]
            for i in range(PATCH):
                target[i] = wide[col + i]
