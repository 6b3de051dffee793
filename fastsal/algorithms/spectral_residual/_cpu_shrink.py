"""The few pixels of an image that its spectrum is taken of."""

import numpy as np
from numba import int32, uint32, uint64

from ...kernels.color._math import float_luma, luma
from ...kernels.jit import serial
from ._math import blended, blended_bytes, blended_wide, fixed, float_blended, tap

ONE, TWO = uint64(1), uint64(2)


@serial
def shrink(pixels, channels, weights, width, small):
    """Fill `small` from integers, with integers."""
    height = pixels.size // (width * channels)
    rows, cols = small.shape
    firsts, shares = _taps(width, cols)
    bits = 8 * pixels.itemsize
    across = _in_parts(shares, bits)
    # Unsigned, so that no index is tested for being negative; left pixels, then right ones.
    places = np.empty(2 * cols, np.uint64)
    for col in range(cols):
        places[col] = channels * firsts[col]
        places[cols + col] = channels * min(firsts[col] + 1, width - 1)
    parts = np.empty((3, 4 * cols), pixels.dtype)
    gray = np.empty((4, cols), np.int32)
    for row in range(rows):
        top, share = tap(row, height, rows)
        upper, lower = channels * width * top, channels * width * min(top + 1, height - 1)
        _pick(pixels[upper:], channels, places, parts[0], parts[1], parts[2])
        below = parts[0, 2 * cols :], parts[1, 2 * cols :], parts[2, 2 * cols :]
        _pick(pixels[lower:], channels, places, *below)
        _fill_gray(parts, channels, weights, gray.reshape(-1))
        _blend_row(gray, across, fixed(share, bits), bits, small[row])


@serial
def shrink_floats(pixels, channels, weights, width, scale, small):
    """Fill `small` from floats, times `scale`."""
    height = pixels.size // (width * channels)
    rows, cols = small.shape
    lefts, across = _taps(width, cols)
    for row in range(rows):
        top, down = tap(row, height, rows)
        upper, lower = width * top, width * min(top + 1, height - 1)
        for col in range(cols):
            left, right = lefts[col], min(lefts[col] + 1, width - 1)
            value = float_blended(
                _float_gray(pixels, channels, weights, upper + left),
                _float_gray(pixels, channels, weights, upper + right),
                _float_gray(pixels, channels, weights, lower + left),
                _float_gray(pixels, channels, weights, lower + right),
                across[col], down, pixels.itemsize,
            )  # fmt: skip
            small[row, col] = scale * value


@serial
def _taps(source, target):
    firsts, shares = np.empty(target, np.int64), np.empty(target, np.float64)
    for index in range(target):
        firsts[index], shares[index] = tap(index, source, target)
    return firsts, shares


@serial
def _pick(levels, channels, places, first, second, third):
    """Bring pixels from all over a row together, where arithmetic on them vectorises."""
    if channels == 1:
        for i in range(places.size):
            first[i] = levels[places[i]]
        return
    for i in range(places.size):
        at = places[i]
        first[i], second[i], third[i] = levels[at], levels[at + ONE], levels[at + TWO]


@serial
def _fill_gray(parts, channels, weights, gray):
    first, second, third = parts[0], parts[1], parts[2]
    weights = uint32(weights[0]), uint32(weights[1]), uint32(weights[2])
    if channels == 1:
        for i in range(gray.size):
            gray[i] = first[i]
    else:
        for i in range(gray.size):
            gray[i] = luma(first[i], second[i], third[i], weights)


@serial
def _in_parts(shares, bits):
    parts = np.empty(shares.size, np.int64)
    for i in range(shares.size):
        parts[i] = fixed(shares[i], bits)
    return parts


@serial
def _blend_row(gray, across, down, bits, target):
    a, b, c, d = gray[0], gray[1], gray[2], gray[3]
    if bits == 8:
        share = int32(down)
        for i in range(target.size):
            target[i] = blended_bytes(a[i], b[i], c[i], d[i], int32(across[i]), share)
    elif bits == 16:
        for i in range(target.size):
            target[i] = blended(a[i], b[i], c[i], d[i], across[i], down, 16)
    else:
        for i in range(target.size):
            target[i] = blended_wide(a[i], b[i], c[i], d[i], across[i], down)


@serial
def _float_gray(pixels, channels, weights, index):
    at = channels * index
    if channels == 1:
        return pixels[at]
    return float_luma(pixels[at], pixels[at + 1], pixels[at + 2], weights)
