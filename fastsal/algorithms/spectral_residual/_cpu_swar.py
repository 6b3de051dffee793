"""Pixels of three bytes read at once, as words of four: one load instead of three for each."""

import numpy as np
from numba import uint32, uint64

from ...kernels.color._formulas import luma
from ...kernels.jit import serial

BYTE = uint32(255)


@serial
def with_room_behind(row):
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
