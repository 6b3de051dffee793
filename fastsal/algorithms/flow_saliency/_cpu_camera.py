"""The camera's motion, and the residual motion, on the CPU."""

import numpy as np
from numba import float32, int32, int64, uint64

from ...kernels import launch
from ...kernels.jit import banded, serial
from . import _formulas
from ._cpu_flow import RIM, WORK, compared, fill_patch
from ._formulas import (
    BINS,
    BORDER_ROUNDS,
    FIT_ROUNDS,
    bin_of,
    blended,
    camera_across,
    camera_down,
    corner,
    covariance,
    distance,
    evidence,
    is_border,
    is_cut,
    is_in_sight,
    length_of,
    noise_of,
    place,
    robust_weight,
    softness,
    spot,
    squash,
)
from .plan import AREA, PATCH

add_cell, add_row = serial(_formulas.add_cell), serial(_formulas.add_row)
fill_equations, solve = serial(_formulas.fill_equations), serial(_formulas.solve)


@serial
def fit_camera(flow, count, camera):
    """Fit `count` camera terms by robust least squares, as Odobez and Bouthemy (1995)."""
    rows, cols = flow.shape[1:]
    camera[:] = 0
    if count == 0:
        return
    residuals, sums = np.empty((rows, cols), np.float32), np.empty(_formulas.SUMS, np.float32)
    moments = np.empty(_formulas.MOMENTS, np.float32)
    equations = np.empty((_formulas.TERMS, _formulas.TERMS + 1), np.float32)
    camera[0], camera[1] = median_of(flow[0], True), median_of(flow[1], True)
    for iteration in range(FIT_ROUNDS):
        is_late = iteration >= BORDER_ROUNDS
        _fill_residuals(flow, camera, residuals)
        noise = noise_of(median_of(residuals, not is_late))
        moments[:] = 0
        for row in range(rows):
            _sum_row(flow, residuals, row, noise, is_late, sums)
            add_row(sums, spot(row, rows, max(rows, cols)), moments)
        fill_equations(moments, count, equations)
        solve(count, equations, camera)


@serial
def median_of(values, only_border):
    """Return the median of the values of all cells, or of those near the border."""
    rows, cols = values.shape
    counts = np.zeros(BINS, np.int64)
    total = 0
    for row in range(rows):
        for col in range(cols):
            if not only_border or is_border(row, col, rows, cols):
                counts[bin_of(values[row, col])] += 1
                total += 1
    bin_, below = 0, counts[0]
    while 2 * below < total:
        bin_ += 1
        below += counts[bin_]
    return length_of(bin_)


@serial
def _fill_residuals(flow, camera, residuals):
    rows, cols = residuals.shape
    for row in range(rows):
        y = spot(row, rows, max(rows, cols))
        downs, acrosses, lengths = flow[0, row], flow[1, row], residuals[row]
        for col in range(cols):
            x = spot(col, cols, max(rows, cols))
            down = float32(downs[col] - camera_down(camera, x, y))
            across = float32(acrosses[col] - camera_across(camera, x, y))
            lengths[col] = distance(down, across)


@serial
def _sum_row(flow, residuals, row, noise, is_late, sums):
    rows, cols = residuals.shape
    sums[:] = 0
    for col in range(cols):
        x = spot(col, cols, max(rows, cols))
        weight = robust_weight(residuals[row, col], noise, is_border(row, col, rows, cols), is_late)
        add_cell(weight, x, flow[1, row, col], flow[0, row, col], sums)


@serial
def fill_reference(flow, camera, reach, reference):
    """Fill the reference flow: the camera's, and with `reach` the mean within that many cells."""
    rows, cols = flow.shape[1:]
    for row in range(rows):
        y = spot(row, rows, max(rows, cols))
        for col in range(cols):
            x = spot(col, cols, max(rows, cols))
            reference[0, row, col] = camera_down(camera, x, y)
            reference[1, row, col] = camera_across(camera, x, y)
    if reach > 0:
        _add_surround(flow, reach, reference)


