"""Values at scattered points to a grid and back, by cubic B-splines; and the blur in between."""

import numpy as np
from numba import float32, prange, uintp

from ...kernels.jit import parallel, serial

SHARES = 8  # private grids: a constant, so that the bits do not depend on the number of threads
NEAR = 4  # nodes a cubic B-spline reaches along an axis
ROWS = NEAR * NEAR
WIDEST = 8 * NEAR  # values in a row of nodes: 4 or 8 for each


@parallel
def spread(points, values, planes, lines, nodes, grids):
    """Add every point's values to the nodes around it; all shares end in the first."""
    count, channels = values.shape
    for share in prange(SHARES):
        at, weights = np.zeros(ROWS, np.int64), np.zeros(ROWS, np.float32)
        along, row_values = np.zeros(NEAR, np.float32), np.zeros(WIDEST, np.float32)
        for i in range(share * count // SHARES, (share + 1) * count // SHARES):
            rows = _place(points[i], planes, lines, nodes, at, weights, along)
            for node in range(NEAR):
                for k in range(channels):
                    row_values[node * channels + k] = along[node] * values[i, k]
            _add_rows(row_values, weights, grids[share], at, rows, channels)
    for share in range(1, SHARES):
        _add_row(grids[share], float32(1), grids[0], 0, grids.shape[1])


@parallel
def read(points, grid, planes, lines, nodes, sums, bands):
    """Fill `sums` with the values at every point, from the nodes around it."""
    count, channels = sums.shape
    for band in prange(bands):
        at, weights = np.zeros(ROWS, np.int64), np.zeros(ROWS, np.float32)
        along, row_sums = np.zeros(NEAR, np.float32), np.zeros(WIDEST, np.float32)
        for i in range(band * count // bands, (band + 1) * count // bands):
            rows = _place(points[i], planes, lines, nodes, at, weights, along)
            row_sums[:] = 0
            _sum_rows(grid, at, weights, rows, channels, row_sums)
            for k in range(channels):
                total = float32(0)
                for node in range(NEAR):
                    total += along[node] * row_sums[node * channels + k]
                sums[i, k] = total


@serial
def blur(source, target, length, inner, weights):
    """Blur along one axis: lines of `length` steps, `inner` values apart."""
    line = length * inner
    target[:] = 0
    for start in range(0, source.size, line):
        for shift in range(min(weights.size, length)):
            count, ahead = (length - shift) * inner, start + shift * inner
            _add_row(source[ahead:], weights[shift], target, start, count)
            if shift > 0:
                _add_row(source[start:], weights[shift], target, ahead, count)


@serial
def _add_rows(values, weights, grid, at, rows, channels):
    for row in range(rows):
        start, weight = uintp(at[row] * channels), weights[row]
        for k in range(uintp(NEAR * channels)):
            grid[start + k] += weight * values[k]


@serial
def _add_row(values, weight, grid, start, count):
    for k in range(uintp(count)):
        grid[uintp(start) + k] += weight * values[k]


@serial
def _sum_rows(grid, at, weights, rows, channels, row_sums):
    for row in range(0, rows, NEAR):  # four at once: the sums pass through memory
        a, b = uintp(at[row] * channels), uintp(at[row + 1] * channels)
        c, d = uintp(at[row + 2] * channels), uintp(at[row + 3] * channels)
        wa, wb, wc, wd = weights[row], weights[row + 1], weights[row + 2], weights[row + 3]
        for k in range(uintp(NEAR * channels)):
            first = wa * grid[a + k] + wb * grid[b + k]
            row_sums[k] += first + wc * grid[c + k] + wd * grid[d + k]


@serial
def _place(point, planes, lines, nodes, at, weights, along):
    """Write the rows of nodes around a point and their weights; return how many rows."""
    axes = point.size
    node = int(point[axes - 1]) - 1
    _spline(point[axes - 1], along)
    line = int(point[axes - 2]) - 1
    _spline(point[axes - 2], weights)
    for j in range(NEAR):
        at[j] = (line + j) * nodes + node
    if axes == 2:
        return NEAR
    plane, part = int(point[0]) - 1, point[0] - float32(int(point[0]))
    for i in range(NEAR - 1, -1, -1):  # backwards: the first four are still needed
        share = _basis(part, i)
        for j in range(NEAR):
            at[i * NEAR + j] = (plane + i) * lines * nodes + at[j]
            weights[i * NEAR + j] = share * weights[j]
    return ROWS


@serial
def _spline(x, weights):
    part = x - float32(int(x))
    for i in range(NEAR):
        weights[i] = _basis(part, i)


@serial
def _basis(part, i):
    """Return the cubic B-spline's weight, times 6, of the i-th of the four nodes around a point."""
    rest = float32(1) - part
    if i == 0:
        return rest * rest * rest
    if i == 1:
        return (float32(3) * part - float32(6)) * part * part + float32(4)
    if i == 2:
        return (float32(3) * rest - float32(6)) * rest * rest + float32(4)
    return part * part * part
