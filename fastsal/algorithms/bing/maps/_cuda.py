"""The map of boxes on a CUDA device: steps at their corners, added up to the right and down."""

import numpy as np
from numba import cuda, int32

from ....devices import upload, workspace
from ....kernels import launch
from ....kernels.jit import kernel
from ._formulas import corners, shown


def fill_map(boxes, weights, width, out):
    """Fill `out`, (P,), with the sums of `weights`, (N,), of the `boxes`, (N, 4), on each pixel.

    As shares of the greatest sum; all zeros if there is none.
    """
    height = out.size // width
    steps = workspace("bing steps", (height + 1, width + 1), np.int32)
    most = workspace("bing most", (1,), np.int32)
    _clear[_form(steps.size)](steps.reshape(steps.size), most)
    if weights.size:
        held = upload(boxes, "bing boxes"), upload(weights, "bing weights")
        _mark[_form(weights.size)](*held, steps)
    _add_right[_form(height)](steps)
    _add_down[_form(width)](steps, most)
    _paint[_form(out.size)](steps, most, width, out)


def _form(items):
    (blocks, _), threads = launch.grid_for(items, 1, per_thread=1)
    return blocks, threads


@kernel
def _clear(steps, most):
    i = cuda.grid(1)
    if i == 0:
        most[0] = 0
    while i < steps.size:
        steps[i] = 0
        i += cuda.gridsize(1)


@kernel
def _mark(boxes, weights, steps):
    i = cuda.grid(1)
    while i < weights.size:
        top, left, bottom, right = corners((boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]))
        cuda.atomic.add(steps, (top, left), weights[i])
        cuda.atomic.sub(steps, (top, right), weights[i])
        cuda.atomic.sub(steps, (bottom, left), weights[i])
        cuda.atomic.add(steps, (bottom, right), weights[i])
        i += cuda.gridsize(1)


@kernel
def _add_right(steps):
    row = cuda.grid(1)
    while row < steps.shape[0] - 1:
        total, col = int32(0), 0
        while col < steps.shape[1]:
            total = int32(total + steps[row, col])
            steps[row, col] = total
            col += 1
        row += cuda.gridsize(1)


@kernel
def _add_down(steps, most):
    col = cuda.grid(1)
    while col < steps.shape[1] - 1:
        total, top, row = int32(0), int32(0), 0
        while row < steps.shape[0] - 1:
            total = int32(total + steps[row, col])
            steps[row, col] = total
            top = max(top, total)
            row += 1
        cuda.atomic.max(most, 0, top)
        col += cuda.gridsize(1)


@kernel
def _paint(steps, most, width, out):
    i = cuda.grid(1)
    while i < out.size:
        out[i] = shown(steps[i // width, i % width], most[0], out.itemsize)
        i += cuda.gridsize(1)
