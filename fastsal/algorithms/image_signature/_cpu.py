"""The image signature on the CPU: means of cells, two small cosine transforms, the finish."""

from functools import cache

import numpy as np
from numba import float32, prange

from ...kernels import launch
from ...kernels.color._cpu_lab import light, lightness_of, linear_of
from ...kernels.color._math import lab
from ...kernels.finish._cpu import finish
from ...kernels.jit import parallel, serial
from ._cpu_cosines import add_signature
from ._math import ROWS_PER_CELL, balanced, cosine, edge, row_within, shape_of_cells


def image_signature(pixels, channels, is_rgb, width, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), bytes or [0, 1]."""
    frames, area = out.shape
    size = rows, cols = shape_of_cells(area // width, width)
    planes = launch.scratch(
        "signature planes", (frames, 3 if channels > 1 else 1, *size), np.float64
    )
    maps = launch.scratch("signature maps", (frames, *size), np.float32)
    source = pixels.reshape(frames, area // width, width * channels)
    read = frames * min(area // width, ROWS_PER_CELL * rows) * width
    args = (source, channels, is_rgb, _light(), planes)
    launch.over_bands(_shrink, _shrink_bands, frames * rows, *args, pixels=read)
    args = (planes, _cosines(rows), _cosines(cols), maps)
    launch.over_bands(_sign, _sign_bands, frames, *args, pixels=frames * rows * cols * 16)
    finish(maps, width, smooth, center_bias, True, out)


@cache
def _light():
    return light()


@cache
def _cosines(count):
    table = np.empty((count, count), np.float64)
    for wave in range(count):
        for place in range(count):
            table[wave, place] = cosine(wave, place, count)
    return table


@serial
def _shrink(pixels, channels, is_rgb, table, planes, start, stop):
    """Fill rows of the planes, counted through all frames, with CIELab of the cells' means."""
    height, width = pixels.shape[1], pixels.shape[2] // channels
    rows, cols = planes.shape[2:]
    sums = np.empty(width * channels, np.float32)
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        first, last = edge(row, rows, height), edge(row + 1, rows, height)
        taken = min(last - first, ROWS_PER_CELL)
        _add_rows(pixels[frame], first, last, taken, sums)
        white = float32(255 if pixels.itemsize == 1 else 1)
        for col in range(cols):
            left, right = edge(col, cols, width), edge(col + 1, cols, width)
            share = float32(1) / (float32(taken * (right - left)) * white)
            one, two, three = _sums(sums[channels * left : channels * right], channels)
            red, blue = (one, three) if is_rgb else (three, one)
            _put_lab(share * red, share * two, share * blue, table, planes[frame, :, row, col])


@serial
def _add_rows(pixels, first, last, taken, sums):
    for index in range(taken):
        source = pixels[row_within(index, taken, first, last)]
        if index == 0:
            for i in range(sums.size):
                sums[i] = source[i]
        else:
            for i in range(sums.size):
                sums[i] += source[i]


@serial
def _sums(values, channels):
    """Return the sums of the first three channels, or three times that of the only one."""
    first = second = third = float32(0)
    if channels == 1:
        for i in range(values.size):
            first += values[i]
        return first, first, first
    for i in range(0, values.size, channels):
        first += values[i]
        second += values[i + 1]
        third += values[i + 2]
    return first, second, third


@serial
def _put_lab(red, green, blue, table, target):
    one = float32(1)  # which means of floats may exceed by a hair
    red, green, blue = min(red, one), min(green, one), min(blue, one)
    red, green, blue = linear_of(red, table), linear_of(green, table), linear_of(blue, table)
    x, y, z = balanced(red, green, blue)
    values = lab(lightness_of(x), lightness_of(y), lightness_of(z))
    for plane in range(target.size):
        target[plane] = values[plane]


@serial
def _sign(planes, down, across, maps, start, stop):
    """Fill maps with the squares of what the signs of the planes' waves add up to."""
    rows, cols = maps.shape[1:]
    energy, work = np.empty((rows, cols)), np.empty((4, rows * cols))
    for frame in range(start, stop):
        energy[:] = 0
        for plane in range(planes.shape[1]):
            add_signature(planes[frame, plane], down, across, work, energy)
        maps[frame] = energy


@parallel
def _shrink_bands(pixels, channels, is_rgb, table, planes, bands):
    rows = planes.shape[0] * planes.shape[2]
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        _shrink(pixels, channels, is_rgb, table, planes, start, stop)


@parallel
def _sign_bands(planes, down, across, maps, bands):
    for band in prange(bands):
        start, stop = band * len(maps) // bands, (band + 1) * len(maps) // bands
        _sign(planes, down, across, maps, start, stop)
