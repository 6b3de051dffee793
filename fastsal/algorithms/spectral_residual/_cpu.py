"""The spectral residual on the CPU: a few source pixels, a small transform, one enlargement.

NumPy's log and exp stand between the kernels because they are vectorised on every machine.
"""

from functools import cache

import numpy as np
from numba import uint32, uint64

from ...kernels import launch
from ...kernels.color._math import float_luma, luma
from ...kernels.finish._cpu import enlarge
from ...kernels.jit import serial
from ._math import (
    blended,
    blur,
    cosine_of_turn,
    fixed,
    float_blended,
    magnitude,
    mirrored,
    phase,
    tap,
    wave,
    without_noise,
)

ONE, TWO = uint64(1), uint64(2)


def spectral_residual(pixels, channels, weights, width, size, scale, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), times `scale`.

    `size` is that of the spectrum, rows and columns.
    """
    work = launch.scratch("spectral-residual work", (6, *size), np.float64)
    small = launch.scratch("spectral-residual small", (len(pixels), *size), np.float32)
    for frame, target in zip(pixels, small, strict=True):
        if pixels.dtype.kind == "f":
            _shrink_floats(frame, channels, weights, width, scale, work[0])
        else:
            _shrink(frame, channels, weights, width, work[0])
        _fill_small(work, target)
    enlarge(small, width, out)


def _fill_small(work, small):
    """Fill `small` with the saliency of work[0]; the rest of `work` is for the steps between."""
    real, imag, logs, cosines, sines, residual = work
    imag[:] = 0
    _transform(real, imag, logs, residual)
    _fill_waves(real, imag, logs, cosines, sines)
    np.log(logs, out=logs)
    _fill_less_mean(logs, residual)
    np.exp(residual, out=residual)
    _scale_waves(residual, cosines, sines)
    _transform(cosines, sines, real, imag)
    _fill_blurred(cosines, sines, real, imag)
    _normalize(imag.reshape(-1), small.reshape(-1))


def _transform(real, imag, spare_real, spare_imag):
    """Replace the two, real and imaginary part, by their Fourier transform."""
    rows, cols = real.shape
    if rows & (rows - 1) == 0 == cols & (cols - 1):
        spare = spare_real.reshape(cols, rows), spare_imag.reshape(cols, rows)
        _transform_powers_of_two(real, imag, *spare, _turns(rows), _turns(cols))
        return
    spectrum = np.fft.fft2(real + 1j * imag)
    real[:], imag[:] = spectrum.real, spectrum.imag


@cache
def _turns(count):
    """Return cosines and negative sines of the angles that cut a circle into `count` parts."""
    turns = np.empty((2, count), np.float64)
    for part in range(count):
        turns[0, part] = cosine_of_turn(part, count)
        turns[1, part] = cosine_of_turn((4 * part + count) % (4 * count), 4 * count)
    return turns


@serial
def _shrink(pixels, channels, weights, width, small):
    height = pixels.size // (width * channels)
    rows, cols = small.shape
    bits = 8 if pixels.itemsize == 1 else 16
    firsts, shares = _taps(width, cols)
    # Unsigned, so that no index is tested for being negative.
    places, across = np.empty((2, cols), np.uint64), np.empty(cols, np.int64)
    for col in range(cols):
        places[0, col] = channels * firsts[col]
        places[1, col] = channels * min(firsts[col] + 1, width - 1)
        across[col] = fixed(shares[col], bits)
    gray = np.empty((4, cols), np.int64)
    for row in range(rows):
        top, share = tap(row, height, rows)
        upper, lower = channels * width * top, channels * width * min(top + 1, height - 1)
        _pick(pixels[upper:], channels, weights, places[0], gray[0])
        _pick(pixels[upper:], channels, weights, places[1], gray[1])
        _pick(pixels[lower:], channels, weights, places[0], gray[2])
        _pick(pixels[lower:], channels, weights, places[1], gray[3])
        _blend_row(gray, across, fixed(share, bits), bits, small[row])


@serial
def _taps(source, target):
    firsts, shares = np.empty(target, np.int64), np.empty(target, np.float64)
    for index in range(target):
        firsts[index], shares[index] = tap(index, source, target)
    return firsts, shares


@serial
def _pick(levels, channels, weights, places, gray):
    if channels == 1:
        for col in range(gray.size):
            gray[col] = levels[places[col]]
        return
    weights = uint32(weights[0]), uint32(weights[1]), uint32(weights[2])
    for col in range(gray.size):
        at = places[col]
        gray[col] = luma(levels[at], levels[at + ONE], levels[at + TWO], weights)


@serial
def _blend_row(gray, across, down, bits, target):
    a, b, c, d = gray[0], gray[1], gray[2], gray[3]
    for col in range(target.size):
        target[col] = blended(a[col], b[col], c[col], d[col], across[col], down, bits)


@serial
def _shrink_floats(pixels, channels, weights, width, scale, small):
    height = pixels.size // (width * channels)
    rows, cols = small.shape
    lefts, across = _taps(width, cols)
    for row in range(rows):
        top, down = tap(row, height, rows)
        upper, lower = width * top, width * min(top + 1, height - 1)
        for col in range(cols):
            left, right = lefts[col], min(lefts[col] + 1, width - 1)
            value = float_blended(
                _float_gray(pixels, channels, weights, upper + left),
                _float_gray(pixels, channels, weights, upper + right),
                _float_gray(pixels, channels, weights, lower + left),
                _float_gray(pixels, channels, weights, lower + right),
                across[col], down,
            )  # fmt: skip
            small[row, col] = scale * value


@serial
def _float_gray(pixels, channels, weights, index):
    at = channels * index
    if channels == 1:
        return pixels[at]
    return float_luma(pixels[at], pixels[at + 1], pixels[at + 2], weights)


@serial
def _transform_powers_of_two(real, imag, across_real, across_imag, turns, turns_across):
    _transform_down(real, imag, turns)
    _order_across(real, across_real)
    _order_across(imag, across_imag)
    _transform_down(across_real, across_imag, turns_across)
    _order_across(across_real, real)
    _order_across(across_imag, imag)


@serial
def _transform_down(real, imag, turns):
    """Transform each column in its place; the results come out in the order of reversed bits."""
    count, size = real.shape
    half, step = count // 2, 1
    while half >= 1:
        for start in range(0, count, 2 * half):
            for part in range(half):
                one, other = start + part, start + part + half
                cosine, sine = turns[0, part * step], turns[1, part * step]
                # With four rows at the most LLVM can tell that none overlap, and vectorises.
                for i in range(size):
                    wide, high = real[one, i] - real[other, i], imag[one, i] - imag[other, i]
                    real[one, i] += real[other, i]
                    imag[one, i] += imag[other, i]
                    real[other, i] = wide * cosine - high * sine
                    imag[other, i] = wide * sine + high * cosine
        half, step = half // 2, step * 2


@serial
def _order_across(values, across):
    """Make columns of the rows, from the order of reversed bits back to that of their numbers."""
    rows, cols = values.shape
    place = 0
    for row in range(rows):
        for col in range(cols):
            across[col, row] = values[place, col]
        bit = rows >> 1
        while bit and place & bit:  # count up from the highest bit down
            place ^= bit
            bit >>= 1
        place |= bit


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
    most = values[0]
    for i in range(values.size):
        most = max(most, values[i])
    for i in range(values.size):
        result[i] = values[i] / most
