"""The formulas of cells, for both backends. Scalars only."""

from numba import int64

from ..jit import serial

ROWS_READ = 8  # maximum rows sampled per cell; more do not change the result measurably


def shape_of_cells(height, width, longer):
    """Return rows and columns of near-square cells, none smaller than a pixel.

    There are `longer` of them along the longer side.
    """
    side = max(height, width)
    count = min(longer, side)
    return max(1, round(count * height / side)), max(1, round(count * width / side))


@serial
def edge(index, cells, length):
    """Return the first pixel of a cell, or the end of the one before."""
    return int64(index) * int64(length) // int64(cells)


@serial
def row_read(index, taken, first, last):
    """Return one of the evenly spaced rows that are sampled for a cell."""
    return first + (2 * index + 1) * (last - first) // (2 * taken)


@serial
def white_of(itemsize):
    """Return the greatest value of a channel of 1 or 2 bytes, or of floats."""
    return 255 if itemsize == 1 else (65535 if itemsize == 2 else 1)
