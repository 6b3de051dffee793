"""Gaussian pyramids of intensity and two opponent colours, and oriented filters of each level."""

import numpy as np
from numba import float32, int64

from ...kernels.borders import reflect
from ...kernels.color._cpu_lab import lab_of
from ...kernels.copies import copy_values
from ...kernels.jit import banded, serial
from ._formulas import binomial, byte_window, intensity, opponents, symmetric, window
from ._plan import REACH


@banded
def shrink(plan, pixels, layout, width, unit, planes, brightest, start, stop):
    """Fill scale 2 of red, green and blue, in the place of orientations, and of intensity.

    Scales 0 and 1 are never stored. `layout` is the number of channels and where red, green and
    blue are; `unit` turns values into levels of 255. `brightest` gets the maximum of every row.
    """
    unit = float32(unit * float32(1 / 64**2))
    channels, red, green, blue = layout
    height = pixels.size // (width * channels)
    cols = plan.sizes[0, 1]
    step, margin = 4 * channels, 3 * channels
    # From three pixels before the first to seven after the last that is read.
    line = np.empty(step * cols + 6 * channels, np.float32)
    for row in range(start, stop):
        _add_rows(pixels, width * channels, height, 4 * row - 3, line[margin:])
        _mirror_ends(line, width, channels)
        _add_across(line, channels)
        here = slice(row * cols, (row + 1) * cols)
        if channels == 1:
            _pick(line, step, channels, unit, planes[0, here])
        else:
            _pick(line[red:], step, channels, unit, planes[3, here])
            _pick(line[green:], step, channels, unit, planes[4, here])
            _pick(line[blue:], step, channels, unit, planes[5, here])
            _mix(planes[3, here], planes[4, here], planes[5, here], planes[0, here])
        brightest[row] = _greatest(planes[0, here])


@serial
def _add_rows(pixels, size, height, first, line):
    a, b = _row(pixels, size, height, first), _row(pixels, size, height, first + 1)
    c, d = _row(pixels, size, height, first + 2), _row(pixels, size, height, first + 3)
    e, f = _row(pixels, size, height, first + 4), _row(pixels, size, height, first + 5)
    g, h = _row(pixels, size, height, first + 6), _row(pixels, size, height, first + 7)
    i, j = _row(pixels, size, height, first + 8), _row(pixels, size, height, first + 9)
    if pixels.itemsize == 1:
        for x in range(size):
            line[x] = byte_window(a[x], b[x], c[x], d[x], e[x], f[x], g[x], h[x], i[x], j[x])
    else:
        for x in range(size):
            line[x] = window(a[x], b[x], c[x], d[x], e[x], f[x], g[x], h[x], i[x], j[x])


@serial
def _row(pixels, size, height, index):
    at = reflect(index, height) * size
    return pixels[at : at + size]


