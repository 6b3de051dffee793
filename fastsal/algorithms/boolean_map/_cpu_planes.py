"""Colour planes on the CPU: CIELab, whitened and stretched to bytes; median filter."""

import numpy as np
from numba import int32, int64, prange

from ...kernels.color._lab8 import chroma_bytes, lab_bytes
from ...kernels.jit import parallel, serial
from ...kernels.turns import taken_at_once
from ._math import (
    BYTE_SHIFT,
    SUMS,
    factor_of,
    likeness,
    middle_of_nine,
    projection,
    redness,
    scaled,
)


@serial
def fill_colors(small, chroma, lab, raw, sums, start, stop):
    """Fill rows of `lab`, of the warm planes of `raw`, and the sums of each row."""
    levels = np.empty(256, np.uint8)
    for value in range(256):
        levels[value] = lab_bytes(value, value, value)[0]
    for row in range(start, stop):
        if len(small) == 1:
            source, target = small[0, row], lab[0, row]
            for col in range(target.size):
                target[col] = levels[source[col]]
            continue
        red, green, blue = small[0, row], small[1, row], small[2, row]
        first, second, third = lab[0, row], lab[1, row], lab[2, row]
        for col in range(red.size):
            first[col], second[col], third[col] = lab_bytes(red[col], green[col], blue[col])
        _add_up(first, second, third, sums[row])
        if len(raw) > 3:
            for col in range(red.size):
                red_chroma, blue_chroma = chroma_bytes(red[col], green[col], blue[col])
                raw[3, row, col] = redness(red_chroma)
                raw[4, row, col] = likeness(chroma[0, red_chroma], chroma[1, blue_chroma])


@parallel
def fill_colors_bands(small, chroma, lab, raw, sums, bands):
    """Fill all rows in as many bands."""
    rows = small.shape[1]
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        fill_colors(small, chroma, lab, raw, sums, start, stop)


@serial
def _add_up(first, second, third, sums):
    for k in range(SUMS):
        sums[k] = 0
    one, two, three = int64(0), int64(0), int64(0)
    for i in range(first.size):
        one += first[i]
        two += second[i]
        three += third[i]
    sums[0], sums[1], sums[2] = one, two, three
    sums[3], sums[4], sums[5] = _dot(first, first), _dot(first, second), _dot(first, third)
    sums[6], sums[7], sums[8] = _dot(second, second), _dot(second, third), _dot(third, third)


@serial
def _dot(first, second):
    total = int64(0)
    for i in range(first.size):
        total += int32(first[i]) * int32(second[i])
    return total


@serial
def fill_planes(lab, axes, raw, planes, start, stop):
    """Fill `planes`: those of the axes, or lightness alone, and the warm ones."""
    for plane in range(start, stop):
        if plane < len(lab):
            axis = axes[plane, 0], axes[plane, 1], axes[plane, 2]
            _project(lab, axis, raw[plane])
        _filter(raw[plane], planes[plane])


@parallel
def fill_planes_bands(lab, axes, raw, planes, bands):
    """Fill all planes, a band each."""
    before = taken_at_once(1)
    for band in prange(bands):
        start, stop = band * len(planes) // bands, (band + 1) * len(planes) // bands
        fill_planes(lab, axes, raw, planes, start, stop)
    taken_at_once(before)


@serial
def _project(lab, axis, plane):
    """Fill a plane with the colours along an axis, stretched to 0 to 255."""
    rows, cols = plane.shape
    values = np.empty(cols, np.int32)
    lows, highs = np.empty(cols, np.int32), np.empty(cols, np.int32)
    for row in range(rows):
        _fill_values(lab, axis, row, values)
        if row == 0:
            for col in range(cols):
                lows[col] = highs[col] = values[col]
        for col in range(cols):
            lows[col] = min(lows[col], values[col])
            highs[col] = max(highs[col], values[col])
    low, high = lows[0], highs[0]
    for col in range(cols):
        low, high = min(low, lows[col]), max(high, highs[col])
    factor = factor_of(low, high, 255, BYTE_SHIFT)
    for row in range(rows):
        _fill_values(lab, axis, row, values)
        target = plane[row]
        for col in range(cols):
            target[col] = scaled(values[col], low, factor, BYTE_SHIFT)


@serial
def _fill_values(lab, axis, row, values):
    if len(lab) == 1:
        source = lab[0, row]
        for col in range(values.size):
            values[col] = source[col]
        return
    first, second, third = lab[0, row], lab[1, row], lab[2, row]
    axis = int32(axis[0]), int32(axis[1]), int32(axis[2])
    for col in range(values.size):
        values[col] = int32(projection(first[col], second[col], third[col], axis))


@serial
def _filter(source, target):
    """Fill `target` with the 3 x 3 median of `source`, the border repeated."""
    rows, cols = source.shape
    wide = np.empty((3, cols + 2), np.uint8)
    for row in range(rows):
        for k in range(3):
            line = source[min(max(row + k - 1, 0), rows - 1)]
            padded = wide[k]
            for col in range(cols):
                padded[col + 1] = line[col]
            padded[0], padded[cols + 1] = line[0], line[cols - 1]
        one, two, three, filtered = wide[0], wide[1], wide[2], target[row]
        for col in range(cols):
            filtered[col] = middle_of_nine(
                one[col], two[col], three[col],
                one[col + 1], two[col + 1], three[col + 1],
                one[col + 2], two[col + 2], three[col + 2],
            )  # fmt: skip
