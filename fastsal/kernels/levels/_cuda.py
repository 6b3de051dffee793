"""Levels on a CUDA device: a thread for every few pixels."""

from numba import cuda

from ..jit import kernel
from ..launch import grid_for
from ._formulas import byte_of, level_of


def fill_levels(pixels, white, levels):
    """Fill `levels`, of white `white`, from `pixels` of 16 bits or of floats in [0, 1]."""
    frames, items = levels.shape
    grid = grid_for(items, frames)
    if pixels.dtype.itemsize == 2:
        _fill_bytes[grid](pixels, levels)
    else:
        _fill_levels[grid](pixels, white, levels)


@kernel
def _fill_bytes(pixels, levels):
    frame = cuda.blockIdx.y
    while frame < levels.shape[0]:
        i = cuda.grid(2)[0]
        while i < levels.shape[1]:
            levels[frame, i] = byte_of(pixels[frame, i])
            i += cuda.gridsize(2)[0]
        frame += cuda.gridDim.y


@kernel
def _fill_levels(pixels, white, levels):
    frame = cuda.blockIdx.y
    while frame < levels.shape[0]:
        i = cuda.grid(2)[0]
        while i < levels.shape[1]:
            levels[frame, i] = level_of(pixels[frame, i], white)
            i += cuda.gridsize(2)[0]
        frame += cuda.gridDim.y
