"""The race of the cells, always on the host: a few thousand numbers."""

import numpy as np

from ...kernels.jit import serial
from ._formulas import INHIBITION, off_middle, time_to_fire

CELLS = 64  # along the shorter side, about
VISITS = 10_000_000  # cells between two checks for Ctrl-C: below 0.2 s


def side_of_cells(height, width):
    """Return the side of the square cells, in pixels."""
    return max(1, min(height, width) // CELLS)


def run(levels, places, size, side, cells, n):
    """Return rows and columns of at most `n` foci, and the times at which each is reached.

    `places` has the maximum pixel of each cell; if it is empty, the map `levels` is searched.
    """
    foci, times = np.empty((n, 2), np.int64), np.empty(n)
    free_from = np.zeros(cells.shape)
    part = max(1, VISITS // cells.size)
    found, now = 0, 0.0
    while found < n:  # in parts, since compiled code does not see Ctrl-C
        last = min(found + part, n)
        found, now = _fill_foci(
            levels, places, size, side, cells, foci, times, free_from, found, last, now
        )
        if found < last:
            break
    return foci[:found], times[:found]


@serial
def _fill_foci(levels, places, size, side, cells, foci, times, free_from, first, last, now):
    """Find the foci from `first` to before `last`: the winner takes all, then is inhibited.

    Return the end of those found, and the time of the last one.
    """
    for index in range(first, last):
        now = max(now, _next_freedom(cells, free_from, now))
        row, col = _winner(cells, free_from, now)
        if row < 0:
            return index, now
        now += time_to_fire(cells[row, col])
        if places.size > 0:
            foci[index, 0], foci[index, 1] = places[row, col, 0], places[row, col, 1]
        else:
            foci[index, 0], foci[index, 1] = _brightest(levels, side, row, col)
        times[index] = now
        _inhibit(foci[index], min(size) / 6, side, now + INHIBITION, free_from)
    return last, now


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
    """Return the cell that fires first: the winner takes all (Itti et al. 1998, section 2.2)."""
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
            away = off_middle(y, x, top, left, bottom, right)
            if levels[y, x] > best or (levels[y, x] == best and away < least):
                best, least, place = levels[y, x], away, (y, x)
    return place


@serial
def _inhibit(focus, radius, side, until, free_from):
    """Inhibit the cells with their middle inside the disk, and that of the focus (section 2.2)."""
    for row in range(free_from.shape[0]):
        down = (row + 0.5) * side - focus[0] - 0.5
        for col in range(free_from.shape[1]):
            across = (col + 0.5) * side - focus[1] - 0.5
            is_focus = row == focus[0] // side and col == focus[1] // side
            if is_focus or down * down + across * across <= radius * radius:
                free_from[row, col] = until
