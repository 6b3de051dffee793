"""The residual of a spectrum on the CPU, and what it looks like as an image.

NumPy's log and exp stand between the kernels because they are vectorised on every machine.
"""

import numpy as np
from numba import float64

from ...kernels.jit import serial
from ._cpu_fourier import transform_and_turn, transform_of_any_size, turns_of
from ._math import blur, magnitude, mirrored, phase, wave, without_noise


def fill_small(work, small):
    """Fill `small` with the saliency of work[0]; the rest of `work` is for the steps between."""
    turns = turns_of(small.shape)
    if turns is None:
        _fill_by_numpy(work, small)
        return
    # Rows become columns by the first transform and rows again by the second.
    turned = work.reshape(len(work), *small.shape[::-1])
    logs, residual = turned[0], turned[1]  # in place of the image, once it is transformed
    _transform_and_fill_waves(work, turned, turns)
    np.log(logs, out=logs)
    _fill_less_mean(logs, residual)
    np.exp(residual, out=residual)
    _transform_back_and_fill(work, turned, turns, small)


def _fill_by_numpy(work, small):
    real, imag, logs, cosines, sines, residual = work
    imag[:] = 0
    transform_of_any_size(real, imag)
    _fill_waves(real, imag, logs, cosines, sines)
    np.log(logs, out=logs)
    _fill_less_mean(logs, residual)
    np.exp(residual, out=residual)
    _scale_waves(residual, cosines, sines)
    transform_of_any_size(cosines, sines)
    _fill_saliency(cosines, sines, real, imag, small)


@serial
def _transform_and_fill_waves(work, turned, turns):
    work[1] = 0.0
    transform_and_turn(work[0], work[1], turned[4], turned[5], turns)
    _fill_waves(turned[4], turned[5], turned[0], turned[2], turned[3])


@serial
def _transform_back_and_fill(work, turned, turns, small):
    _scale_waves(turned[1], turned[2], turned[3])
    transform_and_turn(turned[2], turned[3], work[4], work[5], (turns[1], turns[0]))
    _fill_saliency(work[4], work[5], work[0], work[1], small)


@serial
def _fill_saliency(cosines, sines, sizes, squares, small):
    _fill_blurred(cosines, sines, sizes, squares)
    _normalize(squares, small)


@serial
def _fill_waves(real, imag, sizes, cosines, sines):
    """Fill `sizes` with 1 + the size of each number, and the rest with those of its phase."""
    wide, high = real.reshape(-1), imag.reshape(-1)
    size, cosine, sine = sizes.reshape(-1), cosines.reshape(-1), sines.reshape(-1)
    total = wide[0]
    for i in range(size.size):
        wide[i], high[i] = without_noise(wide[i], total), without_noise(high[i], total)
    for i in range(size.size):
        size[i] = magnitude(wide[i], high[i]) + 1.0
    for i in range(size.size):
        cosine[i], sine[i] = wave(phase(wide[i], high[i]))


@serial
def _scale_waves(sizes, cosines, sines):
    """Turn waves into numbers of those sizes; mirrored, which makes the next transform inverse."""
    size, real, imag = sizes.reshape(-1), cosines.reshape(-1), sines.reshape(-1)
    for i in range(size.size):
        real[i] *= size[i]
        imag[i] *= -size[i]


@serial
def _fill_less_mean(logs, result):
    """Fill `result` with each number less the mean of the 3x3 around it."""
    rows, cols = logs.shape
    sums = np.empty(cols + 2)
    left, inside, right = sums[:cols], sums[1 : cols + 1], sums[2:]
    for row in range(rows):
        above, below = logs[mirrored(row - 1, rows)], logs[mirrored(row + 1, rows)]
        middle, target = logs[row], result[row]
        for col in range(cols):
            inside[col] = above[col] + middle[col] + below[col]
        _mirror_ends(sums, 1)
        for col in range(cols):
            target[col] = middle[col] - (left[col] + inside[col] + right[col]) / 9.0


@serial
def _mirror_ends(values, margin):
    """Fill the first and last `margin` values with those inside, the border not repeated."""
    size = values.size - 2 * margin
    for step in range(1, margin + 1):
        values[margin - step] = values[margin + mirrored(-step, size)]
        values[margin + size - 1 + step] = values[margin + mirrored(size - 1 + step, size)]


@serial
def _fill_blurred(real, imag, sizes, result):
    """Fill `result` with the squares of the blurred sizes."""
    rows, cols = real.shape
    sums = np.empty(cols + 4)
    wide, high, flat = real.reshape(-1), imag.reshape(-1), sizes.reshape(-1)
    for i in range(flat.size):
        flat[i] = magnitude(wide[i], high[i])
    a, b, c, d, e = sums[:cols], sums[1:], sums[2 : cols + 2], sums[3:], sums[4:]
    for row in range(rows):
        v, w = sizes[mirrored(row - 2, rows)], sizes[mirrored(row - 1, rows)]
        y, z = sizes[mirrored(row + 1, rows)], sizes[mirrored(row + 2, rows)]
        x, target = sizes[row], result[row]
        for col in range(cols):
            c[col] = blur(v[col], w[col], x[col], y[col], z[col])
        _mirror_ends(sums, 2)
        for col in range(cols):
            total = blur(a[col], b[col], c[col], d[col], e[col])
            target[col] = total * total


@serial
def _normalize(values, result):
    """Fill `result` with the values as shares of the greatest."""
    rows, cols = values.shape
    tops = np.zeros(cols)
    for row in range(rows):
        line = values[row]
        for col in range(cols):
            tops[col] = max(tops[col], line[col])
    most = float64(0)
    for col in range(cols):
        most = max(most, tops[col])
    for row in range(rows):
        line, target = values[row], result[row]
        for col in range(cols):
            target[col] = line[col] / most
