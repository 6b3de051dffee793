"""The background cue on the CPU: colour distance of cells to the border (section 3.3)."""

import numpy as np
from numba import float32

from ...kernels import eigen
from ...kernels.jit import serial
from ...kernels.postprocess._cpu import range_of
from ...kernels.scale import fraction
from ._formulas import MOMENTS, RIDGE, STRIPS, all_but_greatest, along, covariance, strip_bounds

diagonalise = serial(eigen.diagonalise)


@serial
def fill_background(lab, scores):
    """Fill `scores`, (h, w) of float32 in [0, 1], from `lab`, (3, h, w) or (1, h, w) of bytes."""
    rows, cols = scores.shape
    distances = np.empty((STRIPS, rows, cols), np.float32)
    moments, center, axes = np.empty(MOMENTS, np.int64), np.empty(3), np.empty((3, 3))
    for strip in range(STRIPS):
        top, bottom, left, right = strip_bounds(strip, rows, cols)
        _fill_moments(lab, top, bottom, left, right, moments)
        fill_axes(moments, (bottom - top) * (right - left), center, axes)
        _fill_distances(lab, center, axes, distances[strip])
        _stretch(distances[strip])
    first, second, third, fourth = distances[0], distances[1], distances[2], distances[3]
    for row in range(rows):
        for col in range(cols):
            scores[row, col] = all_but_greatest(
                first[row, col], second[row, col], third[row, col], fourth[row, col]
            )
    _stretch(scores)


@serial
def fill_axes(moments, count, center, axes):
    """Fill the mean of a strip's colours and, column by column, its whitened axes."""
    matrix, vectors = np.empty((3, 3)), np.empty((3, 3))
    at = 3
    for i in range(3):
        center[i] = moments[i] / count
        for j in range(i, 3):
            matrix[i, j] = covariance(moments[at], moments[i], moments[j], count)
            matrix[j, i] = matrix[i, j]
            at += 1
        matrix[i, i] += RIDGE
    diagonalise(matrix, vectors)
    for k in range(3):
        for i in range(3):
            axes[i, k] = vectors[i, k] / np.sqrt(matrix[k, k])


@serial
def _fill_moments(lab, top, bottom, left, right, moments):
    """Fill the sums of a strip's planes and of their products: integers, exact in any order."""
    moments[:] = 0
    for row in range(top, bottom):
        first = lab[0, row]
        if len(lab) == 1:
            for col in range(left, right):
                one = np.int64(first[col])
                moments[0] += one
                moments[3] += one * one
        else:
            _add_row(first[left:right], lab[1, row, left:right], lab[2, row, left:right], moments)


@serial
def _add_row(first, second, third, moments):
    a = b = c = aa = ab = ac = bb = bc = cc = np.int64(0)
    for col in range(first.size):
        one, two, three = np.int64(first[col]), np.int64(second[col]), np.int64(third[col])
        a, b, c = a + one, b + two, c + three
        aa, ab, ac = aa + one * one, ab + one * two, ac + one * three
        bb, bc, cc = bb + two * two, bc + two * three, cc + three * three
    sums = (a, b, c, aa, ab, ac, bb, bc, cc)
    for i in range(MOMENTS):
        moments[i] += sums[i]


@serial
def _fill_distances(lab, center, axes, distances):
    """Fill with the sums of the distances from a mean along its whitened axes (section 3.3)."""
    p, q, r = float32(center[0]), float32(center[1]), float32(center[2])
    a, b, c = float32(axes[0, 0]), float32(axes[1, 0]), float32(axes[2, 0])
    d, e, f = float32(axes[0, 1]), float32(axes[1, 1]), float32(axes[2, 1])
    g, h, i = float32(axes[0, 2]), float32(axes[1, 2]), float32(axes[2, 2])
    for row in range(distances.shape[0]):
        target, first = distances[row], lab[0, row]
        if len(lab) == 1:
            for col in range(target.size):
                target[col] = abs(float32(first[col] - p) * a)
        else:
            second, third = lab[1, row], lab[2, row]
            for col in range(target.size):
                x, y, z = float32(first[col]) - p, float32(second[col]) - q, float32(third[col]) - r
                total = float32(along(x, y, z, a, b, c) + along(x, y, z, d, e, f))
                target[col] = float32(total + along(x, y, z, g, h, i))


@serial
def _stretch(values):
    low, high = range_of(values)
    for row in range(values.shape[0]):
        line = values[row]
        for col in range(line.size):
            line[col] = fraction(line[col], low, high)
