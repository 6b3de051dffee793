"""Whole images to CIELab on the CPU, by formulas that vectorise."""

import numpy as np
from numba import float32

from ..jit import banded, serial
from ..launch import over_bands
from ._formulas import lab, linear, relative_x, relative_y, relative_z

STEPS = 1 << 12  # of the table; linear interpolation between entries is right to 3e-8


def convert_to_lab(planes):
    """Turn (H, W, 3) float32 sRGB in [0, 1] into CIELab, in place; right to 2e-4."""
    table = linear_table()
    args = (planes, table)
    over_bands(_convert, len(planes), *args, pixels=planes.size // 3)


@serial
def linear_table():
    """Return a table of `linear`, for `lab_of`."""
    table = np.empty(STEPS + 2, np.float32)
    for i in range(table.size):
        table[i] = linear(float32(i) / float32(STEPS))
    return table


@banded
def _convert(planes, table, start, stop):
    for row in range(start, stop):
        for col in range(planes.shape[1]):
            red, green, blue = planes[row, col, 0], planes[row, col, 1], planes[row, col, 2]
            lightness, a, b = lab_of(red, green, blue, table)
            planes[row, col, 0], planes[row, col, 1], planes[row, col, 2] = lightness, a, b


@serial
def lab_of(red, green, blue, table):
    """Return CIELab of sRGB in [0, 1]."""
    red, green, blue = linear_of(red, table), linear_of(green, table), linear_of(blue, table)
    x = lightness_of(float32(relative_x(red, green, blue)))
    y = lightness_of(float32(relative_y(red, green, blue)))
    z = lightness_of(float32(relative_z(red, green, blue)))
    return lab(x, y, z)


@serial
def linear_of(value, table):
    """Return `linear`, from the table of `linear_table`."""
    steps = value * float32(STEPS)
    at = int(steps)
    low = table[at]
    return low + (steps - float32(at)) * (table[at + 1] - low)


@serial
def lightness_of(value):
    """Return `lightness`, the cube root by two of Halley's steps from a guess at its bits."""
    root = np.int32(np.float32(value).view(np.int32) // np.int32(3) + np.int32(709921077))
    root = np.int32(root).view(np.float32)
    cube = root * root * root
    root *= (cube + value + value) / (cube + cube + value)
    cube = root * root * root
    root *= (cube + value + value) / (cube + cube + value)
    flat = float32(7.787) * value + float32(16 / 116)
    return root if value > float32(0.008856) else flat
