"""OpenCV's k-means on the CPU, to the bit: five attempts side by side, each a few rounds."""

import numpy as np
from numba import float32, int64, prange

from ...kernels.copies import copy_values
from ...kernels.jit import parallel, serial
from ._cpu_brute_force import add_up_plainly, farthest_plainly, spread_of_rest, spread_plainly
from ._cpu_cells import fill_cells
from ._cpu_chunks import CHUNK, extent_within, whole_range
from ._cpu_inertia import spread_by_cells
from ._cpu_sums import add_up
from ._draws import CLUSTERS, MAX_STEPS
from ._formulas import mean_of, moved_far, squared


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
        copy_values(centres, old)
        sums[:] = 0
        sizes[:] = 0
        moved[:] = -1
        holds = fill_cells(old, low, high, edges, owners)
        if holds:
            add_up(values, ranges, marks, zeros, edges, owners, sums, sizes)
        else:
            add_up_plainly(values, old, sums, sizes)
        if _is_any_empty(sizes):
            _fill_empty(values, ranges, edges, owners, holds, old, sums, sizes, moved)
        goes_on = False
        for k in range(CLUSTERS):
            centres[k] = mean_of(sums[k], sizes[k])
            goes_on |= moved_far(centres[k], old[k])
        if not goes_on:
            break
    if holds:
        spread = spread_by_cells(values, ranges, edges, owners, centres, moved)
    else:
        spread = spread_plainly(values, old, centres, moved)
    return spread if spread < np.inf else spread_of_rest(values, old, centres, moved)


@serial
def _is_any_empty(sizes):
    found = False
    for k in range(CLUSTERS):
        found |= sizes[k] == 0
    return found


@serial
def _fill_empty(values, ranges, edges, owners, holds, old, sums, sizes, moved):
    """Give each empty cluster the value of the largest that is farthest from its mean."""
    within, whose = np.empty((0, 2), np.float32), -1
    for empty in range(CLUSTERS):
        if sizes[empty] > 0:
            continue
        largest = _largest(sizes)
        mean = mean_of(sums[largest], sizes[largest])
        if not holds:
            place = farthest_plainly(values, old, largest, mean, moved)
        else:
            bottom, top = _ends_of(largest, edges, owners)
            if whose != largest:
                within, whose = np.empty_like(ranges), largest
                _fill_within(values, ranges, bottom, top, within)
            place = _farthest(values, within, bottom, top, mean, moved)
        value = values[place]
        sums[largest] = float32(sums[largest] - value)
        sums[empty] = float32(sums[empty] + value)
        sizes[largest] -= 1
        sizes[empty] += 1
        moved[empty] = place


@serial
def _largest(sizes):
    largest = 0
    for k in range(1, CLUSTERS):
        largest = k if sizes[k] > sizes[largest] else largest
    return largest


@serial
def _ends_of(cluster, edges, owners):
    cell = 0
    while owners[cell] != cluster:
        cell += 1
    return edges[cell - 1] if cell > 0 else float32(-np.inf), edges[cell]


@serial
def _fill_within(values, ranges, bottom, top, within):
    """Fill with the range of what each chunk has in the cell, upside down if that is nothing."""
    for chunk in range(len(ranges)):
        low, high = ranges[chunk, 0], ranges[chunk, 1]
        if high <= bottom or low > top:
            low, high = float32(np.inf), float32(-np.inf)
        elif not (low > bottom and high <= top):
            low, high = extent_within(values[chunk * CHUNK : (chunk + 1) * CHUNK], bottom, top)
        within[chunk, 0], within[chunk, 1] = low, high


@serial
def _farthest(values, within, bottom, top, mean, moved):
    """Return the place of a cell's value that is farthest from the mean, the last of equals."""
    most, last = float32(-1), int64(0)
    for chunk in range(len(within)):
        low, high = within[chunk, 0], within[chunk, 1]
        reach = max(squared(low, mean), squared(high, mean)) if low <= high else float32(-1)
        if reach >= most and _has_moved(chunk * CHUNK, moved):
            part = values[chunk * CHUNK : (chunk + 1) * CHUNK]
            reach = _most_left(part, chunk * CHUNK, bottom, top, mean, moved)
        if reach >= most:
            most, last = reach, chunk
    place = min((last + 1) * CHUNK, values.size) - 1
    while place > 0 and not _lies_at(values, place, bottom, top, mean, most, moved):
        place -= 1
    return place


@serial
def _most_left(part, start, bottom, top, mean, moved):
    most = float32(-1)
    for i in range(part.size):
        if bottom < part[i] <= top and not _is_moved(start + i, moved):
            most = max(most, squared(part[i], mean))
    return most


@serial
def _lies_at(values, place, bottom, top, mean, distance, moved):
    value = values[place]
    is_there = bottom < value <= top and squared(value, mean) >= distance
    return is_there and not _is_moved(place, moved)


@serial
def _has_moved(start, moved):
    found = False
    for k in range(CLUSTERS):
        found |= start <= moved[k] < start + CHUNK
    return found


@serial
def _is_moved(place, moved):
    found = False
    for k in range(CLUSTERS):
        found |= moved[k] == place
    return found


@serial
def cluster_all(values, chunks, centres, old, sizes, moved, spreads):
    """Run all attempts on one thread."""
    for i in range(len(spreads)):
        spreads[i] = cluster(values, chunks, centres[i], old[i], sizes[i], moved[i])


@parallel
def cluster_at_once(values, chunks, centres, old, sizes, moved, spreads):
    """Run all attempts on all threads."""
    for i in prange(len(spreads)):
        spreads[i] = cluster(values, chunks, centres[i], old[i], sizes[i], moved[i])
