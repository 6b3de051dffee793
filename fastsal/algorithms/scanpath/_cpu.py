"""The scan path on the CPU: means of cells, then the sequence of foci."""

import numpy as np

from ...kernels.jit import serial
from ._foci import run, side_of_cells
from ._formulas import mean_of

_ELSEWHERE = np.empty((0, 0, 2), np.int32)  # maximum pixels are searched only in winning cells


def foci_of(levels, unit, n):
    """Return rows and columns of at most `n` foci, and the times at which each is reached."""
    height, width = levels.shape
    side = side_of_cells(height, width)
    cells = np.empty((-(-height // side), -(-width // side)), np.float32)
    _fill_cells(levels, side, unit, cells)
    return run(levels, _ELSEWHERE, (height, width), side, cells, n)


@serial
def _fill_cells(levels, side, unit, cells):
    """Fill with the means of squares of pixels; the last are cut."""
    height, width = levels.shape
    sums = np.empty(width)
    for row in range(cells.shape[0]):
        sums[:] = 0.0
        last = min((row + 1) * side, height)
        for source in range(row * side, last):
            values = levels[source]
            for col in range(width):
                sums[col] += values[col]
        for col in range(cells.shape[1]):
            total, stop = 0.0, min((col + 1) * side, width)
            for index in range(col * side, stop):
                total += sums[index]
            cells[row, col] = mean_of(total, unit, (last - row * side) * (stop - col * side))
