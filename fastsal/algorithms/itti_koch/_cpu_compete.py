"""N by iteration: the places of a map compete, each helped by those near and held down by all."""

import numpy as np
from numba import float32

from ...kernels.jit import serial
from ...kernels.postprocess._cpu import blur_across, blur_down
from ._formulas import ROUNDS, after_round


@serial
def compete(plan, values):
    """Put a map, whose values count from 0 up, through the rounds."""
    rows, cols = values.shape
    maps = values.reshape(1, rows, cols)
    spare, near = np.empty_like(maps), np.empty_like(maps)
    sums = np.empty((rows, len(plan.across)), np.float32)
    for _ in range(ROUNDS):
        blur_across(maps, plan.sigma, spare, 0, rows)
        blur_down(spare, plan.sigma, near, 0, rows)
        waves = _waves_of(values, plan, sums)
        top = _greatest(values)
        for row in range(rows):
            _finish_round(near[0, row], plan, waves, row, top, spare[0, 0], values[row])


@serial
def _waves_of(values, plan, sums):
    """Return how much of each pair of waves, one down and one across, there is in a map."""
    for row in range(len(values)):
        for wave in range(len(plan.across)):
            sums[row, wave] = _product(values[row], plan.across[wave])
    waves = np.zeros((len(plan.down), len(plan.across)), np.float32)
    for wave in range(len(plan.down)):
        for row in range(len(values)):
            _add(plan.down[wave, row], sums[row], waves[wave])
    return waves


@serial
def _product(values, others):
    """Return the sum of products; eight sums side by side, which vectorise."""
    parts = np.zeros(8, np.float32)
    whole = values.size // 8 * 8
    for first in range(0, whole, 8):
        some, more = values[first : first + 8], others[first : first + 8]
        for i in range(8):
            parts[i] += some[i] * more[i]
    total = float32(0)
    for i in range(8):
        total += parts[i]
    for i in range(whole, values.size):
        total += values[i] * others[i]
    return total


@serial
def _add(weight, source, target):
    for i in range(target.size):
        target[i] += weight * source[i]


@serial
def _greatest(values):
    most = values[0, 0]
    for row in range(len(values)):
        line = values[row]
        for col in range(line.size):
            most = max(most, line[col])
    return most


@serial
def _finish_round(near, plan, waves, row, top, far, values):
    far[:] = 0
    for wave in range(len(plan.across)):
        weight = float32(0)
        for other in range(len(plan.down)):
            weight += plan.down[other, row] * waves[other, wave]
        _add(weight, plan.across[wave], far)
    for col in range(values.size):
        values[col] = after_round(values[col], near[col], far[col], top)
