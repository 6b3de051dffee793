"""Levels on a CUDA device: a thread for every few pixels."""

from numba import cuda

from .. import launch
from ..jit import kernel
from ._formulas import byte_of, level_of


def fill_levels(pixels, white, levels):
    """Fill `levels`, of white `white`, from `pixels` of 16 bits or of floats in [0, 1]."""
    for part, values in launch.in_groups(launch.MOST_DEEP, pixels, levels):
        grid = launch.grid_for(values.shape[1], len(values))
        if pixels.dtype.itemsize == 2:
            _fill_bytes[grid](part, values)
        else:
            _fill_levels[grid](part, white, values)


@kernel
def _fill_bytes(pixels, levels):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < levels.shape[1]:
        levels[frame, i] = byte_of(pixels[frame, i])
        i += cuda.gridsize(1)


@kernel
def _fill_levels(pixels, white, levels):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < levels.shape[1]:
        levels[frame, i] = level_of(pixels[frame, i], white)
        i += cuda.gridsize(1)
