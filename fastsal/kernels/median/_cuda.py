"""Medians on a CUDA device: a thread per pixel."""

from numba import cuda, uint8

from ..borders import clamp
from ..jit import device, kernel
from ..launch import grid_for
from ._formulas import PAIRS_OF_9, PAIRS_OF_25

MAX_WINDOW = 25


def fill_medians(planes, reach, medians):
    """Fill `medians` from `planes`, bytes, both (N, h, w): windows of 3 x 3 or 5 x 5 pixels.

    `reach` is 1 or 2. Borders are replicated.
    """
    frames, rows, cols = planes.shape
    blocks, threads = grid_for(rows * cols, frames, per_thread=1)
    _fill[blocks, threads](planes, reach, medians)


@kernel
def _fill(planes, reach, medians):
    window = cuda.local.array(MAX_WINDOW, uint8)
    rows, cols = planes.shape[1:]
    side = 2 * reach + 1
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < rows * cols:
        row, col = i // cols, i % cols
        for place in range(side * side):
            down = clamp(row + place // side - reach, rows)
            across = clamp(col + place % side - reach, cols)
            window[place] = planes[frame, down, across]
        if reach == 1:
            _sort(window, PAIRS_OF_9)
        else:
            _sort(window, PAIRS_OF_25)
        medians[frame, row, col] = window[side * side // 2]
        i += cuda.gridsize(1)


@device
def _sort(window, pairs):
    for index in range(pairs.shape[0]):
        first, second = pairs[index, 0], pairs[index, 1]
        one, other = window[first], window[second]
        window[first] = min(one, other)
        window[second] = max(one, other)
