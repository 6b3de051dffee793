"""Up-sampling of the rows of a small map on the CPU, by linear interpolation."""

import numpy as np
from numba import float32

from ..jit import banded, serial
from ..scale import stored
from ..simd.interpolate import HAS_PERMUTE, LANES, interpolate_eight
from ._formulas import axpy, clamped, lerp


@serial
def places_of(source, target, start, stop):
    """Return the source before each of these target pixels, and the weight of the next."""
    firsts, weights = np.empty(stop - start, np.int32), np.empty(stop - start, np.float32)
    rest = (2 * start + 1) * source - target
    first = rest // (2 * target)
    rest -= first * 2 * target
    for i in range(stop - start):
        firsts[i], weights[i] = clamped(first, rest, source, target)
        rest += 2 * source
        while rest >= 2 * target:  # in place of a division for each
            rest -= 2 * target
            first += 1
    return firsts, weights


@serial
def ends_of(source):
    """Return the work space of `upsample_row`: two rows, with LANES more items.

    LANES items are read from any place on, the last one too.
    """
    return np.zeros((2, source + LANES), np.float32)


@serial
def fill_steps(source, ends):
    """Fill ends[0] with the values of a row, ends[1] with the steps from each to the next."""
    values, steps = ends[0], ends[1]
    for i in range(source.size):
        values[i] = source[i]
    for i in range(source.size - 1):
        steps[i] = float32(source[i + 1] - source[i])
    steps[source.size - 1] = 0


@serial
def upsample_row(source, firsts, weights, ends, target):
    """Fill `target` by linear interpolation of `source`; `ends` is work space."""
    fill_steps(source, ends)
    values, steps = ends[0], ends[1]
    done = 0
    if HAS_PERMUTE and target.size >= source.size:  # else eight columns lie next to more than eight
        done = target.size // LANES * LANES
        for col in range(0, done, LANES):
            interpolate_eight(values, steps, firsts, weights, col, target)
    for col in range(done, target.size):
        first = firsts[col]
        target[col] = axpy(values[first], steps[first], weights[col])


@banded
def upsample_rows(maps, out, start, stop):
    """Fill rows of `out`, (N, H, W), counted through all maps."""
    height = out.shape[1]
    while start < stop:
        frame, first = start // height, start % height
        last = min(height, first + stop - start)
        _upsample(maps[frame], out[frame], first, last)
        start += last - first


@serial
def _upsample(small, saliency, start, stop):
    """Fill rows of `saliency`; each row of `small` is up-sampled once, and stored while needed."""
    height, width = saliency.shape
    rows, cols = small.shape
    wide = np.empty((2, width), np.float32)  # row r of `small` in wide[r % 2]
    ends = ends_of(cols)
    lefts, weights = places_of(cols, width, 0, width)
    tops, downs = places_of(rows, height, start, stop)
    done, row = -1, 0
    while row < tops.size:
        first, end = tops[row], row + 1
        while end < tops.size and tops[end] == first:
            end += 1
        last = min(first + 1, rows - 1)
        for source in range(max(first, done + 1), last + 1):
            upsample_row(small[source], lefts, weights, ends, wide[source % 2])
        _mix_rows(
            wide[first % 2], wide[last % 2], downs[row:end], saliency[start + row : start + end]
        )
        done, row = last, end


@serial
def _mix_rows(upper, lower, weights, saliency):
    """Fill rows that lie between the same two, eight at a time, which is fastest for memory."""
    row = 0
    while row + 8 <= weights.size:
        _mix_eight(upper, lower, weights[row : row + 8], saliency[row : row + 8])
        row += 8
    while row + 4 <= weights.size:
        _mix_four(upper, lower, weights[row : row + 4], saliency[row : row + 4])
        row += 4
    while row < weights.size:
        _mix(upper, lower, weights[row], saliency[row])
        row += 1


@serial
def _mix(upper, lower, weight, target):
    for col in range(target.size):
        target[col] = stored(lerp(upper[col], lower[col], weight), target.itemsize)


@serial
def _mix_four(upper, lower, weights, saliency):
    a, b, c, d = saliency[0], saliency[1], saliency[2], saliency[3]
    p, q, r, s = weights[0], weights[1], weights[2], weights[3]
    for col in range(a.size):
        base, step = upper[col], float32(lower[col] - upper[col])
        a[col] = stored(axpy(base, step, p), a.itemsize)
        b[col] = stored(axpy(base, step, q), a.itemsize)
        c[col] = stored(axpy(base, step, r), a.itemsize)
        d[col] = stored(axpy(base, step, s), a.itemsize)


@serial
def _mix_eight(upper, lower, weights, saliency):
    a, b, c, d = saliency[0], saliency[1], saliency[2], saliency[3]
    e, f, g, h = saliency[4], saliency[5], saliency[6], saliency[7]
    p, q, r, s = weights[0], weights[1], weights[2], weights[3]
    t, u, v, w = weights[4], weights[5], weights[6], weights[7]
    for col in range(a.size):
        base, step = upper[col], float32(lower[col] - upper[col])
        a[col] = stored(axpy(base, step, p), a.itemsize)
        b[col] = stored(axpy(base, step, q), a.itemsize)
        c[col] = stored(axpy(base, step, r), a.itemsize)
        d[col] = stored(axpy(base, step, s), a.itemsize)
        e[col] = stored(axpy(base, step, t), a.itemsize)
        f[col] = stored(axpy(base, step, u), a.itemsize)
        g[col] = stored(axpy(base, step, v), a.itemsize)
        h[col] = stored(axpy(base, step, w), a.itemsize)
