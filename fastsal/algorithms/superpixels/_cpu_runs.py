"""4-connected components of equal label: runs along rows, joined by union-find, bands in parallel.

Runs are numbered in raster order (those of a row from its first pixel's number on), and a component
is named after its first run, its root.
"""

import numpy as np
from numba import int64, uintp

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands, scratch


def number_components(labels, start):
    """Give every 4-connected piece its own label, in place, counting up from `start`."""
    starts, parents, _, first_runs, run_counts = joined_runs(labels)
    _number_roots(labels, starts, parents, first_runs, run_counts, start)


def joined_runs(labels):
    """Return where runs start, their parents and sizes; and each row's first run and their count.

    The parents of a run lead to its root, whose size is that of the component.
    """
    rows, cols = labels.shape
    runs = scratch("slic runs", (3, rows * (cols + 1)), np.int32)  # starts, parents, sizes
    counts = scratch("slic run counts", (2, rows), np.int32)  # first runs, how many
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
    """Write where each run of equal labels starts and its size; return how many there are."""
    cols = uintp(line.size)
    starts[0] = 0
    count = uintp(1)
    for col in range(uintp(1), cols):
        starts[count] = col  # overwritten until the run is found to start: no branch to mispredict
        count += uintp(line[col] != line[col - uintp(1)])
    starts[count] = int64(cols)
    for i in range(count):
        parents[i] = first_run + int64(i)
        sizes[i] = starts[i + uintp(1)] - starts[i]
    return int64(count)


@serial
def _join_rows(labels, starts, parents, sizes, first_runs, row):
    """Join the runs of a row with those of the same label they touch in the row above."""
    cols = labels.shape[1]
    above, here = uintp(first_runs[row - 1]), uintp(first_runs[row])
    end_above = end_here = 0
    while end_above < cols or end_here < cols:
        if labels[row - 1, starts[above]] == labels[row, starts[here]]:
            _join(parents, sizes, int64(above), int64(here))
        end_above, end_here = starts[above + uintp(1)], starts[here + uintp(1)]
        above += uintp(end_above <= end_here)
        here += uintp(end_here <= end_above)


@serial
def _join(parents, sizes, a, b):
    a, b = _shorten(parents, a), _shorten(parents, b)
    if a != b:
        first, second = min(a, b), max(a, b)
        parents[second] = first
        sizes[first] += sizes[second]


@serial
def _shorten(parents, run):
    """Return the run's root, and halve the way there."""
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run


@serial
def root_of(parents, run):
    while parents[run] != run:
        run = parents[run]
    return run


@serial
def _number_roots(labels, starts, parents, first_runs, run_counts, number):
    """Walk the runs in raster order; a component's first is its root, seen before the others."""
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
