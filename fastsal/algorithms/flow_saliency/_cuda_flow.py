"""Optical flow of cells on a CUDA device: levels of a frame, then a search from coarse to fine.

Levels are plain images; clamped positions repeat their edges. Sums of integers are equal in any
order, so threads use atomics. Each thread then takes the same decisions for the block. Iterations
are launches: each reads the flow of the one before.
"""

from itertools import pairwise

import numpy as np
from numba import cuda, float32, int32, int64

from ...devices import workspace
from ...kernels import launch
from ...kernels.borders import clamp
from ...kernels.jit import device, kernel
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
    gray_of,
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


def fill_levels(pixels, channels, weights, width, levels):
    """Fill `levels` from the pixels, (1, H * width * channels), of a frame."""
    shape = levels[0].shape
    picture = workspace("flow picture", shape, levels[0].dtype)
    source = pixels.reshape(pixels.size)
    _reduce[_grid(shape), launch.THREADS](source, channels, weights, width, picture)
    _smooth[_grid(shape), launch.THREADS](picture, levels[0])
    for level, half in pairwise(levels):
        _halve[_grid(half.shape), launch.THREADS](level, half)


def _grid(shape):
    return -(-shape[1] // launch.THREADS), shape[0]


@kernel
def _reduce(pixels, channels, weights, width, picture):
    rows, cols = picture.shape
    height = pixels.size // (width * channels)
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= cols:
        return
    total = int64(0)
    for source_row in range(row * height // rows, -(-(row + 1) * height // rows)):
        line = int64(0)
        for source_col in range(col * width // cols, -(-(col + 1) * width // cols)):
            at = channels * (source_row * width + source_col)
            gray = float32(pixels[at])
            if channels > 1:
                second, third = pixels[at + 1], pixels[at + 2]
                gray = gray_of(pixels[at], second, third, weights, pixels.itemsize)
            level = leveled(gray, pixels.itemsize)
            line += int64(level) * overlap(source_col, width, col, cols)
        total += line * overlap(source_row, height, row, rows)
    picture[row, col] = mean_level(total, int64(height) * int64(width))


@kernel
def _smooth(picture, smooth):
    rows, cols = picture.shape
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= cols:
        return
    up, down = max(row - 1, 0), min(row + 1, rows - 1)
    left, right = max(col - 1, 0), min(col + 1, cols - 1)
    first = binomial(picture[up, left], picture[row, left], picture[down, left])
    middle = binomial(picture[up, col], picture[row, col], picture[down, col])
    last = binomial(picture[up, right], picture[row, right], picture[down, right])
    smooth[row, col] = sixteenth(binomial(first, middle, last))


@kernel
def _halve(picture, half):
    rows, cols = picture.shape
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= half.shape[1]:
        return
    up, down = 2 * row, min(2 * row + 1, rows - 1)
    left, right = 2 * col, min(2 * col + 1, cols - 1)
    half[row, col] = quarter(
        picture[up, left], picture[up, right], picture[down, left], picture[down, right]
    )


SLOTS = 3  # of sums: one to fill, one to read, one to clear


def fill_flow(levels, previous, flow):
    """Fill `flow` of the finest level of a frame; both frames' levels come finest first."""
    coarse = None
    for i in range(len(levels) - 1, -1, -1):
        rows, cols = cells_of(levels[i].shape)
        result = workspace(f"flow found {i}", (2, rows, cols), np.float32)
        spare = workspace(f"flow spare {i}", (2, rows, cols), np.float32)
        if coarse is None:
            _clear[_grid((rows, cols)), launch.THREADS](result)
        else:
            _hand_down[_grid((rows, cols)), launch.THREADS](coarse, 2, result)
        for _ in range(ROUNDS):
            _search[(cols, rows), AREA](levels[i], previous[i], result, spare)
            result, spare = spare, result
        coarse = result
    _hand_down[_grid(flow.shape[1:]), launch.THREADS](coarse, 1, flow)


@kernel
def _clear(flow):
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col < flow.shape[2]:
        flow[0, row, col] = 0
        flow[1, row, col] = 0


@kernel
def _hand_down(coarse, times, flow):
    """Fill with the medians of the cells around those that hold these on the coarser level."""
    row, col = cuda.blockIdx.y, cuda.grid(1)
    if col >= flow.shape[2]:
        return
    rows, cols = coarse.shape[1], coarse.shape[2]
    middle, centre = min(row // times, rows - 1), min(col // times, cols - 1)
    up, down = max(middle - 1, 0), min(middle + 1, rows - 1)
    left, right = max(centre - 1, 0), min(centre + 1, cols - 1)
    for axis in range(2):
        flow[axis, row, col] = float32(times) * median_of_nine(
            coarse[axis, up, left], coarse[axis, up, centre], coarse[axis, up, right],
            coarse[axis, middle, left], coarse[axis, middle, centre], coarse[axis, middle, right],
            coarse[axis, down, left], coarse[axis, down, centre], coarse[axis, down, right],
        )  # fmt: skip


@device
def pixel_of(picture, row, col):
    """Return a pixel of a level; pixels at the edges repeat beyond them."""
    return int32(picture[clamp(row, picture.shape[0]), clamp(col, picture.shape[1])])


@device
def error_at(other, level, row, col):
    """Return the error of this thread's pixel in a patch at a place."""
    me = cuda.threadIdx.x
    top, left = (row >> FINE) + me // PATCH, (col >> FINE) + me % PATCH
    shares = fraction_of(col & (ONE - 1), row & (ONE - 1))
    a, b = pixel_of(other, top, left), pixel_of(other, top, left + 1)
    c, d = pixel_of(other, top + 1, left), pixel_of(other, top + 1, left + 1)
    return int32(between(shares, a, b, c, d) - level)


@device
def summed(first, second, third, fourth, sums, iteration):
    """Return the sums of four numbers over all threads; `iteration` counts from 0."""
    slot, me = iteration % SLOTS, cuda.threadIdx.x
    if me < 4:
        sums[(iteration + 1) % SLOTS, me] = 0
    cuda.atomic.add(sums, (slot, 0), first)
    cuda.atomic.add(sums, (slot, 1), second)
    cuda.atomic.add(sums, (slot, 2), third)
    cuda.atomic.add(sums, (slot, 3), fourth)
    cuda.syncthreads()
    return sums[slot, 0], sums[slot, 1], sums[slot, 2], sums[slot, 3]


@device
def compared(other, level, down, across, row, col, sums, iteration):
    """Return sums over a patch of the errors, their squares, and products with slopes (Eq. 1)."""
    error = error_at(other, level, row, col)
    return summed(error, error * error, error * down, error * across, sums, iteration)


@kernel
def _search(level, previous, flow, result):
    """Fill `result` with each cell's best motion, of neighbours' and by inverse search (Eq. 2)."""
    sums = cuda.shared.array((SLOTS, 4), int32)
    me, row, col = cuda.threadIdx.x, cuda.blockIdx.y, cuda.blockIdx.x
    rows, cols = flow.shape[1], flow.shape[2]
    height, width = level.shape[0], level.shape[1]
    if me < 4:
        sums[0, me] = 0
    cuda.syncthreads()
    start_row, start_col = corner(row, height), corner(col, width)
    my_row, my_col = start_row + me // PATCH, start_col + me % PATCH
    here = pixel_of(level, my_row, my_col)
    down = pixel_of(level, my_row + 1, my_col) - pixel_of(level, my_row - 1, my_col)
    across = pixel_of(level, my_row, my_col + 1) - pixel_of(level, my_row, my_col - 1)
    # The motion to improve on, its end point, and its error.
    best_down, best_across = flow[0, row, col], flow[1, row, col]
    at_row, at_col = place(start_row, best_down, height), place(start_col, best_across, width)
    iteration = 0
    errors = compared(previous, here, down, across, at_row, at_col, sums, iteration)
    best = covariance(errors[1], errors[0], errors[0])
    own_down, own_across = best_down, best_across
    for side in range(4):
        near_row = row + (side == 1) - (side == 0)
        near_col = col + (side == 3) - (side == 2)
        if near_row < 0 or near_col < 0 or near_row >= rows or near_col >= cols:
            continue
        new_down, new_across = flow[0, near_row, near_col], flow[1, near_row, near_col]
        if new_down == own_down and new_across == own_across:
            continue
        new_row, new_col = place(start_row, new_down, height), place(start_col, new_across, width)
        iteration += 1
        new = compared(previous, here, down, across, new_row, new_col, sums, iteration)
        squares = covariance(new[1], new[0], new[0])
        if squares < best:
            best, errors, at_row, at_col = squares, new, new_row, new_col
            best_down, best_across = new_down, new_across
    iteration += 1
    slopes = summed(down, down * down, across, across * across, sums, iteration)
    iteration += 1
    shears = summed(down * across, int32(0), int32(0), int32(0), sums, iteration)
    firm_down = structure(slopes[1], slopes[0])
    firm_across = structure(slopes[3], slopes[2])
    mixed_structure = float32(covariance(shears[0], slopes[0], slopes[2])) * float32(1 / AREA)
    determinant = determinant_of(firm_down, firm_across, mixed_structure)
    first_down, first_across = best_down, best_across
    for _ in range(STEPS):
        pull_down = float32(covariance(errors[2], slopes[0], errors[0]))
        pull_across = float32(covariance(errors[3], slopes[2], errors[0]))
        step_down = step(pull_down, pull_across, firm_across, mixed_structure, determinant)
        step_across = step(pull_across, pull_down, firm_down, mixed_structure, determinant)
        if abs(step_down) + abs(step_across) < NEAR:
            break
        new_down = motion_to(start_row, at_row) + step_down
        new_across = motion_to(start_col, at_col) + step_across
        if max(abs(new_down - first_down), abs(new_across - first_across)) > FAR:
            break
        at_row, at_col = place(start_row, new_down, height), place(start_col, new_across, width)
        iteration += 1
        errors = compared(previous, here, down, across, at_row, at_col, sums, iteration)
        squares = covariance(errors[1], errors[0], errors[0])
        if squares >= best:
            break
        best, best_down, best_across = squares, new_down, new_across
    if me == 0:
        result[0, row, col] = best_down
        result[1, row, col] = best_across
