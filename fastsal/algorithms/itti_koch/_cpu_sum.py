"""From features at the scale of the map to conspicuity maps, and from these to the map."""

import numpy as np
from numba import float32

from ...kernels.jit import serial
from ._cpu_compete import compete
from ._cpu_features import add, weight_of
from ._formulas import faintness, modality


@serial
def combine(plan, reduced, spans, maps):
    """Fill `maps`: the map, and those of intensity, colour and orientation."""
    summed = np.zeros((4, *maps.shape[1:]), np.float32)
    maps[:] = 0
    widest = np.zeros(3, np.float32)
    for task in range(len(plan.tasks)):
        kind = modality(plan.tasks[task, 0])
        widest[kind] = max(widest[kind], spans[task])
    for task in range(len(plan.tasks)):
        plane = plan.tasks[task, 0]
        kind = modality(plane)
        factor = float32(1)
        if plan.shares:
            factor = faintness(spans[task], widest[kind], plan.promotes)
        add(reduced[task], factor, summed[plane - 3] if kind == 2 else maps[kind + 1])
    _add_orientations(plan, summed, maps[3])
    for kind in range(3):
        low, high = _range_of(maps[kind + 1])
        _add_normalized(maps[kind + 1], low, high, plan, plan.weights[kind], maps[0])


@serial
def _add_orientations(plan, summed, target):
    widest = float32(0)
    for orientation in range(4):
        low, high = _range_of(summed[orientation])
        widest = max(widest, high - low)
    for orientation in range(4):
        low, high = _range_of(summed[orientation])
        factor = float32(1)
        if plan.shares:
            factor = faintness(high - low, widest, plan.promotes)
        _add_normalized(summed[orientation], low, high, plan, factor, target)


@serial
def _range_of(source):
    low, high = source[0, 0], source[0, 0]
    for row in range(source.shape[0]):
        values = source[row]
        for col in range(values.size):
            low, high = min(low, values[col]), max(high, values[col])
    return low, high


@serial
def _add_normalized(source, low, high, plan, weight, target):
    """Add weight * N(source)."""
    if not high > low:
        return
    scale = float32(1) / (high - low)
    stretched = np.empty(source.shape, np.float32)
    for row in range(stretched.shape[0]):
        values, shares = source[row], stretched[row]
        for col in range(shares.size):
            shares[col] = scale * (values[col] - low)
    if plan.promotes:
        weight *= weight_of(source, float32(1), low, high, scale)
    if plan.competes:
        compete(plan, stretched)
    add(stretched, weight, target)
