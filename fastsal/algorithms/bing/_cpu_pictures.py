"""Pictures of a scale on the CPU, in the planes of all colour spaces, and their gradients."""

import numpy as np
from numba import uint16, uint32, uint64

from ...kernels.color._formulas import luma
from ...kernels.copies import copy_values
from ...kernels.jit import serial
from ._formulas import (
    GRAY,
    HSV,
    WEIGHTS,
    abs_diff,
    blended,
    gradient,
    hue,
    rounded,
    saturation,
    step_of,
)

PLANES = 7  # blue, green, red, hue, saturation, value, grey or minimum
FIRST_PLANE = (0, 3, 6)  # of each colour space


def gradients_of(pixels, channels, first, plan, spaces):
    """Return the upper halves of all gradients, (spaces, plan.pixels), which windows are scored by.

    `pixels` is (H, W * channels), with blue in channel `first`.
    """
    halves = np.empty((len(spaces), plan.pixels), np.uint8)
    pictures = np.empty((3, plan.pixels), np.uint8)
    lines = lines_of(plan.scales)
    fill_pictures(pixels, channels, first, plan.scales, plan.tables, lines, 0, 1, pictures)
    _fill_scales(plan.scales, pictures, spaces, halves)
    return halves


def lines_of(scales):
    """Return a row of the image's pictures each: first scale that has it, the one after the last.

    Scales of one height, which follow each other, take their rows from the same blended lines.
    """
    first = np.flatnonzero(np.diff(scales[:, 0], prepend=-1))
    spans = zip(first, [*first[1:], len(scales)], scales[first, 0], strict=True)
    lines = [(start, stop, row, rows) for start, stop, rows in spans for row in range(rows)]
    lines.sort(key=lambda line: (line[2] + 0.5) / line[3])  # the image is read once, top down
    return np.array([line[:3] for line in lines], np.int64).reshape(-1, 3)


@serial
def fill_pictures(pixels, channels, first, scales, tables, lines, start, step, pictures):
    """Fill blue, green and red of all scales, (3, plan.pixels), from every `step`-th line on."""
    width = pixels.shape[1] // channels
    line, pairs = np.empty((3, width), np.uint16), np.empty((3, width), np.uint32)
    for index in range(start, len(lines), step):
        one, after, row = lines[index]
        upper, lower, weight = tables[:, scales[one, 4] + row]
        _blend_rows(pixels[upper], pixels[lower], weight, channels, first, line)
        has_pairs = False
        for scale in scales[one:after]:
            cols, to, middle = scale[1], scale[2] + row * scale[1], scale[6]
            if middle == 0 and not has_pairs:
                for plane in range(3):
                    _pair(line[plane], pairs[plane])
                has_pairs = True
            columns = tables[:, scale[5] : scale[5] + cols]
            for plane in range(3):
                target = pictures[plane, to : to + cols]
                if middle == 2:
                    _mean_of_two(line[plane, : 2 * cols].view(np.uint32), target)
                elif middle == 4:
                    _mean_of_middle(line[plane, : 4 * cols].view(np.uint64), target)
                else:
                    _blend_columns(pairs[plane], columns, target)


@serial
def _fill_scales(scales, pictures, spaces, halves):
    for scale in scales:
        rows, cols, at = scale[0], scale[1], scale[2]
        planes = np.empty((PLANES, rows * cols), np.uint8)
        for plane in range(3):
            copy_values(pictures[plane, at : at + rows * cols], planes[plane])
        steps = np.empty((2, cols), np.uint8)
        for s in range(len(spaces)):
            convert(planes, spaces[s])
            for row in range(rows):
                target = halves[s, at + row * cols : at + (row + 1) * cols]
                fill_gradient(planes, spaces[s], row, 0, rows, cols, steps, target)


@serial
def _blend_rows(upper, lower, weight, channels, first, line):
    """Fill a plane per channel; three loads in one loop become vector loads and shuffles."""
    blue, green, red = line[0], line[1], line[2]
    if channels == 1:
        for plane in line:
            for i in range(plane.size):
                plane[i] = blended(upper[i], lower[i], weight)
        return
    if first == 2:
        blue, red = red, blue
    if channels == 3:
        for i in range(green.size):
            blue[i] = blended(upper[3 * i], lower[3 * i], weight)
            green[i] = blended(upper[3 * i + 1], lower[3 * i + 1], weight)
            red[i] = blended(upper[3 * i + 2], lower[3 * i + 2], weight)
        return
    for i in range(green.size):
        blue[i] = blended(upper[channels * i], lower[channels * i], weight)
        green[i] = blended(upper[channels * i + 1], lower[channels * i + 1], weight)
        red[i] = blended(upper[channels * i + 2], lower[channels * i + 2], weight)


