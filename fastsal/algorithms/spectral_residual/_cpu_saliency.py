"""From an image's pixels to its small map on the CPU."""

import numpy as np
from numba import float64

from ...kernels.borders import reflect101
from ...kernels.jit import serial
from ._cpu_fourier import fill_half_spectrum, fill_without_noise, plan_of, transform_and_transpose
from ._cpu_spectrum import fill_spectrum, mirror_ends, scale_by_residual, unfold, unfold_spectrum
from ._formulas import blur, magnitude


def fill_small(image, doubles, singles, small):
    """Fill `small` with the saliency of `image`; the others, (6, area) and (2, area), are work."""
    plan = plan_of(small.shape)
    if plan is None:
        _fill_by_numpy(image, small)
    else:
        _fill(image, doubles, singles, plan, small)


def _fill_by_numpy(image, small):
    spectrum, shape = np.fft.fft2(image).reshape(-1), image.shape
    total, parts = spectrum[0].real, np.empty((2, image.size), np.float32)
    fill_without_noise(np.ascontiguousarray(spectrum.real), total, parts[0])
    fill_without_noise(np.ascontiguousarray(spectrum.imag), total, parts[1])
    logs, cosines, sines, excesses = np.empty((4, image.size))
    fill_spectrum(parts[0], parts[1], logs, cosines, sines, excesses)
    spectra = np.stack([cosines.reshape(shape), sines.reshape(shape)], axis=1)
    scale_by_residual(logs.reshape(shape), np.empty(shape), spectra)
    numbers = np.fft.fft2(spectra[:, 0] + 1j * spectra[:, 1])
    spectra[:, 0], spectra[:, 1] = numbers.real, numbers.imag
    _fill_saliency(spectra, np.arange(len(spectra)), np.empty(shape), np.empty(shape), small)


@serial
def _fill(image, doubles, singles, plan, small):
    twiddles, places = plan
    rows, cols = image.shape
    count = cols * (rows // 2 + 1)
    wide, high, half_logs = singles[0, :count], singles[1, :count], doubles[0, :count]
    cosines, sines, excesses = doubles[1, :count], doubles[2, :count], doubles[3, :count]
    fill_half_spectrum(image, doubles[0], twiddles, places, wide, high)
    fill_spectrum(wide, high, half_logs, cosines, sines, excesses)
    spectra, numbers = doubles[4:6].reshape(cols, 2, rows), doubles[0:2].reshape(rows, 2, cols)
    logs, sizes = doubles[3].reshape(cols, rows), image.reshape(cols, rows)
    unfold_spectrum(cosines, sines, excesses, spectra)
    unfold(half_logs, logs)
    scale_by_residual(logs, sizes, spectra)
    transform_and_transpose(spectra, numbers, twiddles, places)
    _fill_saliency(numbers, places[0], image, doubles[2].reshape(rows, cols), small)


@serial
def _fill_saliency(numbers, places, sizes, squares, small):
    """Fill `small` with the squared, smoothed amplitude of complex numbers in these places."""
    for row in range(places.size):
        real, imag, target = numbers[places[row], 0], numbers[places[row], 1], sizes[row]
        for col in range(target.size):
            target[col] = magnitude(real[col], imag[col])
    _fill_blurred(sizes, squares)
    _normalize(squares, small)


@serial
def _fill_blurred(sizes, result):
    """Fill `result` with the squares of the blurred sizes."""
    rows, cols = sizes.shape
    sums = np.empty(cols + 4)
    a, b, c, d, e = sums[:cols], sums[1:], sums[2 : cols + 2], sums[3:], sums[4:]
    for row in range(rows):
        v, w = sizes[reflect101(row - 2, rows)], sizes[reflect101(row - 1, rows)]
        y, z = sizes[reflect101(row + 1, rows)], sizes[reflect101(row + 2, rows)]
        x, target = sizes[row], result[row]
        for col in range(cols):
            c[col] = blur(v[col], w[col], x[col], y[col], z[col])
        mirror_ends(sums, 2)
        for col in range(cols):
            total = blur(a[col], b[col], c[col], d[col], e[col])
            target[col] = total * total


@serial
def _normalize(values, result):
    """Fill `result` with the values divided by their maximum."""
    rows, cols = values.shape
    tops = np.zeros(cols)
    for row in range(rows):
        line = values[row]
        for col in range(cols):
            tops[col] = max(tops[col], line[col])
    maximum = float64(0)
    for col in range(cols):
        maximum = max(maximum, tops[col])
    scale = 1.0 / maximum
    for row in range(rows):
        line, target = values[row], result[row]
        for col in range(cols):
            target[col] = line[col] * scale
