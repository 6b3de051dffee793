"""The sum of squared distances, by which k-means chooses among its attempts."""

import numpy as np
from numba import float64

from ...kernels.jit import serial
from ._cpu_chunks import CHUNK
from ._cpu_sums import cell_of
from ._draws import CLUSTERS, LANES
from ._formulas import squared


@serial
def spread_by_cells(values, ranges, edges, owners, centres, moved):
    """Return the sum of the squared distances, in an order that vectorises."""
    lanes, total = np.zeros(LANES, np.float64), 0.0
    for chunk in range(len(ranges)):
        part = values[chunk * CHUNK : (chunk + 1) * CHUNK]
        first, last = cell_of(ranges[chunk, 0], edges), cell_of(ranges[chunk, 1], edges)
        if first == last:
            _add_distances(part, centres[owners[first]], lanes)
        else:
            _add_distances_by_cell(part, edges, owners, centres, lanes)
    for i in range(LANES):
        total += lanes[i]
    for k in range(CLUSTERS):
        if moved[k] >= 0:
            value = values[moved[k]]
            total -= float64(squared(value, centres[owners[cell_of(value, edges)]]))
            total += float64(squared(value, centres[k]))
    return total


@serial
def _add_distances(values, centre, lanes):
    for start in range(0, values.size, LANES):
        part = values[start : start + LANES]
        for i in range(part.size):
            lanes[i] += float64(squared(part[i], centre))


@serial
def _add_distances_by_cell(values, edges, owners, centres, lanes):
    p, q, r, s = edges[0], edges[1], edges[2], edges[3]
    a, b, c = centres[owners[0]], centres[owners[1]], centres[owners[2]]
    d, e = centres[owners[3]], centres[owners[4]]
    for start in range(0, values.size, LANES):
        part = values[start : start + LANES]
        for i in range(part.size):
            value = part[i]
            upper = e if value > s else (d if value > r else c)
            centre = upper if value > q else (b if value > p else a)
            lanes[i] += float64(squared(value, centre))
