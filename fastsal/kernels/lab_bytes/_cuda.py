"""Bytes and 8-bit CIELab on a CUDA device."""

from numba import cuda

from ..jit import kernel
from ..launch import grid_for
from ._math import byte_of, chroma_bytes, lightness_byte


def fill_bytes(means, colors):
    """Fill `colors`, bytes, from `means` in [0, 1], both (N, 3, h, w), or (N, 1, h, w) if grey."""
    frames = means.shape[0]
    blocks, threads = grid_for(means.size // frames, frames)
    _fill_bytes[blocks, threads](means.reshape(frames, -1), colors.reshape(frames, -1))


def fill_lab(colors, lab):
    """Fill `lab` from `colors`, RGB or grey bytes, both (N, 3, h, w), or (N, 1, h, w) if grey.

    Of grey only the lightness is kept: its other two planes are 128.
    """
    frames, planes, rows, cols = colors.shape
    blocks, threads = grid_for(rows * cols, frames)
    flat = frames, planes, rows * cols
    _fill_lab[blocks, threads](colors.reshape(*flat), lab.reshape(*flat))


@kernel
def _fill_bytes(means, colors):
    frame = cuda.blockIdx.y
    while frame < colors.shape[0]:
        i = cuda.grid(1)
        while i < colors.shape[1]:
            colors[frame, i] = byte_of(means[frame, i])
            i += cuda.gridsize(1)
        frame += cuda.gridDim.y


@kernel
def _fill_lab(colors, lab):
    frames, planes, size = colors.shape
    frame = cuda.blockIdx.y
    while frame < frames:
        i = cuda.grid(1)
        while i < size:
            red = green = blue = colors[frame, 0, i]
            if planes > 1:
                green, blue = colors[frame, 1, i], colors[frame, 2, i]
                a, b = chroma_bytes(red, green, blue)
                lab[frame, 1, i] = a
                lab[frame, 2, i] = b
            lab[frame, 0, i] = lightness_byte(red, green, blue)
            i += cuda.gridsize(1)
        frame += cuda.gridDim.y
