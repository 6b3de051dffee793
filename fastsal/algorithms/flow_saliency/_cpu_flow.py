"""Optical flow of cells on the CPU: levels of a frame, then a search from coarse to fine.

A level of h x w is an array (w + 2 * RIM, h + 2 * RIM, PATCH). For each first column of a patch it
holds the rows of PATCH columns. It takes eight times the memory of the image, and loops over a
patch's pixels vectorise. Beyond its edges a level repeats them.

Flows, (2, rows, cols), hold the motion down and across. Every iteration reads the flows of the one
before, so the order of the cells and the number of threads do not matter.
"""

import numpy as np
from numba import float32, int32, int64, uint32, uint64

from ...kernels import launch
from ...kernels.borders import clamp
from ...kernels.color._cpu import luma_span
from ...kernels.color._formulas import float_luma
from ...kernels.copies import copy_values
from ...kernels.jit import banded, serial
from ._formulas import (
    FAR,
    FINE,
    NEAR,
    ONE,
    ROUNDS,
    STEPS,
    between,
    binomial,
    corner,
    covariance,
    determinant_of,
    fraction_of,
    leveled,
    mean_level,
    median_of_nine,
    motion_to,
    overlap,
    place,
    quarter,
    sixteenth,
    step,
    structure,
)
from .plan import AREA, PATCH, cells_of

RIM = PATCH + 1  # a patch just outside, and one pixel for gradients or interpolation


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
        source = picture[clamp(row - RIM, height)]
        for col in range(start, stop + PATCH):
            wide[col] = source[clamp(col - RIM, width)]
        for col in range(start, stop):
            target = level[col, row]
            for i in range(PATCH):
                target[i] = wide[col + i]


WORK = 256  # pixels' worth of one search, to decide whether to use all threads


def fill_flow(levels, previous, flow):
    """Fill `flow` of the finest level of a frame; both frames' levels come finest first."""
    coarse = None
    for i in range(len(levels) - 1, -1, -1):
        shape = (2, *cells_of(shape_of(levels[i])))
        result = launch.scratch(f"flow found {i}", shape, np.float32)
        spare = launch.scratch(f"flow spare {i}", shape, np.float32)
        if coarse is None:
            result[:] = 0
        else:
            _upsample(coarse, result)
        work = WORK * shape[1] * shape[2]
        for _ in range(ROUNDS):
            args = (levels[i], previous[i], result, spare)
            launch.over_bands(_search, shape[1], *args, pixels=work)
            result, spare = spare, result
        coarse = spare if i else flow
        _take_medians(result, coarse)


