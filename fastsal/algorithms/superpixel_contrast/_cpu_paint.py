"""From a value per superpixel to a map (Eq. 8), on the CPU."""

import numpy as np
from numba import float32, uintp

from ...kernels.color._cpu_lab import lab_of
from ...kernels.jit import banded, serial
from ...kernels.regions._formulas import channel_of
from ...kernels.scale import stored
from ._cpu_pairs import halved
from ._formulas import weight_exponent

NEAR = 16  # superpixels a pixel is a mean of: those of the 4 x 4 tiles around it
FAR = float32(1e30)  # place of a superpixel without pixels


@banded
def paint(labels, table, out, start, stop):
    """Fill out[start:stop] from the entry in `table` of each pixel's label."""
    source, target = labels[start:stop], out[start:stop]
    for i in range(uintp(target.size)):
        target[i] = table[uintp(source[i])]


@banded
def average(image, channels, is_rgb, white, size, grid, table, values, color, place, labels, out,
            start, stop):  # fmt: skip
    """Fill rows of `out` by Eq. 8: weighted means of the values of near superpixels."""
    down, across = grid
    near, weights = np.zeros((6, NEAR), np.float32), np.zeros(NEAR, np.float32)
    for row in range(start, stop):
        below = (row + size // 2) // size
        right = -1
        for col in range(out.shape[1]):
            if (col + size // 2) // size != right:
                right = (col + size // 2) // size
                _gather(values, color, place, below - 2, right - 2, down, across, near)
            args = (image[row], channels * col, channels, is_rgb, white, table)
            lightness, a, b = _lab_at(*args)
            own = values[labels[row, col]]
            value = _mean(near, lightness, a, b, float32(row), float32(col), weights, own)
            out[row, col] = stored(value, out.itemsize)


@serial
def _gather(values, color, place, first_v, first_u, down, across, near):
    """Copy colours, places and values of 4 x 4 tiles; superpixels without pixels are far."""
    for i in range(NEAR):
        v, u = first_v + i // 4, first_u + i % 4
        near[4, i] = FAR
        if 0 <= v < down and 0 <= u < across:
            at = v * across + u
            if place[at, 0] >= 0:
                near[0, i], near[1, i], near[2, i] = color[at, 0], color[at, 1], color[at, 2]
                near[3, i], near[4, i], near[5, i] = place[at, 0], place[at, 1], values[at]


@serial
def _lab_at(line, at, channels, is_rgb, white, table):
    red = float32(line[at + channel_of(0, channels, is_rgb)]) / white
    green = blue = red
    if channels >= 3:
        green = float32(line[at + 1]) / white
        blue = float32(line[at + channel_of(2, channels, is_rgb)]) / white
    return lab_of(red, green, blue, table)


@serial
def _mean(near, lightness, a, b, row, col, weights, own):
    nearest = float32(1e38)
    for i in range(NEAR):
        diff0, diff1, diff2 = near[0, i] - lightness, near[1, i] - a, near[2, i] - b
        drow, dcol = near[3, i] - row, near[4, i] - col
        color_dist = diff0 * diff0 + diff1 * diff1 + diff2 * diff2
        weights[i] = weight_exponent(color_dist, drow * drow + dcol * dcol)
    for i in range(NEAR):
        nearest = min(nearest, weights[i])
    if nearest > float32(1e9):
        return own  # no superpixel near: the clean-up gave all of them spatial_dist
    for i in range(NEAR):
        weights[i] = halved(weights[i] - nearest)  # the maximum is then 1
    total = value = float32(0)
    for i in range(NEAR):
        total += weights[i]
        value += weights[i] * near[5, i]
    return value / total
