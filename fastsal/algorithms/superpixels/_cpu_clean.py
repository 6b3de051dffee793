"""vl_slic's clean-up: components smaller than the minimum take a neighbour's label.

vl_slic scans the image, floods each component at its first pixel and gives a small one the label of
a neighbour of that pixel which the scan has seen before; the one above wins, where there is one. So
the outcome depends on components and their first pixels alone, not on the order of flooding: runs
of equal label are joined by union-find, bands in parallel. Runs are numbered in raster order (those
of a row from its first pixel's number on), and a component is named after its first run.
"""

import numpy as np
from numba import int64, prange, uintp

from ...kernels.jit import parallel, serial
from ...kernels.launch import over_bands, scratch


def clean_labels(labels, least):
    """Clean `labels` in place: no component stays below `least` pixels that has an heir."""
    if least < 2:
        return
    rows, pixels = labels.shape[0], labels.size
    runs = _joined_runs(labels)
    links, heirs, small = scratch("slic heirs", (3, rows * (labels.shape[1] + 1)), np.int32)
    counts = np.zeros(rows, np.int64)
    args = (labels, *runs, links, heirs, small, counts, least)
    over_bands(_link_small, _link_small_in_bands, rows, *args, pixels=pixels)
    _settle_heirs(links, heirs, small, counts, labels.shape[1])
    args = (labels, *runs, heirs, least)
    over_bands(_hand_over, _hand_over_in_bands, rows, *args, pixels=pixels)


def number_components(labels, start):
    """Give every 4-connected piece its own label, in place, counting up from `start`."""
    starts, parents, _, first_runs, run_counts = _joined_runs(labels)
    _number_roots(labels, starts, parents, first_runs, run_counts, start)


def _joined_runs(labels):
    rows, cols = labels.shape
    runs = scratch("slic runs", (3, rows * (cols + 1)), np.int32)  # starts, parents, sizes
    counts = scratch("slic run counts", (2, rows), np.int32)  # first runs, how many
    args = (labels, *runs, *counts)
    over_bands(_join_runs, _join_runs_in_bands, rows, *args, pixels=labels.size)
    return *runs, *counts


@serial
def _join_runs(labels, starts, parents, sizes, first_runs, run_counts, start, stop):
    run = start * (labels.shape[1] + 1)
    for row in range(start, stop):
        first_runs[row] = run
        count = _find_runs(labels[row], starts[run:], parents[run:], sizes[run:], run)
        run_counts[row] = count
        if row > start:
            _join_rows(labels, starts, parents, sizes, first_runs, row)
        run += count + 1


@parallel
def _join_runs_in_bands(labels, starts, parents, sizes, first_runs, run_counts, bands):
    rows = labels.shape[0]
    for band in prange(bands):
        start, stop = band * rows // bands, (band + 1) * rows // bands
        _join_runs(labels, starts, parents, sizes, first_runs, run_counts, start, stop)
    for band in range(1, bands):
        _join_rows(labels, starts, parents, sizes, first_runs, band * rows // bands)


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
def _root(parents, run):
    while parents[run] != run:
        run = parents[run]
    return run


@serial
def _link_small(
    labels, starts, parents, sizes, first_runs, run_counts, links, heirs, small, counts, least,
    start, stop,
):  # fmt: skip
    """List small components in raster order, each with its heir's label or a link to the heir."""
    rows, cols = labels.shape
    first = start * (cols + 1)
    count = first
    for row in range(start, stop):
        seen = row - 1 if row > 0 else min(1, rows - 1)
        beside = first_runs[seen]
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            if parents[run] == run and sizes[run] < least:
                while starts[beside + 1] <= starts[run]:
                    beside += 1
                heir, heir_row, heir_col = _heir(parents, run, row, starts[run], seen, beside)
                heirs[run] = labels[heir_row, heir_col]
                links[run] = heir if sizes[heir] < least else run
                small[count] = run
                count += 1
    counts[start] = count - first


@parallel
def _link_small_in_bands(
    labels, starts, parents, sizes, first_runs, run_counts, links, heirs, small, counts, least,
    bands,
):  # fmt: skip
    rows = labels.shape[0]
    for band in prange(bands):
        _link_small(
            labels, starts, parents, sizes, first_runs, run_counts, links, heirs, small, counts,
            least, band * rows // bands, (band + 1) * rows // bands,
        )  # fmt: skip


@serial
def _heir(parents, run, row, col, seen, beside):
    """Return the heir and a pixel of it: above, else below if older, else left, else itself."""
    other = _root(parents, beside)
    if row > 0 or other < run:
        return other, seen, col
    if col > 0:
        return _root(parents, run - 1), row, col - 1
    return run, row, col


@serial
def _settle_heirs(links, heirs, small, counts, cols):
    for row in range(counts.size):
        first = row * (cols + 1)
        for i in range(first, first + counts[row]):
            heirs[small[i]] = heirs[links[small[i]]]  # settled: older components come first


@serial
def _hand_over(labels, starts, parents, sizes, first_runs, run_counts, heirs, least, start, stop):
    """Paint the small components."""
    for row in range(start, stop):
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            root = _root(parents, run)
            if sizes[root] < least:
                for col in range(starts[run], starts[run + 1]):
                    labels[row, col] = heirs[root]


@parallel
def _hand_over_in_bands(
    labels, starts, parents, sizes, first_runs, run_counts, heirs, least, bands
):
    for band in prange(bands):
        start, stop = band * labels.shape[0] // bands, (band + 1) * labels.shape[0] // bands
        args = (starts, parents, sizes, first_runs, run_counts, heirs, least)
        _hand_over(labels, *args, start, stop)


@serial
def _number_roots(labels, starts, parents, first_runs, run_counts, number):
    """Walk the runs in raster order; a component's first is its root, seen before the others."""
    for row in range(labels.shape[0]):
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            root = _root(parents, run)
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
