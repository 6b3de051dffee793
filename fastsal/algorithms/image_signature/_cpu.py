"""The image signature on the CPU: means of cells, two small cosine transforms, postprocessing."""

from functools import cache

import numpy as np
from numba import float32

from ...kernels import launch
from ...kernels.color._cpu_lab import lightness_of, linear_of, linear_table
from ...kernels.color._formulas import balanced, lab
from ...kernels.copies import copy_values
from ...kernels.downsample._cpu import fill_means
from ...kernels.downsample._formulas import shape_of_cells
from ...kernels.jit import banded, serial
from ...kernels.postprocess._cpu import postprocess
from ._cpu_cosines import add_signature
from ._formulas import CELLS, cosine


def image_signature(pixels, channels, is_rgb, width, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), bytes or [0, 1]."""
    frames, area = out.shape
    size = rows, cols = shape_of_cells(area // width, width, CELLS)
    planes = 3 if channels > 1 else 1
    means = launch.scratch("signature means", (frames, planes, *size), np.float32)
    maps = launch.scratch("signature maps", (frames, *size), np.float32)
    fill_means(pixels, channels, is_rgb, width, means)
    args = (means, _light(), _cosines(rows), _cosines(cols), maps)
    work = frames * planes * rows * cols * (rows + cols) // 8
    launch.over_bands(_sign, frames, *args, pixels=work)
    postprocess(maps, width, smooth, center_bias, True, out)


@cache
def _light():
    return linear_table()


@cache
def _cosines(count):
    table = np.empty((count, count), np.float64)
    for frequency in range(count):
        for place in range(count):
            table[frequency, place] = cosine(frequency, place, count)
    return table


@serial
def _fill_lab(means, table, planes):
    count, rows, cols = means.shape
    for row in range(rows):
        for col in range(cols):
            # Means of floats may exceed 1 by rounding.
            red = linear_of(min(means[0, row, col], float32(1)), table)
            green = blue = red
            if count > 1:
                green = linear_of(min(means[1, row, col], float32(1)), table)
                blue = linear_of(min(means[2, row, col], float32(1)), table)
            x, y, z = balanced(red, green, blue)
            lightness, a, b = lab(lightness_of(x), lightness_of(y), lightness_of(z))
            planes[0, row, col] = lightness
            if count > 1:
                planes[1, row, col], planes[2, row, col] = a, b


@banded
def _sign(means, table, down, across, maps, start, stop):
    """Fill maps with IDCT(sign(DCT(x)))**2, summed over planes: Hou, Harel and Koch (2012)."""
    rows, cols = maps.shape[1:]
    planes, energy = np.empty(means.shape[1:]), np.empty((rows, cols))
    work = np.empty((4, rows * cols))
    for frame in range(start, stop):
        _fill_lab(means[frame], table, planes)
        energy[:] = 0
        for plane in range(len(planes)):
            add_signature(planes[plane], down, across, work, energy)
        for row in range(len(energy)):
            copy_values(energy[row], maps[frame, row])
