"""The residual of a spectrum on the CPU.

For an image of real numbers, half a spectrum is enough. The residual differs: the mean filter
mirrors rows and columns at the borders, unlike the spectrum. That is part of OpenCV's map.
"""

import numpy as np

from ...kernels.borders import reflect101
from ...kernels.copies import copy_values
from ...kernels.jit import serial
from ._cpu_logs import exponential, logarithm
from ._formulas import cos_sin, magnitude, phase_and_excess


@serial
def fill_spectrum(wide, high, logs, cosines, sines, excesses):
    """Fill `logs` with L = log(1 + amplitude), and the rest with cosine and sine of the phase P."""
    for i in range(wide.size):
        logs[i] = logarithm(magnitude(wide[i], high[i]) + 1.0)
    for i in range(wide.size):
        angle, excesses[i] = phase_and_excess(wide[i], high[i])
        cosines[i], sines[i] = cos_sin(angle)


@serial
def unfold(half, whole):
    """Fill `whole` with the values of half a spectrum and their mirror images."""
    rows, cols = whole.shape
    size = cols // 2
    for row in range(rows):
        start, end = row * size, (rows - row) % rows * size
        target = whole[row]
        copy_values(half[start : start + size], target[:size])
        target[size] = half[rows * size + row]
        _fill_backwards(half[end + 1 : end + size], target[size + 1 :])


@serial
def unfold_spectrum(cosines, sines, excesses, spectra):
    """Fill `spectra`, (N, 2, W), with those of half a spectrum and their mirror images."""
    rows, _, cols = spectra.shape
    size = cols // 2
    for row in range(rows):
        start, end = row * size, (rows - row) % rows * size
        real, imag = spectra[row, 0], spectra[row, 1]
        copy_values(cosines[start : start + size], real[:size])
        copy_values(sines[start : start + size], imag[:size])
        real[size], imag[size] = cosines[rows * size + row], sines[rows * size + row]
        other = slice(end + 1, end + size)
        _fill_conjugates(
            cosines[other], sines[other], excesses[other], real[size + 1 :], imag[size + 1 :]
        )


@serial
def _fill_backwards(values, target):
    size = np.uint64(values.size)  # unsigned, so that no index is tested for being negative
    for i in range(size):
        target[i] = values[size - np.uint64(1) - i]


@serial
def _fill_conjugates(cosines, sines, excesses, real, imag):
    """Fill with conjugates in reverse order, rotated by the tiny phase excesses."""
    size = np.uint64(cosines.size)
    for i in range(size):
        cosine, sine = cosines[size - np.uint64(1) - i], sines[size - np.uint64(1) - i]
        excess = excesses[size - np.uint64(1) - i]
        real[i], imag[i] = cosine + excess * sine, excess * cosine - sine


@serial
def scale_by_residual(logs, sizes, spectra):
    """Scale spectra (N, 2, W) to the amplitude exp(R), with R = L - mean3x3(L).

    They are mirrored too, which makes the next transform inverse.
    """
    _fill_less_mean(logs, sizes)
    flat = sizes.reshape(-1)
    for i in range(flat.size):
        flat[i] = exponential(flat[i])
    for row in range(len(sizes)):
        size, real, imag = sizes[row], spectra[row, 0], spectra[row, 1]
        for col in range(size.size):
            real[col] *= size[col]
        for col in range(size.size):
            imag[col] *= -size[col]


@serial
def _fill_less_mean(logs, result):
    """Fill `result` with R = L - mean3x3(L)."""
    rows, cols = logs.shape
    sums = np.empty(cols + 2)
    left, inside, right = sums[:cols], sums[1 : cols + 1], sums[2:]
    for row in range(rows):
        above, below = logs[reflect101(row - 1, rows)], logs[reflect101(row + 1, rows)]
        middle, target = logs[row], result[row]
        for col in range(cols):
            inside[col] = above[col] + middle[col] + below[col]
        mirror_ends(sums, 1)
        for col in range(cols):
            target[col] = middle[col] - (left[col] + inside[col] + right[col]) * (1 / 9)


@serial
def mirror_ends(values, margin):
    """Fill the first and last `margin` values with those inside, the border not repeated."""
    size = values.size - 2 * margin
    for step in range(1, margin + 1):
        values[margin - step] = values[margin + reflect101(-step, size)]
        values[margin + size - 1 + step] = values[margin + reflect101(size - 1 + step, size)]
