"""Winner-take-all with inhibition of return, over cells of some pixels."""

import numpy as np

from ...kernels.jit import serial
from ._math import INHIBITION, time_to_fire

CELLS = 64  # along the shorter side, about


def foci_of(levels, unit, n):
    """Return rows and columns of at most `n` foci, and the times at which each is reached."""
    height, width = levels.shape
    side = max(1, min(height, width) // CELLS)
    cells = np.empty((-(-height // side), -(-width // side)), np.float32)
    foci, times = np.empty((n, 2), np.int64), np.empty(n)
    _fill_cells(levels, side, unit, cells)
    found = _fill_foci(levels, side, cells, foci, times)
    return foci[:found], times[:found]


@serial
def _fill_cells(levels, side, unit, cells):
    """Fill with the means of squares of pixels; the last are cut."""
    height, width = levels.shape
    sums = np.empty(width)
    for row in range(cells.shape[0]):
        sums[:] = 0.0
        last = min((row + 1) * side, height)
        for source in range(row * side, last):
            values = levels[source]
            for col in range(width):
                sums[col] += values[col]
        for col in range(cells.shape[1]):
            total, stop = 0.0, min((col + 1) * side, width)
            for index in range(col * side, stop):
                total += sums[index]
            cells[row, col] = total * unit / ((last - row * side) * (stop - col * side))


@serial
def _fill_foci(levels, side, cells, foci, times):
    """Let the winner take all, keep its surroundings from winning for a while, and so on."""
    free_from = np.zeros(cells.shape)
    now = 0.0
    for index in range(len(foci)):
        now = max(now, _next_freedom(cells, free_from, now))
        row, col = _winner(cells, free_from, now)
        if row < 0:
            return index
        now += time_to_fire(cells[row, col])
        foci[index, 0], foci[index, 1] = _brightest(levels, side, row, col)
        times[index] = now
        _inhibit(foci[index], min(levels.shape) / 6, side, now + INHIBITION, free_from)
    return len(foci)


@serial
def _next_freedom(cells, free_from, now):
    """Return from when on a cell that is not empty may win: now, or when the first is free."""
    first = np.inf
    for row in range(cells.shape[0]):
        for col in range(cells.shape[1]):
            if cells[row, col] > 0:
                first = min(first, free_from[row, col])
    return first if first < np.inf else now


@serial
def _winner(cells, free_from, now):
    best, place = np.float32(0), (-1, -1)
    for row in range(cells.shape[0]):
        for col in range(cells.shape[1]):
            if cells[row, col] > best and free_from[row, col] <= now:
                best, place = cells[row, col], (row, col)
    return place


@serial
def _brightest(levels, side, row, col):
    """Return the greatest pixel of a cell, of equals the one nearest to its middle."""
    top, left = row * side, col * side
    bottom, right = min(top + side, levels.shape[0]), min(left + side, levels.shape[1])
    best, least, place = levels[top, left], np.inf, (top, left)
    for y in range(top, bottom):
        for x in range(left, right):
            away = (2 * y + 1 - top - bottom) ** 2 + (2 * x + 1 - left - right) ** 2
            if levels[y, x] > best or (levels[y, x] == best and away < least):
                best, least, place = levels[y, x], away, (y, x)
    return place


@serial
def _inhibit(focus, radius, side, until, free_from):
    """Keep the cells whose middle lies in the disk, and that of the focus, from winning."""
    for row in range(free_from.shape[0]):
        down = (row + 0.5) * side - focus[0] - 0.5
        for col in range(free_from.shape[1]):
            across = (col + 0.5) * side - focus[1] - 0.5
            is_focus = row == focus[0] // side and col == focus[1] // side
            if is_focus or down * down + across * across <= radius * radius:
                free_from[row, col] = until
