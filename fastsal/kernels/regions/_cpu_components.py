"""4-connected components of equal label on the CPU: runs along rows, joined by union-find.

Runs are numbered in raster order: those of a row begin at the number of its first pixel. A
component is named after its first run, its root.
"""

import numpy as np
from numba import int64, uintp

from ..jit import banded, serial
from ..launch import over_bands, scratch


def number_components(labels, start):
    """Give each 4-connected component its own label in place: `start`, `start` + 1, ..."""
    starts, parents, _, first_runs, run_counts = joined_runs(labels)
    _number_roots(labels, starts, parents, first_runs, run_counts, start)


def joined_runs(labels):
    """Return the starts, parents and sizes of runs; and per row its first run and their number.

    The parents of a run lead to its root, which has the size of the component.
    """
    rows, cols = labels.shape
    runs = scratch("component runs", (3, rows * (cols + 1)), np.int32)  # starts, parents, sizes
    counts = scratch("component run counts", (2, rows), np.int32)  # first runs, how many
    args = (labels, *runs, *counts)
    bands = over_bands(_join_runs, rows, *args, pixels=labels.size)
    if bands > 1:
        _join_bands(labels, *runs, counts[0], bands)
    return *runs, *counts


@banded
def _join_runs(labels, starts, parents, sizes, first_runs, run_counts, start, stop):
    run = start * (labels.shape[1] + 1)
    for row in range(start, stop):
        first_runs[row] = run
        count = _find_runs(labels[row], starts[run:], parents[run:], sizes[run:], run)
        run_counts[row] = count
        if row > start:
            _join_rows(labels, starts, parents, sizes, first_runs, row)
        run += count + 1


@serial
def _join_bands(labels, starts, parents, sizes, first_runs, bands):
    """Join the runs of the first row of each band with those of the row above."""
    for band in range(1, bands):
        row = band * labels.shape[0] // bands
        _join_rows(labels, starts, parents, sizes, first_runs, row)


@serial
def _find_runs(line, starts, parents, sizes, first_run):
    """Write the start and the size of each run of equal labels; return their number."""
    cols = uintp(line.size)
    starts[0] = 0
    count = uintp(1)
    for col in range(uintp(1), cols):
        starts[count] = col  # overwritten until a run starts here, so there is no branch
        count += uintp(line[col] != line[col - uintp(1)])
    starts[count] = int64(cols)
    for i in range(count):
        parents[i] = first_run + int64(i)
        sizes[i] = starts[i + uintp(1)] - starts[i]
    return int64(count)


@serial
def _join_rows(labels, starts, parents, sizes, first_runs, row):
    """Join the runs of a row with runs of the same label in the row above that they touch."""
    cols = labels.shape[1]
    above, below = uintp(first_runs[row - 1]), uintp(first_runs[row])
    end_above = end_below = 0
    while end_above < cols or end_below < cols:
        if labels[row - 1, starts[above]] == labels[row, starts[below]]:
            _join(parents, sizes, int64(above), int64(below))
        end_above, end_below = starts[above + uintp(1)], starts[below + uintp(1)]
        above += uintp(end_above <= end_below)
        below += uintp(end_below <= end_above)


@serial
def _join(parents, sizes, a, b):
    a, b = find_root(parents, a), find_root(parents, b)
    if a != b:
        first, second = min(a, b), max(a, b)
        parents[second] = first
        sizes[first] += sizes[second]


@serial
def find_root(parents, item):
    """Return the root of an item of a union-find, and halve the path to it."""
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item


@serial
def root_of(parents, run):
    while parents[run] != run:
        run = parents[run]
    return run


@serial
def _number_roots(labels, starts, parents, first_runs, run_counts, number):
    """Assign numbers in raster order; the root of a component is its first run."""
    for row in range(labels.shape[0]):
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            root = root_of(parents, run)
            value = number
            if root == run:
                number += 1
            else:
                value = labels[_row_of(first_runs, root), starts[root]]
            for col in range(starts[run], starts[run + 1]):
                labels[row, col] = value


@serial
def _row_of(first_runs, run):
    low, high = 0, first_runs.size - 1
    while low < high:
        at = (low + high + 1) // 2
        if first_runs[at] <= run:
            low = at
        else:
            high = at - 1
    return low
