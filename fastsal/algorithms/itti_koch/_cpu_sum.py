"""From features at the scale of the map to conspicuity maps, and from these to the map."""

import numpy as np
from numba import float32

from ...kernels.jit import serial
from ._cpu_features import weight_of


@serial
def combine(plan, reduced, maps):
    """Fill `maps`: the map, and those of intensity, colour and orientation."""
    summed = np.zeros((4, *maps.shape[1:]), np.float32)
    maps[:] = 0
    for task in range(len(plan.tasks)):
        plane = plan.tasks[task, 0]
        if plane < 3:
            _add(reduced[task], float32(1), maps[min(plane + 1, 2)])
        else:
            _add(reduced[task], float32(1), summed[plane - 3])
    for orientation in range(4):
        _add_normalized(summed[orientation], plan.promotes, float32(1), maps[3])
    for kind in range(3):
        _add_normalized(maps[kind + 1], plan.promotes, plan.weights[kind], maps[0])


@serial
def _add(source, factor, target):
    for row in range(target.shape[0]):
        values, sums = source[row], target[row]
        for col in range(sums.size):
            sums[col] += factor * values[col]


@serial
def _add_normalized(source, promotes, weight, target):
    """Add weight * N(source)."""
    low, high = source[0, 0], source[0, 0]
    for row in range(source.shape[0]):
        values = source[row]
        for col in range(values.size):
            low, high = min(low, values[col]), max(high, values[col])
    if not high > low:
        return
    scale = float32(1) / (high - low)
    gain = weight * scale
    if promotes:
        gain *= weight_of(source, float32(1), low, high, scale)
    for row in range(target.shape[0]):
        values, sums = source[row], target[row]
        for col in range(sums.size):
            sums[col] += gain * (values[col] - low)
