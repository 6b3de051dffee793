"""The Fourier transform of few numbers on the CPU, by columns, which vectorises.

Complex numbers lie in arrays (N, 2, W): of each of N rows W real parts, then the imaginary ones. A
real image has a Hermitian spectrum, so it is transformed as a complex image of half the width. Its
left half are real parts, its right half imaginary ones, and the result is separated.
"""

from functools import cache

import numpy as np

from ...kernels.cosines import cosine_of_turn
from ...kernels.jit import serial
from ...kernels.simd import ENABLED
from ...kernels.simd.transpose import TILE, transpose_tile
from ._formulas import without_noise


@serial
def transpose(rows, places, columns):
    """Fill `columns`, (W, 2, N), with N of the `rows`, (M, 2, W)."""
    width, count = rows.shape[2], places.size
    starts = np.empty(TILE, np.int64)
    for top in range(0, count, TILE):
        for part in range(2):
            for i in range(TILE):
                starts[i] = (2 * places[top + i] + part) * width
            for left in range(0, width, TILE):
                first = (2 * left + part) * count + top
                if ENABLED:
                    transpose_tile(rows, starts, left, columns, first, 2 * count)
                else:
                    _transpose_tile(rows, starts, left, columns, first, 2 * count)


@serial
def _transpose_tile(rows, starts, left, columns, first, stride):
    source, target = rows.reshape(-1), columns.reshape(-1)
    for i in range(TILE):
        for j in range(TILE):
            target[first + j * stride + i] = source[starts[i] + left + j]


_MIN_SIDE = 2 * TILE  # rows and columns; smaller images cost little by NumPy


@cache
def plan_of(shape):
    """Return angles and reversed bits for both axes, or None if a length is no power of two."""
    if any(side < _MIN_SIDE or side & (side - 1) for side in shape):
        return None
    return tuple(map(_twiddles, shape)), tuple(map(_reversed, shape))


def _twiddles(count):
    """Return cosines and negative sines of the angles that cut a circle into `count` parts."""
    twiddles = np.empty((2, count), np.float64)
    for part in range(count):
        twiddles[0, part] = cosine_of_turn(part, count)
        twiddles[1, part] = cosine_of_turn((4 * part + count) % (4 * count), 4 * count)
    return twiddles


def _reversed(count):
    """Return the numbers below `count`, the order of their bits reversed."""
    places = np.zeros(1, np.int64)
    while places.size < count:
        places = np.concatenate([2 * places, 2 * places + 1])
    return places


