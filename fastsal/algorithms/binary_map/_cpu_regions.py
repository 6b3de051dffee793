"""How much saliency lies in each region, on the CPU."""

import numpy as np

from ...kernels.jit import serial


@serial
def region_sums(values, labels, count):
    """Return the sum of the values of each label, 0 to count - 1."""
    sums = np.zeros(count, np.float64)
    label, total = labels[0], 0.0
    for i in range(values.size):
        if labels[i] != label:  # runs are long, and a register is nearer than a table
            sums[label] += total
            label, total = labels[i], 0.0
        total += values[i]
    sums[label] += total
    return sums
