"""The Fourier transform of few numbers on the CPU, by columns, which vectorises."""

from functools import cache

import numpy as np

from ...kernels.jit import serial
from ...kernels.waves import cosine_of_turn

TILE = 8  # of numbers turned at once, so that both sides stay in the cache


def turns_of(shape):
    """Return the angles of the two transforms if both lengths are powers of two, else None."""
    rows, cols = shape
    is_fast = rows & (rows - 1) == 0 == cols & (cols - 1)
    return (_turns(rows), _turns(cols)) if is_fast else None


@cache
def _turns(count):
    """Return cosines and negative sines of the angles that cut a circle into `count` parts."""
    turns = np.empty((2, count), np.float64)
    for part in range(count):
        turns[0, part] = cosine_of_turn(part, count)
        turns[1, part] = cosine_of_turn((4 * part + count) % (4 * count), 4 * count)
    return turns


def transform_of_any_size(real, imag):
    """Replace the two, real and imaginary part, by their Fourier transform."""
    spectrum = np.fft.fft2(real + 1j * imag)
    real[:], imag[:] = spectrum.real, spectrum.imag


@serial
def transform_and_turn(real, imag, turned_real, turned_imag, turns):
    """Fill the last two with the transform, its rows as columns; the first two are overwritten.

    The lengths are powers of two.
    """
    _transform_down(real, imag, turns[0])
    _order_across(real, turned_real)
    _order_across(imag, turned_imag)
    _transform_down(turned_real, turned_imag, turns[1])
    _order_rows(turned_real)
    _order_rows(turned_imag)


@serial
def _transform_down(real, imag, turns):
    """Transform each column in its place; the results come out in the order of reversed bits."""
    half, step = real.shape[0] // 2, 1
    while half >= 2:  # two steps of halving in one, while the numbers are at hand
        _halve_twice(real, imag, turns, half, step)
        half, step = half // 4, step * 4
    if half == 1:
        _halve(real, imag)


@serial
def _halve_twice(real, imag, turns, half, step):
    count, size = real.shape
    quarter = half // 2
    for start in range(0, count, 2 * half):
        for part in range(quarter):
            first, second = start + part, start + part + quarter
            a, b, c, d = real[first], real[second], real[first + half], real[second + half]
            p, q, r, s = imag[first], imag[second], imag[first + half], imag[second + half]
            cos_one, sin_one = turns[0, part * step], turns[1, part * step]
            cos_two, sin_two = turns[0, (part + quarter) * step], turns[1, (part + quarter) * step]
            cos_both, sin_both = turns[0, 2 * part * step], turns[1, 2 * part * step]
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
def _halve(real, imag):
    count, size = real.shape
    for start in range(0, count, 2):
        for values in (real, imag):
            first, second = values[start], values[start + 1]
            for i in range(size):
                one, other = first[i], second[i]
                first[i], second[i] = one + other, one - other


@serial
def _order_across(values, across):
    """Make columns of the rows, from the order of reversed bits back to that of their numbers."""
    rows, cols = values.shape
    places = np.empty(rows, np.int64)
    _fill_reversed(places)
    if rows % TILE == 0 == cols % TILE:
        for top in range(0, rows, TILE):
            for left in range(0, cols, TILE):
                _turn_tile(values, places, top, left, across)
        return
    for row in range(rows):
        for col in range(cols):
            across[col, row] = values[places[row], col]


@serial
def _order_rows(values):
    """Bring the rows from the order of reversed bits back to that of their numbers."""
    rows, cols = values.shape
    places = np.empty(rows, np.int64)
    _fill_reversed(places)
    for row in range(rows):
        if row < places[row]:
            one, other = values[row], values[places[row]]
            for col in range(cols):
                one[col], other[col] = other[col], one[col]


@serial
def _turn_tile(values, places, top, left, across):
    for row in range(top, top + TILE):
        line = values[places[row]]
        for col in range(left, left + TILE):
            across[col, row] = line[col]


@serial
def _fill_reversed(places):
    """Fill with the numbers from 0 on, the order of their bits reversed."""
    place = 0
    for i in range(places.size):
        places[i] = place
        bit = places.size >> 1
        while bit and place & bit:  # count up from the highest bit down
            place ^= bit
            bit >>= 1
        place |= bit
