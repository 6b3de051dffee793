"""OpenCV's k-means on the CPU, to the bit: five attempts side by side, each a few rounds."""

import numpy as np
from numba import float32, float64, int64, prange

from ...kernels.jit import parallel, serial
from . import _cells
from ._cpu_chunks import CHUNK, whole_range
from ._cpu_plainly import add_up_plainly, farthest_plainly, spread_plainly
from ._cpu_sums import add_up, cell_of
from ._draws import CLUSTERS
from ._math import mean_of, moved_far, squared

MAX_STEPS = 100
LANES = 32

fill_cells = serial(_cells.fill_cells)


@serial
def cluster(values, chunks, centres, old, sizes, moved):
    """Run one attempt from where the centres are; return the sum of the squared distances.

    Fills the centres, those before them (`old`, which the labels are of), how many values each
    has, and the place of the one value that each empty cluster was given, else -1.
    """
    ranges, marks, zeros = chunks
    low, high = whole_range(ranges)
    edges, owners = np.empty(CLUSTERS, np.float32), np.empty(CLUSTERS, np.int64)
    sums, holds = np.empty(CLUSTERS, np.float32), True
    for _ in range(1, MAX_STEPS):
        old[:] = centres
        sums[:] = 0
        sizes[:] = 0
        moved[:] = -1
        holds = fill_cells(old, low, high, edges, owners)
        if holds:
            add_up(values, ranges, marks, zeros, edges, owners, sums, sizes)
        else:
            add_up_plainly(values, old, sums, sizes)
        for k in range(CLUSTERS):
            if sizes[k] == 0:
                _fill_empty(values, ranges, edges, owners, holds, old, k, sums, sizes, moved)
        goes_on = False
        for k in range(CLUSTERS):
            centres[k] = mean_of(sums[k], sizes[k])
            goes_on |= moved_far(centres[k], old[k])
        if not goes_on:
            break
    if holds:
        return _spread(values, ranges, edges, owners, centres, moved)
    return spread_plainly(values, old, centres, moved)


@serial
def _fill_empty(values, ranges, edges, owners, holds, old, empty, sums, sizes, moved):
    """Give an empty cluster the value of the largest that is farthest from its mean."""
    largest = 0
    for k in range(1, CLUSTERS):
        largest = k if sizes[k] > sizes[largest] else largest
    mean = mean_of(sums[largest], sizes[largest])
    if holds:
        cell = 0
        while owners[cell] != largest:
            cell += 1
        bottom = edges[cell - 1] if cell > 0 else float32(-np.inf)
        place = _farthest(values, ranges, bottom, edges[cell], mean, moved)
    else:
        place = farthest_plainly(values, old, largest, mean, moved)
    value = values[place]
    sums[largest] = float32(sums[largest] - value)
    sums[empty] = float32(sums[empty] + value)
    sizes[largest] -= 1
    sizes[empty] += 1
    moved[empty] = place


@serial
def _farthest(values, ranges, bottom, top, mean, moved):
    """Return the place of the value in a cell that is farthest from the mean, the last of equals.

    Few chunks may hold one farther than the farthest so far, and of these few do.
    """
    most = float32(-1)
    for chunk in range(len(ranges)):
        if _reach(ranges, chunk, bottom, top, mean) > most:
            start = chunk * CHUNK
            part = values[start : start + CHUNK]
            if _is_any_beyond(part, bottom, top, mean, most):
                most = max(most, _most(part, start, bottom, top, mean, moved))
    chunk = len(ranges) - 1
    while chunk >= 0:
        if _reach(ranges, chunk, bottom, top, mean) >= most:
            place = _last(values, chunk, bottom, top, mean, most, moved)
            if place >= 0:
                return place
        chunk -= 1
    return int64(0)  # not reached: the largest cluster has a value


@serial
def _reach(ranges, chunk, bottom, top, mean):
    """Return a bound of the squared distances of what a chunk has in a cell, or -1 if nothing."""
    low, high = ranges[chunk, 0], ranges[chunk, 1]
    if high <= bottom or low > top:
        return float32(-1)
    return max(squared(max(low, bottom), mean), squared(min(high, top), mean))


@serial
def _is_any_beyond(part, bottom, top, mean, most):
    found = False
    for i in range(part.size):
        value = part[i]
        found |= (value > bottom) & (value <= top) & (squared(value, mean) > most)
    return found


@serial
def _most(part, start, bottom, top, mean, moved):
    most = float32(-1)
    for i in range(part.size):
        if bottom < part[i] <= top and not is_moved(start + i, moved):
            most = max(most, squared(part[i], mean))
    return most


@serial
def _last(values, chunk, bottom, top, mean, most, moved):
    place = min((chunk + 1) * CHUNK, values.size) - 1
    while place >= chunk * CHUNK:
        value = values[place]
        if bottom < value <= top and squared(value, mean) >= most and not is_moved(place, moved):
            return place
        place -= 1
    return int64(-1)


@serial
def is_moved(place, moved):
    """Return whether the value at that place was given to an empty cluster."""
    found = False
    for k in range(CLUSTERS):
        found |= moved[k] == place
    return found


@serial
def _spread(values, ranges, edges, owners, centres, moved):
    """Return the sum of the squared distances, in an order that vectorises."""
    lanes, total = np.zeros(LANES, np.float64), 0.0
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
    for i in range(LANES):
        total += lanes[i]
    for k in range(CLUSTERS):
        if moved[k] >= 0:
            value = values[moved[k]]
            total -= float64(squared(value, centres[owners[cell_of(value, edges)]]))
            total += float64(squared(value, centres[k]))
    return total


@serial
def cluster_all(values, chunks, centres, old, sizes, moved, spreads, start, stop):
    """Run the attempts from `start` to `stop`."""
    for i in range(start, stop):
        spreads[i] = cluster(values, chunks, centres[i], old[i], sizes[i], moved[i])


@parallel
def cluster_bands(values, chunks, centres, old, sizes, moved, spreads, bands):
    """Run all attempts on all threads, however many bands they were to be."""
    for i in prange(len(spreads)):
        spreads[i] = cluster(values, chunks, centres[i], old[i], sizes[i], moved[i])
