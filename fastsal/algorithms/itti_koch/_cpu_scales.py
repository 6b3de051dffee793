"""From pixels to the scales of intensity and two opponent colours."""

import numpy as np
from numba import float32, int64

from ...kernels.borders import reflect
from ...kernels.color._cpu_lab import lab_of
from ...kernels.jit import banded, serial
from ._formulas import binomial, byte_window, intensity, opponents, window


@banded
def shrink(plan, pixels, layout, width, unit, planes, brightest, start, stop):
    """Fill scale 2 of red, green and blue, in the place of orientations, and of intensity.

    Scales 0 and 1 are never stored. `layout` is the number of channels and where red, green and
    blue are; `unit` turns values into levels of 255. `brightest` gets that of every row.
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
    """Fill what lies beyond the row that begins at the fourth pixel of `line`."""
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
    for col in range(target.size):
        target[col] = intensity(red[col], green[col], blue[col])


@serial
def _greatest(values):
    most = values[0]
    for col in range(values.size):
        most = max(most, values[col])
    return most


@banded
def oppose(brightest, planes, start, stop):
    """Fill scale 2 of the colours from red, green and blue."""
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
    """Fill scales 3 to 8 of planes from scale 2."""
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
