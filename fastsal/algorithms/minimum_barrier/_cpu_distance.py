"""Minimum barrier distances from the border on the CPU: three raster passes over a plane.

A raster pass reads the new values to the left and above, which lie on the diagonal before. So the
cells of one diagonal do not depend on each other, and going from diagonal to diagonal gives the
bits of the raster order. Diagonals are kept as rows, so that their loops vectorise.
"""

import numpy as np

from ...kernels.jit import serial
from ._formulas import PASSES, closer, first_row, last_row


@serial
def fill_distances(plane, distances):
    """Fill `distances`, bytes, from `plane`, both (h, w): Zhang et al. (2015), Algorithm 1."""
    rows, cols = plane.shape
    diagonals = rows + cols - 1
    values = np.empty((diagonals, rows), np.uint8)  # cell (row, col) in values[row + col, row]
    for row in range(rows):
        for col in range(cols):
            values[row + col, row] = plane[row, col]
    low, high = values.copy(), values.copy()
    for number in range(PASSES):
        for step in range(2, diagonals - 2):
            at = step if number % 2 == 0 else diagonals - 1 - step
            start, stop = first_row(at, cols), last_row(at, rows) + 1
            if stop <= start:
                continue
            # Of the diagonal before, the neighbour in the row has the same index; that in the
            # column lies one before it on the way down and one behind it on the way up.
            before, shift = (at - 1, -1) if number % 2 == 0 else (at + 1, 1)
            _relax(
                number == 0,
                values[at, start:stop], low[at, start:stop], high[at, start:stop],
                low[before, start:stop], high[before, start:stop],
                low[before, start + shift : stop + shift],
                high[before, start + shift : stop + shift],
            )  # fmt: skip
    for row in range(rows):
        for col in range(cols):
            distances[row, col] = high[row + col, row] - low[row + col, row]


@serial
def _relax(is_first, values, low, high, side_low, side_high, line_low, line_high):
    for i in range(low.size):
        low[i], high[i] = closer(
            is_first, values[i], low[i], high[i],
            side_low[i], side_high[i], line_low[i], line_high[i],
        )  # fmt: skip
