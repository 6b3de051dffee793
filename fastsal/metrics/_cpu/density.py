"""Sums of separable bumps, one per fixation, in bands of rows."""

import numpy as np
from numpy.typing import NDArray

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands

# Lines that begin with their first value other than 0, and where these values begin and end.
Lines = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def add_fixations(
    density: NDArray[np.float64],
    row_of: NDArray[np.int64],
    col_of: NDArray[np.int64],
    counts: NDArray[np.float64],
    vertical: Lines,
    horizontal: Lines,
) -> None:
    """Add to `density` for each fixated pixel its count times the outer product of two lines.

    Pixels are in raster order. `vertical` and `horizontal` have a line per distinct row or column;
    `row_of` and `col_of` name the lines of each pixel.
    """
    ends = np.append(np.flatnonzero(np.diff(row_of)) + 1, row_of.size)
    args = (density, ends, col_of, counts, *vertical, *horizontal)
    widths = horizontal[2] - horizontal[1]
    heights = vertical[2] - vertical[1]
    work = int((heights[row_of] * widths[col_of]).sum())
    over_bands(_span, density.shape[0], *args, pixels=work)


@banded
def _span(density, ends, col_of, counts, rows, tops, bottoms, cols, lefts, rights, start, stop):
    width = density.shape[1]
    line = np.zeros(width, np.float64)
    begin = 0
    for k in range(ends.size):
        end = ends[k]
        top, bottom = max(tops[k], start), min(bottoms[k], stop)
        if top < bottom:
            left, right = width, 0
            for i in range(begin, end):
                c = col_of[i]
                left, right = min(left, lefts[c]), max(right, rights[c])
                _add(counts[i], cols[c, : rights[c] - lefts[c]], line[lefts[c] : rights[c]])
            for row in range(top, bottom):
                _add(rows[k, row - tops[k]], line[left:right], density[row, left:right])
            line[left:right] = 0.0
        begin = end


@serial
def _add(weight, source, target):
    for i in range(target.size):
        target[i] += weight * source[i]
