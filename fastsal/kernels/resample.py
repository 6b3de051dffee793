"""Separable resampling of images on the CPU: means where an axis shrinks, linear elsewhere."""

from typing import Any, NamedTuple

import numpy as np
from numba import float32
from numpy.typing import NDArray

from ..images import read_only
from .jit import banded, serial
from .launch import over_bands


class Taps(NamedTuple):
    """The source pixels of each target pixel along one axis, and their weights."""

    first: NDArray[np.int32]  # (n,)
    count: NDArray[np.int32]  # (n,)
    weights: NDArray[np.float32]  # (n, max(count)); each row sums to 1


def taps_between(edges: NDArray[np.float64], size: int) -> Taps:
    """Return the taps of target pixels that cover the source between neighbouring `edges`.

    A pixel that covers less than one source pixel is extended to one about its centre: its mean is
    then the linear interpolation there. `edges` are (n + 1,), increasing from 0 to `size`.
    """
    low, high = edges[:-1], edges[1:]
    center, reach = (low + high) / 2, np.maximum(high - low, 1) / 2
    low, high = np.maximum(center - reach, 0), np.minimum(center + reach, size)
    first = np.minimum(np.floor(low).astype(np.int32), size - 1)
    count = np.maximum(np.ceil(high).astype(np.int32) - first, 1)
    pixel = first[:, None] + np.arange(count.max())
    weights = np.minimum(high[:, None], pixel + 1) - np.maximum(low[:, None], pixel)
    weights = np.maximum(weights, 0)
    weights /= weights.sum(1, keepdims=True)
    return Taps(first, count, weights.astype(np.float32))


def resample(pixels: NDArray[Any], rows: Taps, cols: Taps) -> NDArray[Any]:
    """Return an image resampled along both axes.

    `pixels` are (H, W, channels), C-contiguous, uint8, uint16 or float32 in [0, 1].
    """
    height, width, channels = pixels.shape
    shape = rows.first.size, cols.first.size
    out = np.empty((shape[0], shape[1] * channels), pixels.dtype)
    is_float = pixels.dtype.kind == "f"
    rounding = np.float32(0 if is_float else 0.5)
    highest = np.float32(1 if is_float else np.iinfo(pixels.dtype).max)
    source = read_only(pixels.reshape(height, width * channels))
    args = (source, channels, *rows, *cols, rounding, highest, out)
    over_bands(_resample, shape[0], *args, pixels=max(pixels.size, out.size) // channels)
    return out.reshape(*shape, channels)


@banded
def _resample(
    pixels, channels, row_first, row_count, row_weights, col_first, col_count, col_weights,
    rounding, highest, out, start, stop,
):  # fmt: skip
    line = np.empty(pixels.shape[1], np.float32)  # mean of the source rows
    for row in range(start, stop):
        for k in range(row_count[row]):
            _weigh(row_weights[row, k], pixels[row_first[row] + k], k == 0, line)
        if channels == 3:
            _pick_colors(line, col_first, col_count, col_weights, rounding, highest, out[row])
        else:
            _pick(line, channels, col_first, col_count, col_weights, rounding, highest, out[row])


@serial
def _pick_colors(line, firsts, counts, weights, rounding, highest, target):
    """Fill a row of three channels: the sums of all three at a time take half the time."""
    for col in range(firsts.size):
        at = 3 * firsts[col]
        red = green = blue = rounding
        for k in range(counts[col]):
            weight = weights[col, k]
            red += weight * line[at]
            green += weight * line[at + 1]
            blue += weight * line[at + 2]
            at += 3
        target[3 * col] = min(red, highest)
        target[3 * col + 1] = min(green, highest)
        target[3 * col + 2] = min(blue, highest)


@serial
def _pick(line, channels, firsts, counts, weights, rounding, highest, target):
    for col in range(firsts.size):
        for channel in range(channels):
            total = rounding
            for k in range(counts[col]):
                total += weights[col, k] * line[(firsts[col] + k) * channels + channel]
            target[col * channels + channel] = min(total, highest)


@serial
def _weigh(weight, source, is_first, line):
    """Put a weighted row in `line`, or add it."""
    if is_first:
        for i in range(line.size):
            line[i] = weight * float32(source[i])
    else:
        for i in range(line.size):
            line[i] += weight * float32(source[i])
