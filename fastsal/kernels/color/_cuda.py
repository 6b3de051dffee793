"""Colour conversions on a CUDA device."""

from numba import cuda

from .. import launch
from ..jit import kernel
from ._formulas import float_luma, luma


def fill_luma(pixels, channels, weights, gray):
    """Fill `gray`, (N, P), with the luma of `pixels`, (N, P * channels), or with a copy if grey."""
    fill = _fill_float_luma if gray.dtype.kind == "f" else _fill_luma
    for part, values in launch.in_groups(launch.MOST_DEEP, pixels, gray):
        fill[launch.grid_for(values.shape[1], len(values))](part, channels, weights, values)


@kernel
def _fill_luma(pixels, channels, weights, gray):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < gray.shape[1]:
        at = channels * i
        if channels == 1:
            gray[frame, i] = pixels[frame, at]
        else:
            gray[frame, i] = luma(
                pixels[frame, at], pixels[frame, at + 1], pixels[frame, at + 2], weights
            )
        i += cuda.gridsize(1)


@kernel
def _fill_float_luma(pixels, channels, weights, gray):
    i, frame = cuda.grid(1), cuda.blockIdx.y
    while i < gray.shape[1]:
        at = channels * i
        if channels == 1:
            gray[frame, i] = pixels[frame, at]
        else:
            gray[frame, i] = float_luma(
                pixels[frame, at], pixels[frame, at + 1], pixels[frame, at + 2], weights
            )
        i += cuda.gridsize(1)
