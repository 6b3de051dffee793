"""OpenCV's k-means on the CPU, bit for bit: iterations of five attempts, and their inertia.

Where two centres nearly coincide, intervals are not exact. Then the brute-force functions at the
end compute every distance.
"""

import numpy as np
from numba import float32, float64, int64, prange

from ...kernels.copies import copy_values
from ...kernels.jit import parallel, serial
from ._cpu_assign import CHUNK, extent_within, fill_cells, whole_range
from ._cpu_update import add_up, cell_of
from ._draws import CLUSTERS, LANES, MAX_STEPS
from ._formulas import mean_of, moved_far, nearest, squared


@serial
def cluster(values, chunks, centres, old, sizes, moved):
    """Run one attempt from where the centres are; return the sum of the squared distances.

    Fills the centres, the previous ones (`old`, which define the labels), and the sizes. `moved`
    gets the place of the value moved to each empty cluster, else -1.
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
    """Fill with the range of each chunk within the interval, reversed if it is empty."""
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


@serial
def add_up_plainly(values, centres, sums, sizes):
    """Add to the sums and sizes of each centre the values nearest to it."""
    for i in range(values.size):
        k = label_of(values[i], centres)
        sums[k] = float32(sums[k] + values[i])
        sizes[k] += 1


@serial
def farthest_plainly(values, centres, cluster, mean, moved):
    """Return the place of a cluster's value farthest from the mean, the last of equals."""
    most, place = float32(-1), int64(0)
    for i in range(values.size):
        if label_of(values[i], centres) != cluster or squared(values[i], mean) < most:
            continue
        is_free = True
        for k in range(CLUSTERS):
            is_free = is_free and moved[k] != i
        if is_free:
            most, place = squared(values[i], mean), i
    return place


@serial
def spread_plainly(values, old, centres, moved):
    """Return the sum of the squared distances from the centres; labels are those of the old."""
    lanes, total = np.zeros(LANES, np.float64), 0.0
    for i in range(values.size):
        centre = centres[label_of(values[i], old)]
        lanes[i % LANES] += float64(squared(values[i], centre))
    for i in range(LANES):
        total += lanes[i]
    for k in range(CLUSTERS):
        if moved[k] >= 0:
            value = values[moved[k]]
            total -= float64(squared(value, centres[label_of(value, old)]))
            total += float64(squared(value, centres[k]))
    return total


@serial
def spread_of_rest(values, old, centres, moved):
    """Return the inertia where the distance of a moved value has no finite square in float32."""
    total = 0.0
    for i in range(values.size):
        is_moved = False
        for k in range(CLUSTERS):
            is_moved |= moved[k] == i
        if not is_moved:  # a moved value is its own centre
            total += float64(squared(values[i], centres[label_of(values[i], old)]))
    return total


@serial
def label_of(value, centres):
    """Return which centre is nearest, the first of equals."""
    return nearest(value, centres[0], centres[1], centres[2], centres[3], centres[4])
