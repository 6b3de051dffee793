"""The map of boxes on the CPU: steps at their corners, added up to the right and down.

Only for rows where a box begins or ends: between them all rows are the same.
"""

import numpy as np
from numba import int32

from ....kernels.copies import copy_values
from ....kernels.jit import banded, serial
from ....kernels.launch import over_bands, scratch
from ._formulas import corners, shown


def fill_map(boxes, weights, width, out):
    """Fill `out`, (P,), with the sums of `weights`, (N,), of the `boxes`, (N, 4), on each pixel.

    As shares of the greatest sum; all zeros if there is none.
    """
    height = out.size // width
    places = _places(boxes, height)
    rows = int(places[height])
    steps = scratch("bing steps", (height + 1, width + 1), np.int32)[: rows + 1]
    tops = scratch("bing map tops", (width,), np.int32)
    _mark(boxes, weights, places, steps)
    over_bands(_add_right, rows, steps, pixels=rows * width)
    over_bands(_add_down, width, steps, tops, pixels=rows * width)
    args = steps, places, int(tops.max()), out.reshape(height, width)
    over_bands(_paint, height, *args, pixels=out.size)


def _places(boxes, height):
    """Return which row of steps each row of the map takes, and how many there are."""
    is_edge = np.zeros(height + 1, np.int64)
    is_edge[boxes[:, 1]] = is_edge[boxes[:, 1] + boxes[:, 3]] = 1
    is_edge[0] = is_edge[height] = 1
    return np.cumsum(is_edge) - 1


@serial
def _mark(boxes, weights, places, steps):
    steps[:] = 0
    for i in range(weights.size):
        top, left, bottom, right = corners((boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]))
        top, bottom = places[top], places[bottom]
        steps[top, left] += weights[i]
        steps[top, right] -= weights[i]
        steps[bottom, left] -= weights[i]
        steps[bottom, right] += weights[i]


@banded
def _add_right(steps, start, stop):
    for row in range(start, stop):
        line, total = steps[row], int32(0)
        for col in range(line.size):
            total = int32(total + line[col])
            line[col] = total


@banded
def _add_down(steps, tops, start, stop):
    most = tops[start:stop]
    copy_values(steps[0, start:stop], most)
    for row in range(1, steps.shape[0] - 1):
        above, here = steps[row - 1, start:stop], steps[row, start:stop]
        for col in range(here.size):
            here[col] = int32(here[col] + above[col])
        for col in range(here.size):
            most[col] = max(most[col], here[col])


@banded
def _paint(steps, places, most, out, start, stop):
    for row in range(start, stop):
        target = out[row]
        if row > start and places[row] == places[row - 1]:
            copy_values(out[row - 1], target)
            continue
        source = steps[places[row]]
        for col in range(target.size):
            target[col] = shown(source[col], most, target.itemsize)
