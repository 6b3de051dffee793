"""vl_slic's clean-up: components smaller than the minimum take a neighbour's label.

vl_slic scans the image, floods each component at its first pixel and gives a small one the label of
a neighbour of that pixel which the scan has seen before; the one above wins, where there is one. So
the outcome depends on components and their first pixels alone, not on the order of flooding.
"""

import numpy as np

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands, scratch
from ._cpu_runs import joined_runs, root_of


def clean_labels(labels, least, spare=None):
    """Clean `labels` in place: no component stays below `least` pixels that has an heir.

    `spare` is memory that nobody needs any more, an array of float32.
    """
    if least < 2:
        return
    rows, pixels = labels.shape[0], labels.size
    runs = joined_runs(labels)
    links, heirs, small = _heirs(rows * (labels.shape[1] + 1), spare)
    counts = np.zeros(rows, np.int64)
    args = (labels, *runs, links, heirs, small, counts, least)
    over_bands(_link_small, rows, *args, pixels=pixels)
    _settle_heirs(links, heirs, small, counts, labels.shape[1])
    args = (labels, *runs, heirs, least)
    over_bands(_hand_over, rows, *args, pixels=pixels)


def _heirs(runs, spare):
    if spare is None or spare.size < 3 * runs:
        return scratch("slic heirs", (3, runs), np.int32)
    return spare[: 3 * runs].view(np.int32).reshape(3, runs)


@banded
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


@serial
def _heir(parents, run, row, col, seen, beside):
    """Return the heir and a pixel of it: above, else below if older, else left, else itself."""
    other = root_of(parents, beside)
    if row > 0 or other < run:
        return other, seen, col
    if col > 0:
        return root_of(parents, run - 1), row, col - 1
    return run, row, col


@serial
def _settle_heirs(links, heirs, small, counts, cols):
    for row in range(counts.size):
        first = row * (cols + 1)
        for i in range(first, first + counts[row]):
            heirs[small[i]] = heirs[links[small[i]]]  # settled: older components come first


@banded
def _hand_over(labels, starts, parents, sizes, first_runs, run_counts, heirs, least, start, stop):
    """Paint the small components."""
    for row in range(start, stop):
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            root = root_of(parents, run)
            if sizes[root] < least:
                for col in range(starts[run], starts[run + 1]):
                    labels[row, col] = heirs[root]
