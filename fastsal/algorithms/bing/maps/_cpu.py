"""The map of boxes on the CPU: steps at their corners, added up to the right and down."""

import numpy as np
from numba import int32, prange

from ....kernels.jit import parallel, serial
from ....kernels.launch import over_bands, scratch
from ._math import corners, shown


def fill_map(boxes, weights, width, out):
    """Fill `out`, (P,), with the sums of `weights`, (N,), of the `boxes`, (N, 4), on each pixel.

    As shares of the greatest sum; all zeros if there is none.
    """
    height = out.size // width
    steps = scratch("bing steps", (height + 1, width + 1), np.int32)
    tops = scratch("bing map tops", (width,), np.int32)
    _mark(boxes, weights, steps)
    over_bands(_add_right, _add_right_bands, height, steps, pixels=out.size)
    over_bands(_add_down, _add_down_bands, width, steps, tops, pixels=out.size)
    most = int(tops.max())
    over_bands(_paint, _paint_bands, height, steps, most, out.reshape(height, width),
               pixels=out.size)  # fmt: skip


@serial
def _mark(boxes, weights, steps):
    steps[:] = 0
    for i in range(weights.size):
        top, left, bottom, right = corners((boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]))
        steps[top, left] += weights[i]
        steps[top, right] -= weights[i]
        steps[bottom, left] -= weights[i]
        steps[bottom, right] += weights[i]


@serial
def _add_right(steps, start, stop):
    for row in range(start, stop):
        line, total = steps[row], int32(0)
        for col in range(line.size):
            total = int32(total + line[col])
            line[col] = total


@serial
def _add_down(steps, tops, start, stop):
    most = tops[start:stop]
    most[:] = steps[0, start:stop]
    for row in range(1, steps.shape[0] - 1):
        above, here = steps[row - 1, start:stop], steps[row, start:stop]
        for col in range(here.size):
            here[col] = int32(here[col] + above[col])
        for col in range(here.size):
            most[col] = max(most[col], here[col])


@serial
def _paint(steps, most, out, start, stop):
    for row in range(start, stop):
        source, target = steps[row], out[row]
        for col in range(target.size):
            target[col] = shown(source[col], most, target.itemsize)


@parallel
def _add_right_bands(steps, bands):
    rows = steps.shape[0] - 1
    for band in prange(bands):
        _add_right(steps, band * rows // bands, (band + 1) * rows // bands)


@parallel
def _add_down_bands(steps, tops, bands):
    for band in prange(bands):
        _add_down(steps, tops, band * tops.size // bands, (band + 1) * tops.size // bands)


@parallel
def _paint_bands(steps, most, out, bands):
    rows = out.shape[0]
    for band in prange(bands):
        _paint(steps, most, out, band * rows // bands, (band + 1) * rows // bands)
