"""Where an index beyond the border of an image is read, for both backends."""

from numba import int64

from .jit import serial


@serial
def clamp(index, size):
    """Return the index of the nearest pixel: borders are replicated."""
    return min(max(index, 0), size - 1)


@serial
def reflect(index, size):
    """Return the index reflected at the border, which is repeated; any distance is allowed."""
    index = index % (2 * size)
    return 2 * size - 1 - index if index >= size else index


@serial
def reflect101(index, size):
    """Return an index up to 2 beyond the border reflected at it; the border is not repeated."""
    index = abs(index)
    index = 2 * size - 2 - index if index >= size else index
    return min(abs(index), size - 1)


@serial
def reflect_either(index, size, skips_edge):
    """As `reflect`, or with `skips_edge` as `reflect101`, at any distance from the border."""
    if size == 1:
        return int64(0)
    period = 2 * size - 2 if skips_edge else 2 * size
    index = int64(index) % period
    return period - int64(not skips_edge) - index if index >= size else index