@serial
def _pair(plane, pairs):
    """Put each value and the next one, on its left, into one number."""
    last = plane.size - 1
    here, there = plane[:last], plane[1:]
    for i in range(last):
        pairs[i] = uint32(here[i]) | uint32(uint32(there[i]) << uint32(16))
    pairs[last] = plane[last]


@serial
def _mean_of_two(pairs, target):
    """Halve the width: `pairs` holds two 16-bit values each."""
    for i in range(target.size):
        target[i] = rounded(blended(pairs[i] & uint32(0xFFFF), pairs[i] >> uint32(16), 128))


@serial
def _mean_of_middle(fours, target):
    """Quarter the width: `fours` holds four 16-bit values each, and the middle two count."""
    for i in range(target.size):
        middle = uint32(fours[i] >> uint64(16))
        target[i] = rounded(blended(middle & uint32(0xFFFF), middle >> uint32(16), 128))


@serial
def _blend_columns(pairs, columns, target):
    sources, weights = columns[0], columns[2]
    # A loop as small as this one vectorises, with 32-bit loads from all over the line.
    for i in range(target.size):
        pair = pairs[uint32(sources[i])]
        here, there = pair & uint32(0xFFFF), pair >> uint32(16)
        target[i] = rounded(blended(here, there, weights[i]))


@serial
def convert(planes, space):
    """Fill the planes that the gradients of a colour space need from blue, green and red."""
    # A loop per plane, each of few arrays, so the compiler can prove that they do not overlap.
    blue, green, red, target = planes[0], planes[1], planes[2], planes[6]
    if space == HSV:
        low, high = planes[6], planes[5]
        for i in range(blue.size):
            low[i] = min(min(blue[i], green[i]), red[i])
        for i in range(blue.size):
            high[i] = max(max(blue[i], green[i]), red[i])
        target = planes[3]
        for i in range(blue.size):
            target[i] = hue(blue[i], green[i], red[i], low[i], high[i])
        target = planes[4]
        for i in range(blue.size):
            target[i] = saturation(low[i], high[i])
    elif space > HSV:
        for i in range(blue.size):
            target[i] = luma(blue[i], green[i], red[i], WEIGHTS)


@serial
def fill_gradient(planes, space, row, top, rows, cols, steps, halves):
    """Fill a row of upper halves of normed gradients (section 3.1), one-sided at borders."""
    across, down = steps[0, :cols], steps[1, :cols]
    here, last = (row - top) * cols, cols - 1
    up, below = (max(row - 1, 0) - top) * cols, (min(row + 1, rows - 1) - top) * cols
    _fill_steps(planes, space, up, below, row in (0, rows - 1), down)
    _fill_steps(planes, space, here, here + 2, False, across[1:last])
    _fill_steps(planes, space, here, here + 1, True, across[:1])
    _fill_steps(planes, space, here + last - 1, here + last, True, across[last:])
    for i in range(halves.size):
        halves[i] = gradient(across[i], down[i])


@serial
def _fill_steps(planes, space, one, other, is_border, steps):
    """Fill the steps between pixels from `one` on and from `other` on.

    They are the maximum difference of any channel, or for HSV half the sum of the differences.
    """
    at, size = FIRST_PLANE[space], steps.size
    first, second = planes[at, one : one + size], planes[at, other : other + size]
    if space == GRAY:
        for i in range(size):
            steps[i] = step_of(uint16(2 * abs_diff(first[i], second[i])), is_border)
        return
    third, fourth = planes[at + 1, one : one + size], planes[at + 1, other : other + size]
    fifth, sixth = planes[at + 2, one : one + size], planes[at + 2, other : other + size]
    if space == HSV:
        for i in range(size):
            abs_diffs = uint16(abs_diff(first[i], second[i]) + abs_diff(third[i], fourth[i]))
            steps[i] = step_of(uint16(abs_diffs + abs_diff(fifth[i], sixth[i])), is_border)
        return
    for i in range(size):
        abs_diffs = max(abs_diff(first[i], second[i]), abs_diff(third[i], fourth[i]))
        steps[i] = step_of(uint16(2 * max(abs_diffs, abs_diff(fifth[i], sixth[i]))), is_border)
