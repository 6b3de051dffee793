"""The steps of k-means one value at a time, for centres too close together for cells to hold."""

import numpy as np
from numba import float32, float64, int64

from ...kernels.jit import serial
from ._draws import CLUSTERS, LANES
from ._formulas import nearest, squared


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
    """Return the same where what has moved was farther off than float32 can square."""
    total = 0.0
    for i in range(values.size):
        is_moved = False
        for k in range(CLUSTERS):
            is_moved |= moved[k] == i
        if not is_moved:  # else it is a centre by itself
            total += float64(squared(values[i], centres[label_of(values[i], old)]))
    return total


@serial
def label_of(value, centres):
    """Return which centre is nearest, the first of equals."""
    return nearest(value, centres[0], centres[1], centres[2], centres[3], centres[4])