@serial
def _add_surround(flow, reach, reference):
    """Add to `reference` the mean residual of `flow` within a square about each cell."""
    rows, cols = flow.shape[1:]
    means = np.empty((rows, cols), np.float32)
    for axis in range(2):
        for row in range(rows):
            for col in range(cols):
                total, first, last = float32(0), max(col - reach, 0), min(col + reach + 1, cols)
                for near in range(first, last):
                    total += float32(flow[axis, row, near] - reference[axis, row, near])
                means[row, col] = float32(total / float32(last - first))
        for row in range(rows):
            first, last = max(row - reach, 0), min(row + reach + 1, rows)
            for col in range(cols):
                total = float32(0)
                for near in range(first, last):
                    total += means[near, col]
                reference[axis, row, col] += float32(total / float32(last - first))


def fill_scores(level, previous, flow, reference, is_fitted, scores):
    """Fill `scores` from each cell's motion relative to its reference and the evidence of it."""
    rows, cols = scores.shape
    residuals = launch.scratch("flow residuals", (rows, cols), np.float32)
    fits = launch.scratch("flow fits", (rows, 2), np.int64)
    args = (level, previous, flow, reference, residuals, scores, fits)
    launch.over_bands(_weigh, rows, *args, pixels=WORK * rows * cols)
    _soften(residuals, fits, is_fitted, scores)


@banded
def _weigh(level, previous, flow, reference, residuals, scores, fits, start, stop):
    """Fill with each cell's motion against its reference, and the evidence that it is one."""
    picture, other = level.reshape(-1), previous.reshape(-1)
    column = uint64(level.shape[1] * PATCH)
    height, width = level.shape[1] - 2 * RIM, level.shape[0] - 2 * RIM
    patch = np.empty((3, AREA), np.int32)
    for row in range(start, stop):
        fits[row, 0], fits[row, 1] = 0, 0
        for col in range(scores.shape[1]):
            first, left = corner(row, height), corner(col, width)
            fill_patch(picture, column, first, left, patch)
            down, across = flow[0, row, col], flow[1, row, col]
            still_down, still_across = reference[0, row, col], reference[1, row, col]
            at = place(first, down, height), place(left, across, width)
            own = compared(patch, other, column, at[0], at[1])
            own_error = covariance(own[1], own[0], own[0])
            at = place(first, still_down, height), place(left, still_across, width)
            sums = compared(patch, other, column, at[0], at[1])
            error = covariance(sums[1], sums[0], sums[0])
            is_seen = is_in_sight(first, still_down, height) and is_in_sight(
                left, still_across, width
            )
            residuals[row, col] = distance(down - still_down, across - still_across)
            scores[row, col] = evidence(error, own_error) if is_seen else float32(0)
            fits[row, 0] += own_error
            fits[row, 1] += _variance(patch)


@serial
def _variance(patch):
    """Return AREA times the sum of a patch's squared levels, each less their mean."""
    levels, total, squares = patch[0], int32(0), int32(0)
    for i in range(AREA):
        total = int32(total + levels[i])
        squares = int32(squares + int32(levels[i] * levels[i]))
    return covariance(squares, total, total)


@serial
def _soften(residuals, fits, is_fitted, scores):
    rows, cols = scores.shape
    own, variance = int64(0), int64(0)
    for row in range(rows):
        own, variance = own + fits[row, 0], variance + fits[row, 1]
    half = softness(median_of(residuals, False), is_fitted)
    for row in range(rows):
        for col in range(cols):
            score = float32(scores[row, col] * squash(residuals[row, col], half))
            scores[row, col] = float32(-1) if is_cut(own, variance) else score


@serial
def blend(scores, others, memory, kept, shown):
    """Fill with the minimum of two scores, smoothed over time."""
    for row in range(kept.shape[0]):
        for col in range(kept.shape[1]):
            score = min(scores[row, col], others[row, col])
            score = blended(score, kept[row, col], memory)
            kept[row, col], shown[0, row, col] = score, score
