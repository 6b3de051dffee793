"""Four orientations at every scale, from row filters and column filters of nine taps."""

import numpy as np
from numba import float32

from ...kernels.borders import reflect
from ...kernels.copies import copy_values
from ...kernels.jit import banded, serial
from ._cpu_scales import plane_at
from ._formulas import symmetric
from ._plan import REACH

WINDOW = 2 * REACH + 1


@banded
def orient(plan, planes, start, stop):
    """Fill the planes of orientation in the share of the rows of every scale, of those of 2."""
    whole = plan.sizes[0, 0]
    for level in range(len(plan.sizes)):
        rows = plan.sizes[level, 0]
        first, last = start * rows // whole, stop * rows // whole
        if first < last:
            _orient_scale(plan, level, planes, first, last)


@serial
def _orient_scale(plan, level, planes, start, stop):
    sizes, taps, energy = plan.sizes, plan.taps, plan.energy
    source = plane_at(planes[0], sizes, level)
    rows, cols = source.shape
    filtered = np.empty((WINDOW, 5, cols), np.float32)  # a row of the image in [row % WINDOW]
    line = np.empty(cols + 2 * REACH, np.float32)
    for row in range(start - REACH, stop + REACH):
        _fill_filtered(source[reflect(row, rows)], taps, energy, line, filtered[row % WINDOW])
        at = row - REACH
        if at >= start:
            a, b = plane_at(planes[3], sizes, level)[at], plane_at(planes[4], sizes, level)[at]
            c, d = plane_at(planes[5], sizes, level)[at], plane_at(planes[6], sizes, level)[at]
            _fill_even(filtered, at, taps, a, b, c, d)
            if energy:
                _add_odd(filtered, at, taps, a, b, c, d)


@serial
def _half(taps, which):
    """Return a filter's taps from the middle on, as scalars."""
    return taps[which, 0], taps[which, 1], taps[which, 2], taps[which, 3], taps[which, 4]


@serial
def _fill_filtered(source, taps, energy, line, filtered):
    """Fill with the row under Gaussian, cosine, sine, slow cosine and slow sine."""
    cols = source.size
    copy_values(source, line[REACH : REACH + cols])
    for step in range(1, REACH + 1):
        line[REACH - step] = source[reflect(-step, cols)]
        line[REACH + cols - 1 + step] = source[reflect(cols - 1 + step, cols)]
    a, b, c, d, e = line, line[1:], line[2:], line[3:], line[4:]
    f, g, h, i = line[5:], line[6:], line[7:], line[8:]
    gauss, cosine, sine = filtered[0], filtered[1], filtered[2]
    slow_cosine, slow_sine = filtered[3], filtered[4]
    taps_0, taps_1, taps_2 = _half(taps, 0), _half(taps, 1), _half(taps, 2)
    taps_3, taps_4 = _half(taps, 3), _half(taps, 4)
    for x in range(cols):
        p1, p2, p3, p4 = d[x] + f[x], c[x] + g[x], b[x] + h[x], a[x] + i[x]
        gauss[x] = symmetric(taps_0, e[x], p1, p2, p3, p4)
        cosine[x] = symmetric(taps_1, e[x], p1, p2, p3, p4)
        slow_cosine[x] = symmetric(taps_3, e[x], p1, p2, p3, p4)
    for x in range(cols):
        p1, p2, p3, p4 = f[x] - d[x], g[x] - c[x], h[x] - b[x], i[x] - a[x]
        slow_sine[x] = symmetric(taps_4, float32(0), p1, p2, p3, p4)
    if energy:
        for x in range(cols):
            p1, p2, p3, p4 = f[x] - d[x], g[x] - c[x], h[x] - b[x], i[x] - a[x]
            sine[x] = symmetric(taps_2, float32(0), p1, p2, p3, p4)


@serial
def _fill_even(filtered, row, taps, across, down, rising, falling):
    _fill_column(filtered, row, 1, _half(taps, 0), taps[5, 0], across)
    _fill_column(filtered, row, 0, _half(taps, 1), taps[5, 0], down)
    product, sines, gauss = np.empty((3, across.size), np.float32)
    even, excess = taps[5, 2], taps[5, 4]
    _fill_column(filtered, row, 3, _half(taps, 3), even, product)
    _fill_column_of_odd(filtered, row, 4, _half(taps, 4), even, sines)
    _fill_column(filtered, row, 0, _half(taps, 0), even * excess, gauss)
    for x in range(across.size):
        cosines = product[x] - gauss[x]
        rising[x] = cosines - sines[x]
        falling[x] = cosines + sines[x]


@serial
def _add_odd(filtered, row, taps, across, down, rising, falling):
    """Turn even responses into the sizes of even and odd ones together."""
    first, second, third, fourth = np.empty((4, across.size), np.float32)
    _fill_column(filtered, row, 2, _half(taps, 0), taps[5, 1], first)
    _fill_column_of_odd(filtered, row, 0, _half(taps, 2), taps[5, 1], second)
    _fill_column(filtered, row, 4, _half(taps, 3), taps[5, 3], third)
    _fill_column_of_odd(filtered, row, 3, _half(taps, 4), taps[5, 3], fourth)
    for x in range(across.size):
        across[x] = abs(across[x]) + abs(first[x])
        down[x] = abs(down[x]) + abs(second[x])
        rising[x] = abs(rising[x]) + abs(third[x] + fourth[x])
        falling[x] = abs(falling[x]) + abs(third[x] - fourth[x])


@serial
def _fill_column(filtered, row, part, taps, factor, target):
    a, b, c, d, e, f, g, h, i = _nine(filtered, row, part)
    for x in range(target.size):
        p1, p2, p3, p4 = d[x] + f[x], c[x] + g[x], b[x] + h[x], a[x] + i[x]
        target[x] = factor * symmetric(taps, e[x], p1, p2, p3, p4)


@serial
def _fill_column_of_odd(filtered, row, part, taps, factor, target):
    a, b, c, d, _, f, g, h, i = _nine(filtered, row, part)
    for x in range(target.size):
        p1, p2, p3, p4 = f[x] - d[x], g[x] - c[x], h[x] - b[x], i[x] - a[x]
        target[x] = factor * symmetric(taps, float32(0), p1, p2, p3, p4)


@serial
def _nine(filtered, row, part):
    """Return the filtered rows around a row, from the highest to the lowest."""
    first = row + WINDOW - REACH
    return (
        filtered[first % WINDOW, part], filtered[(first + 1) % WINDOW, part],
        filtered[(first + 2) % WINDOW, part], filtered[(first + 3) % WINDOW, part],
        filtered[(first + 4) % WINDOW, part], filtered[(first + 5) % WINDOW, part],
        filtered[(first + 6) % WINDOW, part], filtered[(first + 7) % WINDOW, part],
        filtered[(first + 8) % WINDOW, part],
    )  # fmt: skip
