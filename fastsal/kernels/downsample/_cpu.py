"""Mean colours of cells on the CPU: rows are added up before columns, which vectorises."""

import numpy as np
from numba import float32

from ..jit import banded, serial
from ..launch import over_bands
from ._formulas import ROWS_READ, edge, row_read, white_of

_BYTES, _FLOATS = np.empty(0, np.float32), np.empty(0, np.float64)


def fill_means(pixels, channels, is_rgb, width, means):
    """Fill `means`, (N, planes, rows, cols), with red, green and blue in [0, 1], or with grey.

    `pixels` are (N, H * width * channels), uint8, uint16 or float32 in [0, 1].
    """
    frames, _, rows, _ = means.shape
    source = pixels.reshape(frames, -1, width * channels)
    read = frames * min(source.shape[1], ROWS_READ * rows) * width
    # In sums of this type one colour gives one mean exactly, however many pixels a cell has.
    kind = _BYTES if pixels.itemsize == 1 else _FLOATS
    args = (source, channels, is_rgb, kind, means)
    over_bands(_fill_means, frames * rows, *args, pixels=read)


@banded
def _fill_means(pixels, channels, is_rgb, kind, means, start, stop):
    height, width = pixels.shape[1], pixels.shape[2] // channels
    rows, cols = means.shape[2:]
    white = float32(white_of(pixels.itemsize))
    sums = np.empty(width * channels, kind.dtype)
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        first, last = edge(row, rows, height), edge(row + 1, rows, height)
        taken = min(last - first, ROWS_READ)
        _add_rows(pixels[frame], first, last, taken, sums)
        for col in range(cols):
            left, right = edge(col, cols, width), edge(col + 1, cols, width)
            total = float32(taken * (right - left)) * white
            one, two, three = _sums(sums[channels * left : channels * right], channels)
            if means.shape[1] == 1:
                means[frame, 0, row, col] = one / total
            else:
                red, blue = (one, three) if is_rgb else (three, one)
                means[frame, 0, row, col] = red / total
                means[frame, 1, row, col] = two / total
                means[frame, 2, row, col] = blue / total


@serial
def _add_rows(pixels, first, last, taken, sums):
    for index in range(taken):
        source = pixels[row_read(index, taken, first, last)]
        if index == 0:
            for i in range(sums.size):
                sums[i] = source[i]
        else:
            for i in range(sums.size):
                sums[i] += source[i]


@serial
def _sums(values, channels):
    """Return the sums of the first three channels, or three times that of the only one."""
    first = second = third = values.dtype.type(0)
    if channels == 1:
        for i in range(values.size):
            first += values[i]
        return first, first, first
    for i in range(0, values.size, channels):
        first += values[i]
        second += values[i + 1]
        third += values[i + 2]
    return first, second, third
