"""Differences of Gaussians on the CPU: rows of all planes and scales, by any thread."""

import numpy as np
from numba import float32

from ...kernels.borders import reflect
from ...kernels.color._cpu_lab import lightness_of, linear_of
from ...kernels.color._formulas import balanced, lab
from ...kernels.gaussian import add_pair, blur_row, half_of_gaussian, weigh
from ...kernels.jit import banded
from ...kernels.postprocess._formulas import reach_of


@banded
def fill_lab(means, table, planes, start, stop):
    """Fill rows of `planes` with CIELab of `means`, both (3, h, w), or (1, h, w) if grey."""
    for row in range(start, stop):
        for col in range(means.shape[2]):
            # Means of floats may exceed 1 by rounding.
            red = linear_of(min(means[0, row, col], float32(1)), table)
            green = blue = red
            if len(means) > 1:
                green = linear_of(min(means[1, row, col], float32(1)), table)
                blue = linear_of(min(means[2, row, col], float32(1)), table)
            x, y, z = balanced(red, green, blue)
            lightness, a, b = lab(lightness_of(x), lightness_of(y), lightness_of(z))
            planes[0, row, col] = lightness
            if len(means) > 1:
                planes[1, row, col], planes[2, row, col] = a, b


@banded
def blur_across(planes, sigmas, blurred, start, stop):
    """Fill rows of `blurred`, (planes, scales, h, w), with `planes` blurred along their rows."""
    height, width = planes.shape[1:]
    for index in range(start, stop):
        plane, row = index // height, index % height
        source = planes[plane, row]
        for scale in range(sigmas.size):
            weights = half_of_gaussian(sigmas[scale], reach_of(sigmas[scale]))
            reach = weights.size - 1
            wide = np.empty(width + 2 * reach, np.float32)
            for col in range(wide.size):
                wide[col] = source[reflect(col - reach, width)]
            blur_row(wide, weights, blurred[plane, scale, row])


@banded
def subtract_down(planes, blurred, sigmas, features, start, stop):
    """Finish the blur down the columns, and fill rows of `features`, (planes, scales, h, w).

    Each is the difference from the next finer scale; the finest is the plane itself.
    """
    height, width = planes.shape[1:]
    total = np.empty((2, width), np.float32)
    for index in range(start, stop):
        plane, row = index // height, index % height
        finer = planes[plane, row]
        for scale in range(sigmas.size):
            weights = half_of_gaussian(sigmas[scale], reach_of(sigmas[scale]))
            source, coarser = blurred[plane, scale], total[scale % 2]
            weigh(weights[0], source[row], coarser)
            for step in range(1, weights.size):
                above, below = reflect(row - step, height), reflect(row + step, height)
                add_pair(weights[step], source[above], source[below], coarser)
            target = features[plane, scale, row]
            for col in range(width):
                target[col] = finer[col] - coarser[col]
            finer = coarser
