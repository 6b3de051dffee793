"""The formulas of minimum barrier saliency, for both backends. Scalars only.

Equations and sections are those of Zhang et al. (2015).
"""

import math

from numba import float32, int16, int32, int64

from ...kernels.jit import serial

MEDIAN_REACH = 2  # windows of 5 x 5
FAR = int16(256)  # beyond any distance between bytes
PASSES = 3  # down, up, down: not converged by design
STRIPS = 4  # of the border: above, below, left, right
RIDGE = 50  # added to the variances of a strip
MOMENTS = 9  # of three planes: their sums, then those of the products 00, 01, 02, 11, 12, 22
FRAME = 20  # cells from a side within which the edge of a frame lies
SMALLEST = 2 * (FRAME + 3)  # images with a smaller side have no frame
LEVELS = 256
_EDGE = 102  # of 255: 0.4
_SMOOTH = 50  # the opening is this times the root of the mean wide
_NARROWEST = 3
_STEEPNESS = 10


@serial
def first_row(diagonal, cols):
    """Return the first row of a diagonal, row + col, with a cell that is not on the border."""
    return max(int64(1), int64(diagonal) - int64(cols) + 2)


@serial
def last_row(diagonal, rows):
    """Return the last row of a diagonal with a cell that is not on the border."""
    return min(int64(rows) - 2, int64(diagonal) - 1)


@serial
def closer(is_first, value, low, high, side_low, side_high, line_low, line_high):
    """Return the minimum and maximum on the path to a pixel; its distance is their difference.

    `side` is the neighbour in the row and `line` that in the column, which wins only if it is
    closer still: Zhang et al. (2015), Algorithm 1. In the first pass no pixel has a path yet.
    """
    value, low, high = int16(value), int16(low), int16(high)
    distance = FAR if is_first else int16(high - low)
    side_low, side_high = min(value, int16(side_low)), max(value, int16(side_high))
    line_low, line_high = min(value, int16(line_low)), max(value, int16(line_high))
    by_side, by_line = int16(side_high - side_low), int16(line_high - line_low)
    takes_side = by_side < distance
    distance = by_side if takes_side else distance
    low, high = (side_low, side_high) if takes_side else (low, high)
    takes_line = by_line < distance
    return (line_low, line_high) if takes_line else (low, high)


@serial
def slope(before_left, before, before_right, after_left, after, after_right):
    """Return Sobel's derivative across a line, its sign left out, at most 255."""
    first = int32(before_left) + 2 * int32(before) + int32(before_right)
    second = int32(after_left) + 2 * int32(after) + int32(after_right)
    return min(abs(int32(second - first)), int32(255))


@serial
def is_edge(edge, strongest):
    """Return whether a cell is an edge, and as strong as any in its window of 5 x 5."""
    return edge >= _EDGE and edge == strongest


@serial
def is_line(edges, length):
    """Return whether a line of cells is the edge of a frame: more than 60 % of it are edges."""
    return 5 * int64(edges) > 3 * int64(length)


@serial
def cut(margin, greatest, sides):
    """Return the lines to cut from a side; with two sides or more, the maximum from all."""
    if sides > 1:
        return int64(greatest) + 2
    return int64(margin) + 2 if margin > 0 else int64(0)


@serial
def strip_width(length):
    """Return how many cells the strips of the border are wide: a tenth of the side."""
    return max(int64(1), (int64(length) + 5) // 10)


@serial
def strip_bounds(strip, rows, cols):
    """Return the first row, last row + 1, first column and last column + 1 of a strip."""
    down, across = strip_width(rows), strip_width(cols)
    if strip == 0:
        return int64(0), down, int64(0), int64(cols)
    if strip == 1:
        return rows - down, int64(rows), int64(0), int64(cols)
    if strip == 2:
        return int64(0), int64(rows), int64(0), across
    return int64(0), int64(rows), cols - across, int64(cols)


@serial
def covariance(product, first, second, count):
    """Return a covariance of bytes from the sum of their products and their own sums."""
    if count < 2:
        return 0.0
    return (int64(count) * product - int64(first) * second) / (int64(count) * (int64(count) - 1.0))


@serial
def along(first, second, third, one, two, three):
    """Return the distance of a colour from a mean along one whitened axis (section 3.3)."""
    return abs(float32(float32(first * one) + float32(second * two)) + float32(third * three))


@serial
def all_but_greatest(first, second, third, fourth):
    """Return the sum of four strips' values without the maximum (section 3.3)."""
    total = float32(float32(first + second) + float32(third + fourth))
    return float32(total - max(max(first, second), max(third, fourth)))


@serial
def from_center(row, rows, col, cols):
    """Return the distance of a cell from the centre, in coordinates relative to the sides."""
    down = float32(float32(2 * row + 1 - rows) / float32(2 * rows))
    across = float32(float32(2 * col + 1 - cols) / float32(2 * cols))
    return float32(math.sqrt(float32(down * down) + float32(across * across)))


@serial
def cone(distance, minimum, greatest):
    """Return 1 at the centre, falling linearly to 0 at the corners: the centre prior."""
    if greatest <= minimum:
        return float32(1)
    return float32(1) - float32(distance - minimum) / float32(greatest - minimum)


@serial
def level(value):
    """Return a value in [0, 1] as a byte."""
    return int32(float32(float32(255) * value) + float32(0.5))


@serial
def opening_width(total, cells):
    """Return the side of the square of the opening: Zhang et al. (2015), Eq. 9."""
    mean = float32(float32(total) / float32(float32(255) * float32(cells)))
    return max(int64(_NARROWEST), int64(float32(_SMOOTH) * float32(math.sqrt(mean))))


@serial
def is_upper(value, low, high):
    """Return whether a byte lies in the upper half of the range between two others."""
    return 2 * (int64(value) - low) >= int64(high) - low


@serial
def middle(total, count, low, high):
    """Return the mean of bytes as a fraction of the range between two others; 0 if it is empty."""
    if count == 0:
        return float32(0)
    above, unit = int64(total) - int64(low) * count, int64(count) * (int64(high) - low)
    return float32(float32(above) / float32(unit))


@serial
def contrast(value, low, high, center):
    """Return the sigmoid of a byte around `center`: Zhang et al. (2015), Eq. 11."""
    place = float32(float32(int64(value) - low) / float32(int64(high) - low))
    power = float32(math.exp(float32(float32(-_STEEPNESS) * float32(place - center))))
    return float32(float32(1) / float32(float32(1) + power))
