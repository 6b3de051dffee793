"""A frame against the templates, at low resolution, a row of tiles at a time."""

from numba import float64, int64, uint8

from ...kernels.jit import serial
from ._formulas import HIGH, LOW, block_matches
from .tiles import AREA, CODE, COLS, LEVEL, REACH, ROWS


@serial
def match_blocks(templates, shorts, codes, live, active, row, height, width):
    """Match blocks of 4 x 4 pixels; activity is read where OpenCV 4 reads it.

    This is OpenCV's ``lowResolutionDetection``.

    OpenCV 4 reads a block's activity at the pixel with the block's numbers as coordinates. An
    active one clears the current block, and the index does not advance.
    """
    columns, number, block = -(-width // COLS), 0, 0
    rows = min(ROWS, height - ROWS * row)
    is_shifted = _is_any_active(active[row])
    looked_at, is_high = -1, False
    while number < active.shape[1]:
        tile, left = row * columns + ROWS * block // COLS, ROWS * block % COLS
        if tile != looked_at:
            looked_at, is_high = tile, has_code(HIGH, codes[tile])
        if not (is_shifted or is_high):
            number, block = number + COLS // ROWS, block + COLS // ROWS
            continue
        is_active = active[row, number]
        if is_high and _is_block_high(codes[tile], left):
            cols = min(ROWS, width - ROWS * block)
            args = (templates[tile], shorts[tile], codes[tile], left, rows, cols)
            if is_active or _is_background(*args, 0) or (live[tile] and _is_background(*args, 1)):
                _clear_low(codes[tile], left, rows, cols)
        number, block = number + 1, block + (not is_active)


@serial
def _is_any_active(active):
    found = uint8(0)
    for i in range(active.size):
        found = uint8(found | active[i])
    return found != 0


@serial
def has_code(bit, codes):
    """Return whether the code of any pixel of a tile has the bit."""
    found = uint8(0)
    for i in range(AREA):
        found = uint8(found | codes[CODE + i])
    return (found & bit) != 0


@serial
def _is_block_high(codes, left):
    found = uint8(0)
    for row in range(ROWS):
        for col in range(ROWS):
            found = uint8(found | codes[CODE + COLS * row + left + col])
    return (found & HIGH) != 0


@serial
def _is_background(templates, shorts, codes, left, rows, cols, number):
    levels, reaches, total, used = int64(0), int64(0), float64(0), False
    for row in range(rows):
        for col in range(cols):
            i = COLS * row + left + col
            levels += codes[LEVEL + i]
            reaches += shorts[REACH + i]
            total += templates[number * AREA + i]
            used |= shorts[number * AREA + i] > 0
    return block_matches(levels, reaches, rows * cols, total, used)


@serial
def _clear_low(codes, left, rows, cols):
    for row in range(rows):
        for col in range(cols):
            codes[CODE + COLS * row + left + col] &= uint8(255 - LOW)
