"""The scan path of a map on a CUDA device: one kernel reads the map, the host gets its cells.

The race of a few thousand cells is sequential, so it runs on the host. Only the cells' means and
maximum pixels are downloaded, once.
"""

import numpy as np
from numba import cuda, float64, int32

from ...devices import fetch, workspace
from ...kernels import launch
from ...kernels.jit import kernel
from ._foci import run, side_of_cells
from ._formulas import mean_of, off_middle

_NOWHERE = np.empty((0, 0), np.uint8)  # the map stays where it is


def foci_of(levels, unit, n):
    """Return rows and columns of at most `n` foci, and the times at which each is reached."""
    height, width = levels.shape
    side = side_of_cells(height, width)
    shape = -(-height // side), -(-width // side)
    cells = workspace("scanpath cells", shape, np.float32)
    places = workspace("scanpath places", (*shape, 2), np.int32)
    _fill_cells[launch.image_grid(shape)](levels, side, unit, cells, places)
    return run(_NOWHERE, fetch(places), (height, width), side, fetch(cells), n)


@kernel
def _fill_cells(levels, side, unit, cells, places):
    """Fill with the mean of each cell and its greatest pixel, of equals that in the middle."""
    height, width = levels.shape
    col = cuda.grid(1)
    row = cuda.blockIdx.y
    while row < cells.shape[0] and col < cells.shape[1]:
        top, left = row * side, col * side
        bottom, right = min(top + side, height), min(left + side, width)
        total, best, least, best_row, best_col = float64(0), levels[top, left], -1, top, left
        for x in range(left, right):  # in the CPU's order, for the same bits
            column = float64(0)
            for y in range(top, bottom):
                level = levels[y, x]
                column += level
                away = off_middle(y, x, top, left, bottom, right)
                # Ties go to the first row, then to the first column.
                earlier = away == least and y < best_row
                if level > best or (level == best and (least < 0 or away < least or earlier)):
                    best, least, best_row, best_col = level, away, y, x
            total += column
        cells[row, col] = mean_of(total, unit, (bottom - top) * (right - left))
        places[row, col, 0], places[row, col, 1] = int32(best_row), int32(best_col)
        row += cuda.gridDim.y
