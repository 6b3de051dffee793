"""Enlarging small maps on the CPU: between two rows of a map, a whole run of rows at a time."""

import numpy as np
from numba import float32

from ..jit import banded, serial
from ..scale import stored
from ._cpu_widen import ends_of, places_of, widen
from ._formulas import lerp, raised


@banded
def enlarge_rows(maps, out, start, stop):
    """Fill rows of `out`, (N, H, W), counted through all maps."""
    height = out.shape[1]
    while start < stop:
        frame, first = start // height, start % height
        last = min(height, first + stop - start)
        _enlarge(maps[frame], out[frame], first, last)
        start += last - first


@serial
def _enlarge(small, saliency, start, stop):
    """Fill rows of `saliency`; each row of `small` is up-sampled once, and stored while needed."""
    height, width = saliency.shape
    rows, cols = small.shape
    wide = np.empty((2, width), np.float32)  # row r of `small` in wide[r % 2]
    ends = ends_of(cols)
    lefts, shares = places_of(cols, width, 0, width)
    tops, downs = places_of(rows, height, start, stop)
    done, row = -1, 0
    while row < tops.size:
        first, end = tops[row], row + 1
        while end < tops.size and tops[end] == first:
            end += 1
        last = min(first + 1, rows - 1)
        for source in range(max(first, done + 1), last + 1):
            widen(small[source], lefts, shares, ends, wide[source % 2])
        _mix_rows(
            wide[first % 2], wide[last % 2], downs[row:end], saliency[start + row : start + end]
        )
        done, row = last, end


@serial
def _mix_rows(upper, lower, shares, saliency):
    """Fill rows that lie between the same two; eight at a time, which memory takes best."""
    row = 0
    while row + 8 <= shares.size:
        _mix_eight(upper, lower, shares[row : row + 8], saliency[row : row + 8])
        row += 8
    while row + 4 <= shares.size:
        _mix_four(upper, lower, shares[row : row + 4], saliency[row : row + 4])
        row += 4
    while row < shares.size:
        _mix(upper, lower, shares[row], saliency[row])
        row += 1


@serial
def _mix(upper, lower, share, target):
    for col in range(target.size):
        target[col] = stored(lerp(upper[col], lower[col], share), target.itemsize)


@serial
def _mix_four(upper, lower, shares, saliency):
    a, b, c, d = saliency[0], saliency[1], saliency[2], saliency[3]
    p, q, r, s = shares[0], shares[1], shares[2], shares[3]
    for col in range(a.size):
        base, step = upper[col], float32(lower[col] - upper[col])
        a[col] = stored(raised(base, step, p), a.itemsize)
        b[col] = stored(raised(base, step, q), a.itemsize)
        c[col] = stored(raised(base, step, r), a.itemsize)
        d[col] = stored(raised(base, step, s), a.itemsize)


@serial
def _mix_eight(upper, lower, shares, saliency):
    a, b, c, d = saliency[0], saliency[1], saliency[2], saliency[3]
    e, f, g, h = saliency[4], saliency[5], saliency[6], saliency[7]
    p, q, r, s = shares[0], shares[1], shares[2], shares[3]
    t, u, v, w = shares[4], shares[5], shares[6], shares[7]
    for col in range(a.size):
        base, step = upper[col], float32(lower[col] - upper[col])
        a[col] = stored(raised(base, step, p), a.itemsize)
        b[col] = stored(raised(base, step, q), a.itemsize)
        c[col] = stored(raised(base, step, r), a.itemsize)
        d[col] = stored(raised(base, step, s), a.itemsize)
        e[col] = stored(raised(base, step, t), a.itemsize)
        f[col] = stored(raised(base, step, u), a.itemsize)
        g[col] = stored(raised(base, step, v), a.itemsize)
        h[col] = stored(raised(base, step, w), a.itemsize)
