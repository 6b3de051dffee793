"""The largest sum over the windows of several sizes, from a summed-area table, on the CPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .jit import banded, serial
from .launch import over_bands

_MIXED = 16  # distance of jobs that become neighbours


def peaks_of(table: NDArray[np.float64], jobs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the largest sum of each job's windows.

    A job is (first row, row after the last, rows, columns, frame) of windows of one size. With a
    frame, the sum of the pixels inside the frame is added. `table` has one more row and column
    than the map; those are zeros.
    """
    # Small windows have more positions than large ones and are neighbours, so jobs are interleaved.
    order = np.argsort(np.arange(len(jobs)) % _MIXED, kind="stable")
    mixed, found, peaks = jobs[order], np.empty(len(jobs)), np.empty(len(jobs))
    across = table.shape[1] - jobs[:, 3]
    work = int(((jobs[:, 1] - jobs[:, 0]) * across).sum())
    over_bands(_peaks, len(jobs), table, mixed, found, pixels=work)
    peaks[order] = found
    return peaks


@banded
def _peaks(table, jobs, peaks, start, stop):
    best = np.empty(table.shape[1])
    for job in range(start, stop):
        first, last, rows, cols, frame = jobs[job]
        count = table.shape[1] - cols
        best[:count] = -np.inf
        for y in range(first, last):
            if frame > 0:
                _add_framed(
                    table[y], table[y + rows], table[y + frame], table[y + rows - frame],
                    cols, frame, best[:count],
                )  # fmt: skip
            else:
                _add(table[y], table[y + rows], cols, best[:count])
        peak = best[0]
        for x in range(count):
            peak = max(peak, best[x])
        peaks[job] = peak


@serial
def _add(above, below, cols, best):
    """Keep the larger sums per column, which fills vector registers."""
    right_above, right_below = above[cols:], below[cols:]
    for x in range(best.size):
        total = (right_below[x] - right_above[x]) - (below[x] - above[x])
        best[x] = total if total > best[x] else best[x]


@serial
def _add_framed(above, below, inner_above, inner_below, cols, frame, best):
    right_above, right_below = above[cols:], below[cols:]
    left_inner_above, left_inner_below = inner_above[frame:], inner_below[frame:]
    right_inner_above, right_inner_below = inner_above[cols - frame :], inner_below[cols - frame :]
    for x in range(best.size):
        total = (right_below[x] - right_above[x]) - (below[x] - above[x])
        inside = (right_inner_below[x] - right_inner_above[x]) - (
            left_inner_below[x] - left_inner_above[x]
        )
        total += inside
        best[x] = total if total > best[x] else best[x]
