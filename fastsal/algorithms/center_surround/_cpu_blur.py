"""Blurs on the CPU: down columns, then across, row by row; and differences of two of them.

Rows are counted through all planes, or through all maps, so that bands cut stacks too.
"""

import numpy as np
from numba import float32

from ...kernels.borders import clamp
from ...kernels.copies import copy_values
from ...kernels.gaussian import add_pair, blur_row, half_of_gaussian, weigh
from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands
from ._formulas import between_six, reach_of, source_of, step_of

TAPS = 8  # an item of these passes takes the time of that many pixels
BEFORE, AFTER = 2, 3  # rows for interpolation, in addition to the one above


def blur(planes, sigma, target):
    """Fill `target`, as large or half as large, with planes, (N, channels, rows, cols), blurred."""
    flat = [array.reshape(-1, *array.shape[2:]) for array in (planes, target)]
    count = len(flat[1]) * target.shape[2]
    work = TAPS * flat[0].shape[2] * count
    over_bands(_blur, count, flat[0], float32(sigma), flat[1], pixels=work)


def rows_of_surround(rows, sigma):
    """Return how many rows a surround is made of."""
    return BEFORE + (rows - 1) // step_of(float32(sigma)) + 1 + AFTER


def compare(center, sigma, far, contrast, is_first):
    """Add |centre - surround| to `contrast`; `far` is for `rows_of_surround`."""
    frames, _, rows, _ = center.shape
    planes, fars = (each.reshape(-1, *each.shape[2:]) for each in (center, far))
    work, count, sigma = TAPS * center.size, len(fars) * far.shape[2], float32(sigma)
    over_bands(_surround, count, planes, sigma, fars, pixels=work)
    args = (center, far, step_of(sigma), contrast, is_first)
    over_bands(_compare, frames * rows, *args, pixels=center.size)


@banded
def _blur(planes, sigma, target, start, stop):
    """Fill rows of the centre pyramid of VOCUS2: a Gaussian blur, down columns and then across."""
    rows, (height, width) = planes.shape[1], target.shape[1:]
    weights = half_of_gaussian(sigma, reach_of(sigma))
    reach, cols = weights.size - 1, planes.shape[2]
    wide, blurred = np.empty(cols + 2 * reach, np.float32), np.empty(cols, np.float32)
    for index in range(start, stop):
        plane, row = planes[index // height], source_of(index % height, rows, height)
        _blur_down(plane, row, weights, wide[reach : reach + cols])
        if width == cols:
            _blur_across(wide, weights, target[index // height, index % height])
        else:
            _blur_across(wide, weights, blurred)
            _pick(blurred, target[index // height, index % height])


@serial
def _blur_across(wide, weights, target):
    """Blur the row in the middle of `wide`, and fill its ends here."""
    reach, cols = weights.size - 1, target.size
    wide[:reach], wide[reach + cols :] = wide[reach], wide[reach + cols - 1]
    blur_row(wide, weights, target)


@banded
def _surround(planes, sigma, target, start, stop):
    """Fill `target` with every `step`-th row of VOCUS2's surround, from before the first on."""
    (count, cols), step = target.shape[1:], step_of(sigma)
    weights = half_of_gaussian(sigma, reach_of(sigma))
    reach = weights.size - 1
    wide = np.empty(cols + 2 * reach, np.float32)
    for index in range(start, stop):
        row = step * (index % count - BEFORE)
        _blur_down(planes[index // count], row, weights, wide[reach : reach + cols])
        _blur_across(wide, weights, target[index // count, index % count])


@serial
def _blur_down(plane, row, weights, target):
    rows = len(plane)
    weigh(weights[0], plane[clamp(row, rows)], target)
    for step in range(1, weights.size):
        above, below = plane[clamp(row - step, rows)], plane[clamp(row + step, rows)]
        add_pair(weights[step], above, below, target)


@banded
def _compare(center, far, step, contrast, is_first, start, stop):
    """Add VOCUS2's contrast to `contrast`: the absolute difference of centre and surround."""
    channels, rows, cols = center.shape[1:]
    around = np.empty(cols, np.float32)
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        for channel in range(channels):
            _fill_between(far[frame, channel], row, step, around)
            source, starts = center[frame, channel, row], is_first and channel == 0
            _add_abs_diff(source, around, starts, contrast[frame, row])


@serial
def _fill_between(far, row, step, target):
    """Fill with a row of the surround; `far` has one row in `step`."""
    first = row // step
    if row % step == 0:
        copy_values(far[first + BEFORE], target)
        return
    a, b, c, d, e, f = between_six(float32(row % step) / float32(step))
    p, q, r = far[first], far[first + 1], far[first + 2]
    s, t, u = far[first + 3], far[first + 4], far[first + 5]
    for col in range(target.size):
        outer = a * p[col] + f * u[col]
        middle = b * q[col] + e * t[col]
        target[col] = outer + middle + (c * r[col] + d * s[col])


@serial
def _add_abs_diff(center, surround, is_first, total):
    if is_first:
        for col in range(total.size):
            total[col] = abs(center[col] - surround[col])
    else:
        for col in range(total.size):
            total[col] += abs(center[col] - surround[col])


@serial
def _pick(source, target):
    for col in range(target.size):
        target[col] = source[source_of(col, source.size, target.size)]
