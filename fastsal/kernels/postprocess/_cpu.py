"""Postprocessing on the CPU. Rows are counted through all maps, so that bands cut stacks too."""

import numpy as np
from numba import float32

from .. import launch
from ..borders import reflect
from ..gaussian import add_pair, blur_row, half_of_gaussian, weigh
from ..jit import banded, serial
from ..scale import fraction
from ._cpu_upsample import upsample_rows
from ._formulas import biased, centrality, reach_of, top_of

_PIXELS_OF_OTHERS = 6  # pixels up-sampled in the time of one pixel of other kernels


def postprocess(maps, width, smooth, center_bias, rescale, out):
    """Fill `out`, (N, H * width), from `maps`, (N, h, w), which are overwritten.

    Blur, weight by the centre bias, min-max normalise to [0, 1] (constant maps become 0),
    up-sample. Without `rescale` their values count from 0 and are not stretched.
    """
    frames, rows, cols = maps.shape
    over, size = launch.over_bands, maps.size
    if smooth > 0:
        down = float32(smooth * width * width * rows / out.shape[1])
        spare = launch.scratch("finish spare", maps.shape, np.float32)
        args = (maps, float32(smooth * cols), spare)
        over(blur_across, frames * rows, *args, pixels=size)
        over(blur_down, frames * rows, spare, down, maps, pixels=size)
    if rescale or center_bias > 0:
        args = (maps, float32(center_bias), bool(rescale))
        over(_scale, frames, *args, pixels=size)
    upsample(maps, width, out)


def upsample(maps, width, out):
    """Up-sample `maps`, (N, h, w), into `out`, (N, H * width), by linear interpolation."""
    frames, area = out.shape
    large = out.reshape(frames, area // width, width)
    rows = frames * large.shape[1]
    # One thread finishes a VGA frame before another one wakes up.
    work = out.size // _PIXELS_OF_OTHERS
    launch.over_bands(upsample_rows, rows, maps, large, pixels=work)


@banded
def blur_across(maps, sigma, target, start, stop):
    height, width = maps.shape[1:]
    weights = half_of_gaussian(sigma, reach_of(sigma))
    reach = weights.size - 1
    wide = np.empty(width + 2 * reach, np.float32)
    for row in range(start, stop):
        source, blurred = maps[row // height, row % height], target[row // height, row % height]
        for col in range(wide.size):
            wide[col] = source[reflect(col - reach, width)]
        blur_row(wide, weights, blurred)


@banded
def blur_down(maps, sigma, target, start, stop):
    height = maps.shape[1]
    weights = half_of_gaussian(sigma, reach_of(sigma))
    for row in range(start, stop):
        source, at = maps[row // height], row % height
        blurred = target[row // height, at]
        weigh(weights[0], source[at], blurred)
        for step in range(1, weights.size):
            above, below = source[reflect(at - step, height)], source[reflect(at + step, height)]
            add_pair(weights[step], above, below, blurred)


@banded
def _scale(maps, bias, rescale, start, stop):
    for frame in range(start, stop):
        rows = maps[frame]
        low, high = range_of(rows) if rescale else (float32(0), float32(0))
        if bias > 0:
            _bias(rows, low, bias)
            low, high = range_of(rows)
        if rescale:
            _stretch(rows, low, high)


@serial
def _bias(rows, low, bias):
    height, width = rows.shape
    across = np.empty(width, np.float32)
    for col in range(width):
        across[col] = centrality(col, width)
    for row in range(height):
        values, down = rows[row], centrality(row, height)
        for col in range(width):
            values[col] = biased(values[col] - low, bias, across[col], down)


@serial
def _stretch(rows, low, high):
    for row in range(rows.shape[0]):
        values = rows[row]
        for col in range(values.size):
            values[col] = fraction(values[col], low, high)


@serial
def range_of(rows):
    """Return the minimum and the maximum, equal if only rounding separates them.

    Columns come first, which vectorises.
    """
    lows, highs = rows[0].copy(), rows[0].copy()
    for row in range(1, rows.shape[0]):
        values = rows[row]
        for col in range(values.size):
            lows[col] = min(lows[col], values[col])
            highs[col] = max(highs[col], values[col])
    low, high = lows[0], highs[0]
    for col in range(lows.size):
        low, high = min(low, lows[col]), max(high, highs[col])
    return low, top_of(low, high)
