"""SSIM over windows of two images: sums of a term of every window (Wang et al. 2004)."""

import numpy as np

from ..kernels.jit import serial


@serial
def gaussian_sum(first, second, taps, weights, is_weighted, is_structure, c1, c2):
    """Return the sum of SSIM, or of its contrast-structure term, over Gaussian windows.

    Images are float64, (H, W). Weights have a row and a column per window.
    """
    margin = taps.size // 2
    rows, cols = first.shape[0] - 2 * margin, first.shape[1] - 2 * margin
    down = np.empty((4, first.shape[1]))  # means over a column of the window
    mean = np.empty((4, cols))
    term, total = np.empty(cols), np.zeros(cols)
    for row in range(rows):
        _start(first[row + margin], second[row + margin], taps[margin], down)
        for k in range(margin):  # two rows at a time, as the window is symmetric
            low, high = row + k, row + 2 * margin - k
            _add_rows(first[low], second[low], first[high], second[high], taps[k], down)
        for kind in range(4):
            _across(down[kind], taps, mean[kind])
        _fill_terms(mean, 1.0, 1.0, is_structure, c1, c2, term)
        _add_terms(term, weights[min(row, len(weights) - 1)], is_weighted, total)
    return _sum(total)


@serial
def uniform_sum(first, second, down, sums, weights, is_weighted, is_structure, c1, c2):
    """Return the same over windows of 7 x 7 equal weights, with the sample covariance.

    Images are uint8 or float64, (H, W). `down`, (4, W), and `sums`, (4, W - 6), are work arrays of
    int32 for uint8, else of float64. Sums of integers are exact, so that rows can be removed.
    """
    rows, cols = first.shape[0] - 6, first.shape[1] - 6
    term, total = np.empty(cols), np.zeros(cols)
    down[:] = 0
    for row in range(6):
        _add_row(first[row], second[row], down)
    for row in range(rows):
        _add_row(first[row + 6], second[row + 6], down)
        for kind in range(4):
            _across_seven(down[kind], sums[kind])
        _fill_terms(sums, 1 / 49, 49 / 48, is_structure, c1, c2, term)
        _add_terms(term, weights[min(row, len(weights) - 1)], is_weighted, total)
        _remove_row(first[row], second[row], down)
    return _sum(total)


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
def _add_row(x, y, sums):
    """Add a row of x and y to the sums of x, y, x^2 + y^2 and x y."""
    kind = sums.dtype.type
    xs, ys, squares, products = sums[0], sums[1], sums[2], sums[3]
    for j in range(x.size):
        xs[j] += kind(x[j])
    for j in range(x.size):
        ys[j] += kind(y[j])
    for j in range(x.size):
        squares[j] += kind(x[j]) * kind(x[j]) + kind(y[j]) * kind(y[j])
    for j in range(x.size):
        products[j] += kind(x[j]) * kind(y[j])


@serial
def _remove_row(x, y, sums):
    kind = sums.dtype.type
    xs, ys, squares, products = sums[0], sums[1], sums[2], sums[3]
    for j in range(x.size):
        xs[j] -= kind(x[j])
    for j in range(x.size):
        ys[j] -= kind(y[j])
    for j in range(x.size):
        squares[j] -= kind(x[j]) * kind(x[j]) + kind(y[j]) * kind(y[j])
    for j in range(x.size):
        products[j] -= kind(x[j]) * kind(y[j])


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
def _across_seven(values, sums):
    """Fill the sums of seven values along a row."""
    b, c, d, e, f, g = values[1:], values[2:], values[3:], values[4:], values[5:], values[6:]
    for j in range(sums.size):
        sums[j] = (values[j] + b[j]) + (c[j] + d[j]) + ((e[j] + f[j]) + g[j])


@serial
def _fill_terms(sums, scale, correction, is_structure, c1, c2, term):
    """Fill the contrast-structure term, or that times the luminance term (Eqs. 6 and 13)."""
    xs, ys, squares, products = sums[0], sums[1], sums[2], sums[3]
    # One division each: it takes longer than everything else.
    if is_structure:
        for j in range(term.size):
            x, y = scale * xs[j], scale * ys[j]
            covariance = correction * (scale * products[j] - x * y)
            variances = correction * (scale * squares[j] - (x * x + y * y))
            term[j] = (2 * covariance + c2) / (variances + c2)
    else:
        for j in range(term.size):
            x, y = scale * xs[j], scale * ys[j]
            product, square = x * y, x * x + y * y
            covariance = correction * (scale * products[j] - product)
            variances = correction * (scale * squares[j] - square)
            term[j] = ((2 * covariance + c2) * (2 * product + c1)) / (
                (variances + c2) * (square + c1)
            )


@serial
def _add_terms(term, weights, is_weighted, total):
    if is_weighted:
        for j in range(term.size):
            total[j] += weights[j] * term[j]
    else:
        for j in range(term.size):
            total[j] += term[j]


@serial
def _sum(values):
    total = 0.0
    for j in range(values.size):
        total += values[j]
    return total
