"""Reconstruction on the CPU: whole rows are grown at a time, and only where a neighbour changed."""

import numpy as np
from numba import uint8

from ..jit import banded, serial
from ..launch import over_bands
from ._formulas import grown


def reconstruct(masks, maps):
    """Grow `maps` under `masks`, bytes, both (N, h, w), until nothing changes: 8 neighbours.

    `maps` start at most at their masks. The result is unique, so any order gives the same bytes.
    """
    over_bands(_reconstruct, len(maps), masks, maps, pixels=4 * maps.size)


@serial
def reconstruct_one(mask, seed):
    """Grow `seed` under `mask`, both (h, w)."""
    rows, cols = mask.shape
    waiting = np.ones(rows, np.bool_)
    outer, best = np.zeros(cols + 2, np.uint8), np.empty(cols, np.uint8)
    is_first, is_busy = True, True
    while is_busy:
        is_busy = False
        for step in range(2 * rows):
            row = step if step < rows else 2 * rows - 1 - step
            if not waiting[row]:
                continue
            waiting[row] = False
            _fill_outer(seed, row, outer)
            if _raise(outer, mask[row], seed[row], best) or (is_first and step < rows):
                _spread(mask[row], best, seed[row])
                waiting[max(row - 1, 0)] = waiting[min(row + 1, rows - 1)] = is_busy = True
                waiting[row] = False
        is_first = False


@serial
def _fill_outer(seed, row, outer):
    """Fill outer[1:-1] with the greater of the values above and below each pixel of a row."""
    middle = outer[1 : seed.shape[1] + 1]
    above, below = seed[max(row - 1, 0)], seed[min(row + 1, seed.shape[0] - 1)]
    for col in range(middle.size):
        middle[col] = max(above[col], below[col])


@serial
def _raise(outer, mask, seed, best):
    """Fill `best` with a row grown from the rows beside it; return whether it differs."""
    left, middle, right = outer[: best.size], outer[1 : best.size + 1], outer[2 : best.size + 2]
    changed = uint8(0)
    for col in range(best.size):
        value = grown(seed[col], max(max(left[col], middle[col]), right[col]), mask[col])
        best[col] = value
        changed |= uint8(value ^ seed[col])
    return changed != 0


@serial
def _spread(mask, best, seed):
    """Fill `seed` with `best` grown along the row, to the right and to the left."""
    last = uint8(0)
    for col in range(best.size):
        last = grown(best[col], last, mask[col])
        seed[col] = last
    last = uint8(0)
    for col in range(best.size - 1, -1, -1):
        last = grown(seed[col], last, mask[col])
        seed[col] = last


@banded
def _reconstruct(masks, maps, start, stop):
    for index in range(start, stop):
        reconstruct_one(masks[index], maps[index])
