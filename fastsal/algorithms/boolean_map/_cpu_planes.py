"""Colour planes on the CPU: sums for the covariance, projections stretched to bytes."""

import numpy as np
from numba import int32, int64

from ...kernels.jit import banded, serial
from ._formulas import BYTE_SHIFT, SUMS, chroma_of, factor_of, likeness, projection, redness, scaled


@banded
def fill_sums(small, lab, chroma, raw, sums, start, stop):
    """Fill the sums of each row for the covariance, and rows of the warm planes of `raw`."""
    for row in range(start, stop):
        _add_up(lab[0, row], lab[1, row], lab[2, row], sums[row])
        if len(raw) > len(lab):
            red, green, blue = small[0, row], small[1, row], small[2, row]
            for col in range(red.size):
                red_chroma, blue_chroma = chroma_of(red[col], green[col], blue[col])
                raw[3, row, col] = redness(red_chroma)
                raw[4, row, col] = likeness(chroma[0, red_chroma], chroma[1, blue_chroma])


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


@banded
def project(lab, axes, raw, start, stop):
    """Fill planes of `raw` along the axes, or with lightness, stretched to 0 to 255."""
    for plane in range(start, stop):
        _project(lab, (axes[plane, 0], axes[plane, 1], axes[plane, 2]), raw[plane])


@serial
def _project(lab, axis, plane):
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
