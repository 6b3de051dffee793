"""Colour conversions on a CUDA device."""

from numba import cuda

from ..jit import kernel
from ..launch import grid_for
from ._formulas import float_luma, luma


def fill_luma(pixels, channels, weights, gray):
    """Fill `gray`, (N, P), with the luma of `pixels`, (N, P * channels), or with a copy if grey."""
    fill = _fill_float_luma if gray.dtype.kind == "f" else _fill_luma
    blocks, threads = grid_for(gray.shape[1], gray.shape[0])
    fill[blocks, threads](pixels, channels, weights, gray)


@kernel
def _fill_luma(pixels, channels, weights, gray):
    frame = cuda.blockIdx.y
    while frame < gray.shape[0]:
        i = cuda.grid(1)
        while i < gray.shape[1]:
            at = channels * i
            if channels == 1:
                gray[frame, i] = pixels[frame, at]
            else:
                gray[frame, i] = luma(
                    pixels[frame, at], pixels[frame, at + 1], pixels[frame, at + 2], weights
                )
            i += cuda.gridsize(1)
        frame += cuda.gridDim.y


@kernel
def _fill_float_luma(pixels, channels, weights, gray):
    frame = cuda.blockIdx.y
    while frame < gray.shape[0]:
        i = cuda.grid(1)
        while i < gray.shape[1]:
            at = channels * i
            if channels == 1:
                gray[frame, i] = pixels[frame, at]
            else:
                gray[frame, i] = float_luma(
                    pixels[frame, at], pixels[frame, at + 1], pixels[frame, at + 2], weights
                )
            i += cuda.gridsize(1)
        frame += cuda.gridDim.y
