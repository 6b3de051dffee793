"""Area means on the CPU: rows are added up before columns, which vectorises."""

import numpy as np
from numba import int64, uint32

from ..jit import banded, serial
from ..launch import over_bands
from ._formulas import divisor_of, first_pixel, last_pixel, mean_of, overlap, reciprocal_of, whole

_NARROW, _WIDE = np.empty(0, np.uint32), np.empty(0, np.int64)


def fill_area_means(pixels, channels, is_rgb, width, means):
    """Fill `means`, (N, planes, rows, cols) of uint8, with red, green and blue, or with grey.

    `pixels` are (N, H * width * channels): uint8, uint16, or float32 in [0, 1].
    """
    frames, _, rows, _ = means.shape
    source = pixels.reshape(frames, -1, width * channels)
    height = source.shape[1]
    divisor = divisor_of(pixels.dtype, height * width)
    kind = _NARROW if pixels.itemsize == 1 else _WIDE
    args = (source, channels, is_rgb, kind, divisor, reciprocal_of(divisor), means)
    over_bands(_fill, frames * rows, *args, pixels=frames * height * width)


@banded
def _fill(pixels, channels, is_rgb, kind, divisor, reciprocal, means, start, stop):
    height, width = pixels.shape[1], pixels.shape[2] // channels
    planes, rows, cols = means.shape[1:]
    sums = np.empty(width * channels, kind.dtype)
    firsts, counts = np.empty(cols, np.int32), np.empty(cols, np.int32)
    heads, tails = np.empty(cols, np.int32), np.empty(cols, np.int32)
    for col in range(cols):
        first, last = first_pixel(col, cols, width), last_pixel(col, cols, width)
        firsts[col], counts[col] = first, last - first
        heads[col] = overlap(col, first, cols, width)
        tails[col] = overlap(col, last, cols, width) if last > first else 0
    for index in range(start, stop):
        frame, row = index // rows, index % rows
        first, last = first_pixel(row, rows, height), last_pixel(row, rows, height)
        for y in range(first, last + 1):
            _add_row(pixels[frame, y], overlap(row, y, rows, height), y == first, sums)
        for plane in range(planes):
            offset = plane if is_rgb or planes == 1 else 2 - plane
            values = sums[offset:]
            target = means[frame, plane, row]
            for col in range(cols):
                at, count = channels * firsts[col], counts[col]
                total = int64(heads[col]) * int64(values[at])
                middle = int64(0)
                for _ in range(count - 1):
                    at += channels
                    middle += int64(values[at])
                total += middle * cols
                if count > 0:
                    total += int64(tails[col]) * int64(values[at + channels])
                target[col] = mean_of(total, divisor, reciprocal)


@serial
def _add_row(source, weight, is_first, sums):
    """Add a row of samples, weighted, to the sums of a row of cells."""
    if source.itemsize == 1:
        factor = uint32(weight)
        if is_first:
            for i in range(sums.size):
                sums[i] = uint32(source[i]) * factor
        else:
            for i in range(sums.size):
                sums[i] += uint32(source[i]) * factor
    else:
        for i in range(sums.size):
            value = whole(source[i], source.itemsize) * weight
            sums[i] = value if is_first else sums[i] + value