@serial
def _mirror_ends(line, width, channels):
    """Fill the margins of the row that begins at the fourth pixel of `line`."""
    for pixel in range(line.size // channels):
        if pixel < 3 or pixel >= width + 3:
            source = reflect(pixel - 3, width) + 3
            for channel in range(channels):
                line[pixel * channels + channel] = line[source * channels + channel]


@serial
def _add_across(line, channels):
    """Replace each value by the sum of four pixels from it on."""
    size = line.size - 3 * channels
    here = line[:size]
    b, c, d = line[channels:], line[2 * channels :], line[3 * channels :]
    for x in range(size):
        here[x] = binomial(here[x], b[x], c[x], d[x])


@serial
def _pick(line, step, channels, unit, target):
    """Fill with every fourth pixel's sum of four sums, which makes ten pixels of four."""
    b, c, d = line[2 * channels :], line[4 * channels :], line[6 * channels :]
    for col in range(target.size):
        at = step * col
        target[col] = binomial(line[at], b[at], c[at], d[at]) * unit


@serial
def _mix(red, green, blue, target):
    """Fill with the intensity (section 2.1)."""
    for col in range(target.size):
        target[col] = intensity(red[col], green[col], blue[col])


@serial
def _greatest(values):
    maximum = values[0]
    for col in range(values.size):
        maximum = max(maximum, values[col])
    return maximum


@banded
def oppose(brightest, planes, start, stop):
    """Fill scale 2 of the colours R - G and B - Y from red, green and blue (section 2.1)."""
    dark = _greatest(brightest) * float32(0.1)
    level, red_green, blue_yellow = planes[0], planes[1], planes[2]
    red, green, blue = planes[3], planes[4], planes[5]
    for i in range(start, stop):
        red_green[i], blue_yellow[i] = opponents(red[i], green[i], blue[i], level[i], dark)


@banded
def to_lab(channels, light, planes, start, stop):
    """Fill scale 2 of intensity and the colours with CIELab of red, green and blue, or of grey."""
    unit = float32(1 / 255)
    for i in range(start, stop):
        if channels == 1:
            level = planes[0, i] * unit
            planes[0, i], _, _ = lab_of(level, level, level, light)
        else:
            red, green, blue = planes[3, i] * unit, planes[4, i] * unit, planes[5, i] * unit
            planes[0, i], planes[1, i], planes[2, i] = lab_of(red, green, blue, light)


@banded
def build(plan, planes, start, stop):
    """Fill scales 3 to 8 of planes from scale 2: the Gaussian pyramids of section 2.1."""
    line = np.empty(plan.sizes[0, 1] + 4, np.float32)
    for plane in range(start, stop):
        for level in range(1, len(plan.sizes)):
            source = plane_at(planes[plane], plan.sizes, level - 1)
            target = plane_at(planes[plane], plan.sizes, level)
            for row in range(target.shape[0]):
                _halve(source, row, line, target[row])


@serial
def plane_at(plane, sizes, level):
    """Return one scale of a plane, with rows and columns."""
    rows, cols, at, _ = sizes[level]
    return plane[at : at + rows * cols].reshape(rows, cols)


@serial
def _halve(source, row, line, target):
    rows, cols = source.shape
    a, b = source[reflect(2 * row - 1, rows)], source[2 * row]
    c, d = source[reflect(2 * row + 1, rows)], source[reflect(2 * row + 2, rows)]
    inside = line[1:]
    for col in range(cols):
        inside[col] = binomial(a[col], b[col], c[col], d[col])
    line[0] = line[1 + reflect(int64(-1), cols)]
    for col in range(cols, 2 * target.size + 1):
        inside[col] = inside[reflect(col, cols)]
    b, c, d = line[1:], line[2:], line[3:]
    for col in range(target.size):
        at = 2 * col
        target[col] = binomial(line[at], b[at], c[at], d[at]) * float32(1 / 64)


@banded
def average(pixels, channels, width, side, unit, small, start, stop):
    """Fill rows of `small` with means of squares of pixels, in levels of 255; cut at the end."""
    size = width * channels
    height, rows = pixels.shape[1] // size, small.shape[1]
    sums = np.empty(size, np.float32)
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        sums[:] = 0
        last = min((row + 1) * side, height)
        for source in range(row * side, last):
            _add_values(pixels[frame, source * size : (source + 1) * size], sums)
        scale = unit / float32(last - row * side)
        _fold_pixels(sums, channels, width, side, scale, small[frame, row])


@serial
def _add_values(values, sums):
    for x in range(sums.size):
        sums[x] += float32(values[x])


@serial
def _fold_pixels(sums, channels, width, side, scale, target):
    for col in range(target.size // channels):
        first, last = col * side, min((col + 1) * side, width)
        for channel in range(channels):
            total = float32(0)
            for pixel in range(first, last):
                total += sums[pixel * channels + channel]
            target[col * channels + channel] = total * (scale / float32(last - first))


WINDOW = 2 * REACH + 1


@banded
def orient(plan, planes, start, stop):
    """Fill the orientation planes, Gabor responses (section 2.1), for some rows of each scale."""
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
    """Add odd responses to even ones: Gabor energy."""
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