@serial
def fill_half_spectrum(image, transposed, twiddles, places, wide, high):
    """Fill the last two with real and imaginary parts of the spectrum; `image` is overwritten.

    The spectrum's rows become columns. The first R / 2 of these R numbers come row by row, and
    column R / 2 comes last. The others are mirror images.
    """
    rows, cols = image.shape
    pairs = image.reshape(rows, 2, cols // 2)
    _transform_down(pairs, twiddles[0])
    _part_halves(pairs, places[0])
    half = transposed.reshape(cols, 2, rows // 2)
    transpose(pairs, places[0][: rows // 2], half[: cols // 2])
    transpose(pairs, _opposite(places[0]), half[cols // 2 :])
    _transform_down(half, twiddles[1])
    _put_in_order(half, places[1], wide, high)


@serial
def transform_and_transpose(spectra, transposed, twiddles, places):
    """Fill `transposed` with the transform, its rows as columns, in the order of reversed bits.

    `spectra` are overwritten; their rows are the columns of the plan.
    """
    _transform_down(spectra, twiddles[1])
    transpose(spectra, places[1], transposed)
    _transform_down(transposed, twiddles[0])


@serial
def _transform_down(spectra, twiddles):
    """Transform each column in its place; the results come out in the order of reversed bits."""
    half, step = len(spectra) // 2, 1
    while half >= 2:  # two steps of halving in one pass over the numbers
        _halve_twice(spectra, twiddles, half, step)
        half, step = half // 4, step * 4
    if half == 1:
        _halve(spectra)


@serial
def _halve_twice(spectra, twiddles, half, step):
    count, _, size = spectra.shape
    quarter = half // 2
    for start in range(0, count, 2 * half):
        for part in range(quarter):
            first = start + part
            a, b = spectra[first, 0], spectra[first + quarter, 0]
            c, d = spectra[first + half, 0], spectra[first + half + quarter, 0]
            p, q = spectra[first, 1], spectra[first + quarter, 1]
            r, s = spectra[first + half, 1], spectra[first + half + quarter, 1]
            cos_one, sin_one = twiddles[0, part * step], twiddles[1, part * step]
            cos_two, sin_two = (
                twiddles[0, (part + quarter) * step],
                twiddles[1, (part + quarter) * step],
            )
            cos_both, sin_both = twiddles[0, 2 * part * step], twiddles[1, 2 * part * step]
            for i in range(size):
                wide, high = a[i] - c[i], p[i] - r[i]
                e, t = wide * cos_one - high * sin_one, wide * sin_one + high * cos_one
                wide, high = b[i] - d[i], q[i] - s[i]
                f, u = wide * cos_two - high * sin_two, wide * sin_two + high * cos_two
                g, v, h, w = a[i] + c[i], p[i] + r[i], b[i] + d[i], q[i] + s[i]
                a[i], p[i] = g + h, v + w
                wide, high = g - h, v - w
                b[i] = wide * cos_both - high * sin_both
                q[i] = wide * sin_both + high * cos_both
                c[i], r[i] = e + f, t + u
                wide, high = e - f, t - u
                d[i] = wide * cos_both - high * sin_both
                s[i] = wide * sin_both + high * cos_both


@serial
def _halve(spectra):
    for start in range(0, len(spectra), 2):
        for part in range(2):
            first, second = spectra[start, part], spectra[start + 1, part]
            for i in range(first.size):
                one, other = first[i], second[i]
                first[i], second[i] = one + other, one - other


@serial
def _part_halves(pairs, places):
    """Separate the spectra of the left and the right half of an image.

    Row k of the left spectrum goes to row k, that of the right one to row -k. Rows 0 and N / 2 are
    real: in both, the two make one complex row, and the left ones go to row 0.
    """
    count = len(pairs)
    _swap(pairs[0, 1], pairs[places[count // 2], 0])
    for row in range(1, count // 2):
        one, other = pairs[places[row]], pairs[places[count - row]]
        a, b, c, d = one[0], one[1], other[0], other[1]
        for i in range(a.size):
            p, q, r, s = 0.5 * a[i], 0.5 * b[i], 0.5 * c[i], 0.5 * d[i]
            a[i], b[i], c[i], d[i] = p + r, q - s, q + s, r - p


@serial
def _swap(first, second):
    for i in range(first.size):
        first[i], second[i] = second[i], first[i]


@serial
def _opposite(places):
    """Return the places of rows -k, k < N / 2, and for k = 0 that of row N / 2."""
    half = places.size // 2
    opposite = np.empty(half, np.int64)
    opposite[0] = places[half]
    for row in range(1, half):
        opposite[row] = places[2 * half - row]
    return opposite


@serial
def _put_in_order(half, places, wide, high):
    """Bring rows in order, and separate the two columns stored in the first."""
    count, _, size = half.shape
    total = half[0, 0, 0]
    for row in range(count):
        line, start = half[places[row]], row * size
        fill_without_noise(line[0], total, wide[start : start + size])
        fill_without_noise(line[1], total, high[start : start + size])
    middle = count * size
    for row in range(count):
        one, other = half[places[row]], half[places[-row % count]]
        a, b, c, d = 0.5 * one[0, 0], 0.5 * one[1, 0], 0.5 * other[0, 0], 0.5 * other[1, 0]
        wide[row * size], high[row * size] = (
            without_noise(a + c, total),
            without_noise(b - d, total),
        )
        wide[middle + row] = without_noise(b + d, total)
        high[middle + row] = without_noise(c - a, total)


@serial
def fill_without_noise(parts, total, result):
    for i in range(result.size):
        result[i] = without_noise(parts[i], total)
