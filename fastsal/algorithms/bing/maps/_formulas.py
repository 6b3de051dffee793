"""Formulas of the map of boxes, for both backends. Scalars only."""

from numba import float32, int32

from ....kernels.jit import serial
from ....kernels.scale import stored


@serial
def corners(box):
    """Return where a box (x, y, w, h) begins and where what follows it begins: y, x, y, x."""
    left, top, width, height = int32(box[0]), int32(box[1]), int32(box[2]), int32(box[3])
    return top, left, int32(top + height), int32(left + width)


@serial
def shown(total, most, itemsize):
    """Return a pixel's weight as a share of the greatest, as a map of that item size holds it."""
    return stored(float32(total) / float32(most) if most > 0 else float32(0), itemsize)
