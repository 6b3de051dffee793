"""8-bit CIELab on a CUDA device."""

from numba import cuda

from ..jit import kernel
from ..launch import grid_for
from ._formulas import chroma_bytes, lightness_byte


def fill_lab(colors, lab):
    """Fill `lab` from `colors`, RGB or grey bytes, both (N, 3, h, w), or (N, 1, h, w) if grey.

    Grey images keep the lightness only: the other two planes are 128.
    """
    frames, planes, rows, cols = colors.shape
    blocks, threads = grid_for(rows * cols, frames)
    flat = frames, planes, rows * cols
    _fill_lab[blocks, threads](colors.reshape(*flat), lab.reshape(*flat))


@kernel
def _fill_lab(colors, lab):
    planes, size = colors.shape[1:]
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < size:
        red = green = blue = colors[frame, 0, i]
        if planes > 1:
            green, blue = colors[frame, 1, i], colors[frame, 2, i]
            a, b = chroma_bytes(red, green, blue)
            lab[frame, 1, i] = a
            lab[frame, 2, i] = b
        lab[frame, 0, i] = lightness_byte(red, green, blue)
        i += cuda.gridsize(1)
