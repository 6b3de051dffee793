"""Rows of a spectrum into columns on the CPU, in tiles of 8 x 8."""

import numpy as np

from ...kernels.jit import serial
from ...kernels.simd import ENABLED
from ...kernels.simd.transpose import TILE, transpose_tile


@serial
def transpose(rows, places, columns):
    """Fill `columns`, (W, 2, N), with N of the `rows`, (M, 2, W)."""
    width, count = rows.shape[2], places.size
    starts = np.empty(TILE, np.int64)
    for top in range(0, count, TILE):
        for part in range(2):
            for i in range(TILE):
                starts[i] = (2 * places[top + i] + part) * width
            for left in range(0, width, TILE):
                first = (2 * left + part) * count + top
                if ENABLED:
                    transpose_tile(rows, starts, left, columns, first, 2 * count)
                else:
                    _transpose_tile(rows, starts, left, columns, first, 2 * count)


@serial
def _transpose_tile(rows, starts, left, columns, first, stride):
    source, target = rows.reshape(-1), columns.reshape(-1)
    for i in range(TILE):
        for j in range(TILE):
            target[first + j * stride + i] = source[starts[i] + left + j]
