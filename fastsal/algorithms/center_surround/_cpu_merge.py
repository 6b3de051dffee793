"""The octaves' contrasts merged into one map on the CPU."""

import numpy as np
from numba import float32

from ...kernels.borders import clamp
from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands
from ...kernels.postprocess._formulas import lerp
from ._formulas import cubic_place, cubic_weights, fade, place_in_next


def merged(octaves, form):
    """Return the first octave, (N, rows, cols), with the others added to it."""
    first = octaves[0]
    rows = len(first) * first.shape[1]
    if form.cubic:
        for octave in octaves[1:]:
            over_bands(_add_cubic, rows, octave, first, pixels=first.size)
        return first
    for octave, following in zip(octaves[-2::-1], octaves[:0:-1], strict=True):
        count = len(octave) * octave.shape[1]
        over_bands(_add_next, count, following, octave, pixels=octave.size)
    reach = float32(form.border * max(first.shape[1:]))
    over_bands(_fade, rows, first, reach, pixels=first.size)
    return first


@banded
def _add_next(following, octave, start, stop):
    """Add the next octave, interpolated, to rows of an octave."""
    (rows, cols), (next_rows, next_cols) = octave.shape[1:], following.shape[1:]
    for index in range(start, stop):
        small, target = following[index // rows], octave[index // rows, index % rows]
        top, down = place_in_next(index % rows, rows, next_rows)
        upper, lower = small[top], small[clamp(top + 1, next_rows)]
        for col in range(cols):
            left, across = place_in_next(col, cols, next_cols)
            right = clamp(left + 1, next_cols)
            above = lerp(upper[left], upper[right], across)
            target[col] += lerp(above, lerp(lower[left], lower[right], across), down)


@banded
def _add_cubic(octave, maps, start, stop):
    """Add an octave, up-sampled, to rows of the maps."""
    (rows, cols), (height, width) = octave.shape[1:], maps.shape[1:]
    mixed = np.empty(cols + 8, np.float32)  # a row, its ends repeated four times
    firsts, weights = np.empty(width, np.int64), np.empty((width, 4), np.float32)
    for col in range(width):
        first, share = cubic_place(col, cols, width)
        firsts[col] = first + 3  # in `mixed`, where the first of the four lies
        weights[col] = cubic_weights(share)
    for index in range(start, stop):
        small, target = octave[index // height], maps[index // height, index % height]
        first, share = cubic_place(index % height, rows, height)
        _mix_rows(small, first, cubic_weights(share), mixed)
        for col in range(width):
            at = firsts[col]
            left = weights[col, 0] * mixed[at] + weights[col, 1] * mixed[at + 1]
            right = weights[col, 2] * mixed[at + 2] + weights[col, 3] * mixed[at + 3]
            target[col] += left + right


@serial
def _mix_rows(small, first, weights, mixed):
    rows, cols = small.shape
    a, b = small[clamp(first - 1, rows)], small[clamp(first, rows)]
    c, d = small[clamp(first + 1, rows)], small[clamp(first + 2, rows)]
    inside = mixed[4 : 4 + cols]
    for col in range(cols):
        inside[col] = weights[0] * a[col] + weights[1] * b[col]
    for col in range(cols):
        inside[col] += weights[2] * c[col] + weights[3] * d[col]
    mixed[:4], mixed[4 + cols :] = inside[0], inside[cols - 1]


@banded
def _fade(maps, reach, start, stop):
    rows, cols = maps.shape[1:]
    for index in range(start, stop):
        values, down = maps[index // rows, index % rows], fade(index % rows, rows, reach)
        for col in range(cols):
            values[col] *= down * fade(col, cols, reach)
