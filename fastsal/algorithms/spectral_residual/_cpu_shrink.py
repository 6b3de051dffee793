"""Resize an image to the pixels of its spectrum."""

import numpy as np
from numba import int32, uint32, uint64

from ...kernels.color._formulas import float_luma, luma
from ...kernels.jit import serial
from ._formulas import blended, blended_bytes, blended_wide, fixed, float_blended, tap

BYTE = uint32(255)


@serial
def with_padding(row):
    """Return the last row of an image such that the word of its last pixel ends within it."""
    copy = np.zeros(row.size + 1, row.dtype)
    for i in range(row.size):
        copy[i] = row[i]
    return copy


@serial
def fill_luma_by_words(levels, places, weights, words, gray):
    """Fill `gray` with the luma of the pixels that begin in these places of a row."""
    for i in range(places.size):
        words[i] = _word(levels, places[i])
    weights = uint32(weights[0]), uint32(weights[1]), uint32(weights[2])
    for i in range(words.size):
        first, second = words[i] & BYTE, uint32(words[i] >> uint32(8)) & BYTE
        gray[i] = luma(first, second, uint32(words[i] >> uint32(16)) & BYTE, weights)


@serial
def _word(levels, place):
    """Return four bytes from a place on, the first one lowest: LLVM emits one load."""
    low = uint32(levels[place]) | uint32(uint32(levels[place + uint64(1)]) << uint32(8))
    high = uint32(levels[place + uint64(2)]) | uint32(
        uint32(levels[place + uint64(3)]) << uint32(8)
    )
    return uint32(low | uint32(high << uint32(16)))


ONE, TWO = uint64(1), uint64(2)


@serial
def shrink(pixels, channels, weights, width, small):
    """Fill `small` from integers, with integers."""
    rows, cols = small.shape
    length = channels * width
    height, bits = pixels.size // length, 8 * pixels.itemsize
    firsts, fractions = _taps(width, cols)
    across, places = _in_parts(fractions, bits), _places(firsts, channels, width)
    last = length * (height - 1)
    by_words = bits == 8 and channels >= 3
    end = with_padding(pixels[last:]) if by_words else pixels[last:]
    parts, words = np.empty((3, 2 * cols), pixels.dtype), np.empty(2 * cols, np.uint32)
    gray = np.empty((2, 2 * cols), np.int32)  # of the upper row, left and right, and of the lower
    for row in range(rows):
        top, fraction = tap(row, height, rows)
        for i in range(2):
            start = min(length * (top + i), last)
            line = pixels[start:] if start < last else end
            if by_words:
                fill_luma_by_words(line, places, weights, words, gray[i])
            else:
                _fill_gray(line, channels, places, weights, parts, gray[i])
        _blend_row(gray.reshape(4, cols), across, fixed(fraction, bits), bits, small[row])


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
    firsts, fractions = np.empty(target, np.int64), np.empty(target, np.float64)
    for index in range(target):
        firsts[index], fractions[index] = tap(index, source, target)
    return firsts, fractions


@serial
def _places(firsts, channels, width):
    """Return where the left pixels begin, and then the right ones.

    Unsigned, so that no index is tested for being negative.
    """
    places = np.empty(2 * firsts.size, np.uint64)
    for col in range(firsts.size):
        places[col] = channels * firsts[col]
        places[firsts.size + col] = channels * min(firsts[col] + 1, width - 1)
    return places


@serial
def _fill_gray(levels, channels, places, weights, parts, gray):
    """Fill `gray` from scattered pixels of a row; gathering them first lets LLVM vectorise."""
    first, second, third = parts[0], parts[1], parts[2]
    if channels == 1:
        for i in range(gray.size):
            gray[i] = levels[places[i]]
        return
    for i in range(gray.size):
        at = places[i]
        first[i], second[i], third[i] = levels[at], levels[at + ONE], levels[at + TWO]
    weights = uint32(weights[0]), uint32(weights[1]), uint32(weights[2])
    for i in range(gray.size):
        gray[i] = luma(first[i], second[i], third[i], weights)


@serial
def _in_parts(fractions, bits):
    parts = np.empty(fractions.size, np.int64)
    for i in range(fractions.size):
        parts[i] = fixed(fractions[i], bits)
    return parts


@serial
def _blend_row(gray, across, down, bits, target):
    a, b, c, d = gray[0], gray[1], gray[2], gray[3]
    if bits == 8:
        fraction = int32(down)
        for i in range(target.size):
            target[i] = blended_bytes(a[i], b[i], c[i], d[i], int32(across[i]), fraction)
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
