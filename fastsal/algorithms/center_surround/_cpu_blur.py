"""Blurs on the CPU: across rows, then down columns, where centre and surround are compared.

Rows are counted through all planes, or through all maps, so that bands cut stacks too.
"""

import numpy as np
from numba import float32, prange

from ...kernels.gaussian import add_pair, blur_row, half_of_gaussian, weigh
from ...kernels.jit import parallel, serial
from ...kernels.launch import over_bands
from ._math import held, reach_of, source_of

TAPS = 8  # an item of these passes weighs as much as that many pixels


def blur(planes, sigma, spare, target):
    """Fill `target` with the planes, (N, channels, rows, cols), blurred."""
    frames, channels, rows, _ = planes.shape
    flat = [array.reshape(-1, *planes.shape[2:]) for array in (planes, spare, target)]
    count, work, sigma = frames * channels * rows, TAPS * planes.size, float32(sigma)
    over_bands(_across, _across_bands, count, flat[0], sigma, sigma, flat[1], flat[2], pixels=work)
    over_bands(_down, _down_bands, count, flat[1], sigma, flat[2], pixels=work)


def compare(center, sigmas, far, near, contrast, is_first, following):
    """Add to `contrast` how far centre and surround differ; fill `following` with the next centre.

    `far` and `near` are for the steps between. The next centre may be half as large.
    """
    frames, channels, rows, _ = center.shape
    flat = [array.reshape(-1, *center.shape[2:]) for array in (center, far, near)]
    sigmas = float32(sigmas[0]), float32(sigmas[1])
    work = TAPS * center.size
    over_bands(
        _across, _across_bands, frames * channels * rows, flat[0], *sigmas, *flat[1:], pixels=work
    )
    args = (center, far, near, *sigmas, contrast, is_first, following)
    over_bands(_compare, _compare_bands, frames * rows, *args, pixels=work)


@serial
def _across(planes, sigma, other_sigma, target, other, start, stop):
    """Blur rows by two sigmas, or by one if they are equal."""
    rows, cols = planes.shape[1:]
    weights = half_of_gaussian(sigma, reach_of(sigma))
    others = half_of_gaussian(other_sigma, reach_of(other_sigma))
    reach = max(weights.size, others.size) - 1
    wide = np.empty(cols + 2 * reach, np.float32)
    cut, other_cut = reach - (weights.size - 1), reach - (others.size - 1)
    for index in range(start, stop):
        source = planes[index // rows, index % rows]
        wide[:reach], wide[reach + cols :] = source[0], source[cols - 1]
        wide[reach : reach + cols] = source
        blur_row(wide[cut:], weights, target[index // rows, index % rows])
        if sigma != other_sigma:
            blur_row(wide[other_cut:], others, other[index // rows, index % rows])


@serial
def _blur_down(plane, row, weights, target):
    weigh(weights[0], plane[row], target)
    for step in range(1, weights.size):
        above, below = plane[held(row - step, len(plane))], plane[held(row + step, len(plane))]
        add_pair(weights[step], above, below, target)


@serial
def _down(planes, sigma, target, start, stop):
    rows = planes.shape[1]
    weights = half_of_gaussian(sigma, reach_of(sigma))
    for index in range(start, stop):
        _blur_down(
            planes[index // rows], index % rows, weights, target[index // rows, index % rows]
        )


@serial
def _compare(center, far, near, sigma, next_sigma, contrast, is_first, following, start, stop):
    channels, rows, cols = center.shape[1:]
    weights = half_of_gaussian(sigma, reach_of(sigma))
    next_weights = half_of_gaussian(next_sigma, reach_of(next_sigma))
    next_rows = following.shape[2]
    blurred = np.empty(cols, np.float32)
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        total = contrast[frame, row]
        next_row = (row * next_rows + rows - 1) // rows
        is_kept = next_row < next_rows and source_of(next_row, rows, next_rows) == row
        for channel in range(channels):
            _blur_down(far[frame, channel], row, weights, blurred)
            _add_gap(center[frame, channel, row], blurred, is_first and channel == 0, total)
            if is_kept:
                _blur_down(near[frame, channel], row, next_weights, blurred)
                _pick(blurred, following[frame, channel, next_row])


@serial
def _add_gap(center, surround, is_first, total):
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


@parallel
def _across_bands(planes, sigma, other_sigma, target, other, bands):
    rows = planes.shape[0] * planes.shape[1]
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        _across(planes, sigma, other_sigma, target, other, start, stop)


@parallel
def _down_bands(planes, sigma, target, bands):
    rows = planes.shape[0] * planes.shape[1]
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        _down(planes, sigma, target, start, stop)


@parallel
def _compare_bands(center, far, near, sigma, next_sigma, contrast, is_first, following, bands):
    rows = center.shape[0] * center.shape[2]
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        _compare(center, far, near, sigma, next_sigma, contrast, is_first, following, start, stop)
