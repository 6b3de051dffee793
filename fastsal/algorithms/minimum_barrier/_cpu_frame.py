"""Artificial frames around an image, found on the CPU by the edges near its sides."""

import numpy as np

from ...kernels.borders import reflect101
from ...kernels.color._formulas import luma
from ...kernels.jit import serial
from ._formulas import FRAME, SMALLEST, cut, is_edge, is_line, slope

_WEIGHTS = (9798, 19235, 3735)  # of red, green and blue in luma


@serial
def fill_bounds(colors, bounds):
    """Fill `bounds` with the first and last + 1 row and column inside the frame of an image.

    `colors` are (3, h, w) or, if grey, (1, h, w).
    """
    rows, cols = colors.shape[1:]
    margins = np.zeros(4, np.int64)
    if min(rows, cols) >= SMALLEST:
        for side in range(4):
            margins[side] = _margin(colors, side)
    greatest = sides = 0
    for side in range(4):
        greatest = max(greatest, margins[side])
        sides += margins[side] > 0
    bounds[0] = cut(margins[0], greatest, sides)
    bounds[1] = rows - cut(margins[1], greatest, sides)
    bounds[2] = cut(margins[2], greatest, sides)
    bounds[3] = cols - cut(margins[3], greatest, sides)


@serial
def _margin(colors, side):
    """Return the lines of a side, 0 to 3, up to the innermost edge of a frame."""
    length = colors.shape[2] if side < 2 else colors.shape[1]
    edges = np.empty((FRAME, length), np.uint8)
    _fill_edges(colors, side, edges)
    for depth in range(FRAME - 1, -1, -1):
        count = 0
        for place in range(length):
            edge = edges[depth, place]
            if is_edge(edge, edge) and is_edge(edge, _strongest(edges, depth, place)):
                count += 1
        if is_line(count, length):
            return depth + 1
    return 0


@serial
def _fill_edges(colors, side, edges):
    """Fill edges[depth, place] with the slope of luma across the lines of a side."""
    length = edges.shape[1]
    lines = np.empty((3, length + 2), np.int32)  # line d in lines[d % 3]
    for depth in range(2):
        _fill_line(colors, side, depth, lines[depth])
    for depth in range(FRAME):
        _fill_line(colors, side, depth + 1, lines[(depth + 1) % 3])
        after = lines[(depth + 1) % 3]
        before = lines[(depth - 1) % 3] if depth > 0 else after  # the border is mirrored
        for place in range(length):
            edges[depth, place] = slope(
                before[place], before[place + 1], before[place + 2],
                after[place], after[place + 1], after[place + 2],
            )  # fmt: skip


@serial
def _fill_line(colors, side, depth, line):
    """Fill a line with luma, and the cell beyond either end with that reflected at it."""
    planes, rows, cols = colors.shape
    length, inside = line.size - 2, line[1:-1]
    for place in range(length):
        row = depth if side == 0 else rows - 1 - depth if side == 1 else place
        col = depth if side == 2 else cols - 1 - depth if side == 3 else place
        if planes == 1:
            inside[place] = colors[0, row, col]
        else:
            red, green, blue = colors[0, row, col], colors[1, row, col], colors[2, row, col]
            inside[place] = luma(red, green, blue, _WEIGHTS)
    line[0], line[length + 1] = inside[reflect101(-1, length)], inside[reflect101(length, length)]


@serial
def _strongest(edges, depth, place):
    """Return the strongest edge of a window of 5 x 5."""
    strongest = 0
    for line in range(max(depth - 2, 0), min(depth + 3, edges.shape[0])):
        for other in range(max(place - 2, 0), min(place + 3, edges.shape[1])):
            strongest = max(strongest, edges[line, other])
    return strongest
