"""The score of every level, from the histogram."""

from numba import int64

from ...kernels.jit import serial
from ...kernels.scale import fraction, stored
from ._formulas import contrast


@serial
def fill_scores(counts, contrasts, scores):
    """Fill `scores` with the scaled contrast of every level, of use where that level occurs.

    The rows of `counts`, (parts, levels), are added up in the first; `contrasts`, (levels,) of
    int64, is work space.
    """
    for part in range(1, counts.shape[0]):
        for level in range(scores.size):
            counts[0, level] += counts[part, level]
    low, high = _fill_contrasts(counts[0], contrasts)
    for level in range(scores.size):
        scores[level] = stored(fraction(contrasts[level], low, high), scores.itemsize)


@serial
def _fill_contrasts(counts, contrasts):
    """Fill `contrasts`, and return the minimum and the maximum of those that occur.

    The contrast of a level is its distance to all pixels: Zhai and Shah (2006).
    """
    count, total = int64(0), int64(0)  # not by sum(): see kernels/jit.py
    for level in range(counts.size):
        count += int64(counts[level])
        total += int64(level) * int64(counts[level])
    count_below, sum_below = int64(0), int64(0)
    low, high = int64(-1), int64(-1)
    for level in range(counts.size):
        present = int64(counts[level])
        count_below += present
        sum_below += int64(level) * present
        value = contrast(level, count_below, sum_below, count, total)
        contrasts[level] = value
        if present > 0:
            low = value if low < 0 else min(low, value)
            high = max(high, value)
    return low, high
