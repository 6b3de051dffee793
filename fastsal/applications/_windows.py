"""SSIM of every window of two images, from separable weighted means (Wang et al. 2004)."""

import numpy as np

from ..kernels.jit import serial


@serial
def fill_terms(first, second, taps, correction, c1, c2, similarity, structure):
    """Fill the maps of SSIM and of its contrast-structure term (Eqs. 6 and 13).

    Images are float64, (H, W). Maps are float64, with `taps.size - 1` fewer rows and columns.
    """
    rows, cols = similarity.shape
    margin = taps.size // 2
    down = np.empty((4, first.shape[1]))  # means over a column of the window
    mean = np.empty((4, cols))
    for row in range(rows):
        _start(first[row + margin], second[row + margin], taps[margin], down)
        for k in range(margin):  # two rows at a time, as the window is symmetric
            low, high = row + k, row + 2 * margin - k
            _add_rows(first[low], second[low], first[high], second[high], taps[k], down)
        for kind in range(4):
            _across(down[kind], taps, mean[kind])
        _fill_row(mean, correction, c1, c2, similarity[row], structure[row])


@serial
def _start(x, y, weight, sums):
    """Fill the sums of x, y, x^2 + y^2 and x y; one loop each, which fills vector registers."""
    for j in range(x.size):
        sums[0, j] = weight * x[j]
    for j in range(x.size):
        sums[1, j] = weight * y[j]
    for j in range(x.size):
        sums[2, j] = weight * (x[j] * x[j] + y[j] * y[j])
    for j in range(x.size):
        sums[3, j] = weight * (x[j] * y[j])


@serial
def _add_rows(x, y, u, v, weight, sums):
    """Add those of two rows each of x and y."""
    xs, ys, squares, products = sums[0], sums[1], sums[2], sums[3]
    for j in range(x.size):
        xs[j] += weight * (x[j] + u[j])
    for j in range(x.size):
        ys[j] += weight * (y[j] + v[j])
    for j in range(x.size):
        squares[j] += weight * (x[j] * x[j] + y[j] * y[j] + (u[j] * u[j] + v[j] * v[j]))
    for j in range(x.size):
        products[j] += weight * (x[j] * y[j] + u[j] * v[j])


@serial
def _across(values, taps, sums):
    """Fill the weighted means along a row."""
    margin = taps.size // 2
    middle = values[margin : margin + sums.size]
    for j in range(sums.size):
        sums[j] = taps[margin] * middle[j]
    for k in range(margin):
        left, right = values[k : k + sums.size], values[2 * margin - k :]
        for j in range(sums.size):
            sums[j] += taps[k] * (left[j] + right[j])


@serial
def _fill_row(mean, correction, c1, c2, similarity, structure):
    x, y, squares, products = mean[0], mean[1], mean[2], mean[3]
    for j in range(x.size):
        product = x[j] * y[j]
        square = x[j] * x[j] + y[j] * y[j]
        covariance = correction * (products[j] - product)
        variances = correction * (squares[j] - square)
        term = (2 * covariance + c2) / (variances + c2)
        structure[j] = term
        similarity[j] = term * (2 * product + c1) / (square + c1)
