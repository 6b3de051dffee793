"""Grids with a thread for each item or column, and the kernel that fills an array."""

from numba import cuda

from .. import launch
from ..jit import kernel

ROWS = 4  # of the image for each block


def fill(array, value):
    """Fill an array of any shape with one value of its dtype."""
    flat = array.reshape(array.size)
    fill_flat[blocks_for(flat.size), launch.THREADS](flat, value)


def blocks_for(items):
    """Return how many blocks have a thread for each item."""
    return max(1, -(-items // launch.THREADS))


def rows_and_columns(shape, rows=ROWS):
    """Return the grid in which a block has `rows` rows of an image; kernels stride over rows."""
    return blocks_for(shape[1]), launch.capped(-(-shape[0] // rows))


@kernel
def fill_flat(values, value):
    i = cuda.grid(1)
    if i < values.size:
        values[i] = value
