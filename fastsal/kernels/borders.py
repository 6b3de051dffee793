"""Where an index beyond the border of an image is read, for both backends."""

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
