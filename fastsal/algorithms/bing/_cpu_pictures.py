"""Pictures of a scale on the CPU, in the planes of all colour spaces, and their gradients."""

import numpy as np
from numba import uint8, uint16, uint32

from ...kernels.jit import serial
from ._math import HSV, blended, gap, gradient, hue, luma, rounded, saturation

PLANES = 7  # blue, green, red, hue, saturation, value, grey or least
FIRST_PLANE, LAST_PLANE = (0, 3, 6), (3, 6, 7)  # of each colour space


def _shares():
    """Return what OpenCV's hue and saturation multiply by, for each value or spread."""
    levels = np.maximum(np.arange(256), 1)
    hues, saturations = np.rint(180 * 4096 / (6 * levels)), np.rint(255 * 4096 / levels)
    hues[0] = saturations[0] = 0
    return hues.astype(np.int32), saturations.astype(np.int32)


SHARES = _shares()


def gradients_of(pixels, channels, first, plan, spaces):
    """Return the upper halves of all gradients, (spaces, plan.pixels), as windows are scored by.

    `pixels` is (H, W * channels), with blue in channel `first`.
    """
    halves = np.empty((len(spaces), plan.pixels), np.uint8)
    _fill_scales(pixels, channels, first, plan.scales, plan.tables, spaces, *SHARES, halves)
    return halves


@serial
def _fill_scales(
    pixels, channels, first, scales, tables, spaces, hues, saturations, halves
):  # fmt: skip
    line = np.empty(pixels.shape[1], np.int32)
    for scale in scales:
        rows, cols, at = scale[0], scale[1], scale[2]
        planes = np.empty((PLANES, rows * cols), np.uint8)
        steps = np.empty((2, cols), np.uint16)
        fill_planes(pixels, channels, first, tables, scale, 0, rows, line, planes)
        for s in range(len(spaces)):
            convert(planes, spaces[s], hues, saturations)
            for row in range(rows):
                target = halves[s, at + row * cols : at + (row + 1) * cols]
                fill_gradient(planes, spaces[s], row, 0, rows, cols, steps, target)


@serial
def fill_planes(pixels, channels, first, tables, scale, top, bottom, line, planes):
    """Fill blue, green and red of some rows of a scale's picture; `line` is for a blended row."""
    cols = scale[1]
    columns = tables[:, scale[5] : scale[5] + cols]
    for row in range(top, bottom):
        to = (row - top) * cols
        source, other, weight = tables[:, scale[4] + row]
        _blend_rows(pixels[source], pixels[other], weight, line)
        for plane in range(3):
            channel = 0 if channels == 1 else 1 if plane == 1 else abs(first - plane)
            _blend_columns(line[channel:], columns, channels, planes[plane, to : to + cols])


@serial
def _blend_rows(upper, lower, weight, line):
    for i in range(line.size):
        line[i] = blended(upper[i], lower[i], weight)


@serial
def _blend_columns(line, columns, step, target):
    sources, others, weights = columns[0], columns[1], columns[2]
    # Loops as small as this one vectorise, with 32-bit loads from all over the line.
    for i in range(target.size):
        here, there = line[uint32(step * sources[i])], line[uint32(step * others[i])]
        target[i] = rounded(blended(here, there, weights[i]))


@serial
def convert(planes, space, hues, saturations):
    """Fill the planes that the gradients of a colour space need from blue, green and red."""
    # A loop per plane, each of so few arrays that the compiler can tell them apart.
    blue, green, red, target = planes[0], planes[1], planes[2], planes[6]
    if space == HSV:
        low, high = planes[6], planes[5]
        for i in range(blue.size):
            low[i] = min(min(blue[i], green[i]), red[i])
        for i in range(blue.size):
            high[i] = max(max(blue[i], green[i]), red[i])
        target = planes[3]
        for i in range(blue.size):
            share = hues[uint8(high[i] - low[i])]
            target[i] = hue(blue[i], green[i], red[i], low[i], high[i], share)
        target = planes[4]
        for i in range(blue.size):
            target[i] = saturation(low[i], high[i], saturations[high[i]])
    elif space > HSV:
        for i in range(blue.size):
            target[i] = luma(blue[i], green[i], red[i])


@serial
def fill_gradient(planes, space, row, top, rows, cols, steps, halves):
    """Fill a row of upper halves of gradients; at the image's border they are one-sided."""
    across, down = steps[0, :cols], steps[1, :cols]
    here = (row - top) * cols
    up, below = (max(row - 1, 0) - top) * cols, (min(row + 1, rows - 1) - top) * cols
    down_border = row in (0, rows - 1)
    _fill_steps(planes, space, up, below, down)
    _fill_steps(planes, space, here, here + 2, across[1 : cols - 1])
    _fill_steps(planes, space, here, here + 1, across[:1])
    _fill_steps(planes, space, here + cols - 2, here + cols - 1, across[cols - 1 :])
    if down_border:
        for i in range(halves.size):
            halves[i] = gradient(across[i], False, down[i], True)
    else:
        for i in range(halves.size):
            halves[i] = gradient(across[i], False, down[i], False)
    for i in (0, cols - 1):
        halves[i] = gradient(across[i], True, down[i], down_border)


@serial
def _fill_steps(planes, space, one, other, steps):
    """Fill twice the greatest gap of any channel, or for HSV the sum of its gaps."""
    start, stop = FIRST_PLANE[space], LAST_PLANE[space]
    steps[:] = 0
    for plane in range(start, stop):
        first = planes[plane, one : one + steps.size]
        second = planes[plane, other : other + steps.size]
        if space == HSV:
            for i in range(steps.size):
                steps[i] = uint16(steps[i] + gap(first[i], second[i]))
        else:
            for i in range(steps.size):
                steps[i] = max(steps[i], uint16(2 * gap(first[i], second[i])))