@serial
def _upsample(coarse, flow):
    """Start each cell from the one that holds it on the coarser level."""
    rows, cols = coarse.shape[1:]
    for axis in range(2):
        for row in range(flow.shape[1]):
            source = coarse[axis, min(row // 2, rows - 1)]
            for col in range(flow.shape[2]):
                flow[axis, row, col] = float32(2) * source[min(col // 2, cols - 1)]


@banded
def _search(level, previous, flow, result, start, stop):
    picture, other = level.reshape(-1), previous.reshape(-1)
    column = uint64(level.shape[1] * PATCH)
    height, width = level.shape[1] - 2 * RIM, level.shape[0] - 2 * RIM
    patch = np.empty((3, AREA), np.int32)
    for row in range(start, stop):
        for col in range(flow.shape[2]):
            fill_patch(picture, column, corner(row, height), corner(col, width), patch)
            down, across = _searched(patch, other, column, height, width, flow, row, col)
            result[0, row, col], result[1, row, col] = down, across


@serial
def address(column, row, col):
    """Return the offset in a level's memory of the patch that starts at a pixel."""
    return uint64(col + RIM) * column + uint64(row + RIM) * uint64(PATCH)


@serial
def fill_patch(picture, column, row, col, patch):
    """Fill with the levels of the pixels of a patch, and twice their slopes down and across."""
    at, line = address(column, row, col), uint64(PATCH)
    levels, downs, acrosses = patch[0], patch[1], patch[2]
    for i in range(uint64(AREA)):
        here = at + i
        levels[i] = picture[here]
        downs[i] = int32(picture[here + line]) - int32(picture[here - line])
        acrosses[i] = int32(picture[here + column]) - int32(picture[here - column])


@serial
def compared(patch, other, column, row, col):
    """Return sums over a patch of the errors, their squares, and products with slopes (Eq. 1)."""
    at = address(column, row >> FINE, col >> FINE)
    right, line = at + column, uint64(PATCH)
    shares = fraction_of(col & (ONE - 1), row & (ONE - 1))
    levels, downs, acrosses = patch[0], patch[1], patch[2]
    total, squares, down, across = int32(0), int32(0), int32(0), int32(0)
    for i in range(uint64(AREA)):
        a, b = other[at + i], other[right + i]
        c, d = other[at + i + line], other[right + i + line]
        error = int32(between(shares, a, b, c, d) - levels[i])
        total = int32(total + error)
        squares = int32(squares + int32(error * error))
        down = int32(down + int32(error * downs[i]))
        across = int32(across + int32(error * acrosses[i]))
    return total, squares, down, across


@serial
def _searched(patch, other, column, height, width, flow, row, col):
    """Return the best motion of a patch: from its own, its neighbours', and inverse search."""
    rows, cols = flow.shape[1:]
    down, across = flow[0, row, col], flow[1, row, col]
    at = place(corner(row, height), down, height), place(corner(col, width), across, width)
    sums = compared(patch, other, column, at[0], at[1])
    best = covariance(sums[1], sums[0], sums[0])
    own = down, across
    for near in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
        if near[0] < 0 or near[1] < 0 or near[0] >= rows or near[1] >= cols:
            continue
        motion = flow[0, near[0], near[1]], flow[1, near[0], near[1]]
        if motion == own:
            continue
        new_at = (
            place(corner(row, height), motion[0], height),
            place(corner(col, width), motion[1], width),
        )
        new_sums = compared(patch, other, column, new_at[0], new_at[1])
        squares = covariance(new_sums[1], new_sums[0], new_sums[0])
        if squares < best:
            best, sums, at, (down, across) = squares, new_sums, new_at, motion
    start = corner(row, height), corner(col, width)
    return _descended(patch, other, column, (height, width), start, (down, across), at, sums)


@serial
def _descended(patch, other, column, shape, start, motion, at, sums):
    """Return the motion of minimum error near another: Gauss-Newton steps of inverse search."""
    slopes = _slopes(patch)
    best = covariance(sums[1], sums[0], sums[0])
    first_down, first_across = motion
    for _ in range(STEPS):
        step_down, step_across = _step(slopes, sums)
        if abs(step_down) + abs(step_across) < NEAR:
            break
        down = motion_to(start[0], at[0]) + step_down
        across = motion_to(start[1], at[1]) + step_across
        if max(abs(down - first_down), abs(across - first_across)) > FAR:
            break
        at = place(start[0], down, shape[0]), place(start[1], across, shape[1])
        sums = compared(patch, other, column, at[0], at[1])
        squares = covariance(sums[1], sums[0], sums[0])
        if squares >= best:
            break
        best, motion = squares, (down, across)
    return motion


@serial
def _slopes(patch):
    """Return the Hessian of inverse search: the structure tensor of a patch."""
    downs, acrosses = patch[1], patch[2]
    down, across = int32(0), int32(0)
    down_down, across_across, both = int32(0), int32(0), int32(0)
    for i in range(AREA):
        down = int32(down + downs[i])
        across = int32(across + acrosses[i])
        down_down = int32(down_down + int32(downs[i] * downs[i]))
        across_across = int32(across_across + int32(acrosses[i] * acrosses[i]))
        both = int32(both + int32(downs[i] * acrosses[i]))
    mixed_structure = float32(float32(covariance(both, down, across)) * float32(1 / AREA))
    return (
        down,
        across,
        structure(down_down, down),
        structure(across_across, across),
        mixed_structure,
    )


@serial
def _step(slopes, sums):
    down_total, across_total, down_structure, across_structure, mixed_structure = slopes
    pull_down = float32(covariance(sums[2], down_total, sums[0]))
    pull_across = float32(covariance(sums[3], across_total, sums[0]))
    determinant = determinant_of(down_structure, across_structure, mixed_structure)
    return (
        step(pull_down, pull_across, across_structure, mixed_structure, determinant),
        step(pull_across, pull_down, down_structure, mixed_structure, determinant),
    )


@serial
def _take_medians(flow, target):
    """Fill `target` with the medians of each cell and those around it."""
    rows, cols = flow.shape[1:]
    wide = np.empty((3, cols + 2), np.float32)
    for axis in range(2):
        for row in range(rows):
            for i in range(3):
                source = flow[axis, clamp(row + i - 1, rows)]
                wide[i, 0], wide[i, cols + 1] = source[0], source[cols - 1]
                copy_values(source, wide[i, 1 : cols + 1])
            above, middle, below, medians = wide[0], wide[1], wide[2], target[axis, row]
            for col in range(cols):
                medians[col] = median_of_nine(
                    above[col], above[col + 1], above[col + 2],
                    middle[col], middle[col + 1], middle[col + 2],
                    below[col], below[col + 1], below[col + 2],
                )  # fmt: skip
