"""Value of a cell, duration of a shift of attention, and duration of inhibition of return.

The model is that of Itti, Koch and Niebur (1998), section 2.2.
"""

import math

from ...kernels.jit import serial

INHIBITION = 0.7  # seconds that a focus is not returned to: 0.5 to 0.9 in the paper
# A cell charges towards its current, saliency and a constant, at this rate, and the first to reach
# the threshold wins. With this constant and threshold a shift takes 30 ms at saliency 1 and 70 ms
# at saliency 0, the paper's bounds.
_RATE = 0.05
_CONSTANT = 1.4928
_THRESHOLD = (1 + _CONSTANT) * (1 - math.exp(-0.03 / _RATE))


@serial
def time_to_fire(saliency):
    """Return the seconds after which a leaky cell of that saliency fires."""
    current = saliency + _CONSTANT
    return _RATE * math.log(current / (current - _THRESHOLD))


@serial
def mean_of(total, unit, count):
    """Return the mean of `count` levels of that unit."""
    return total * unit / count


@serial
def off_middle(row, col, top, left, bottom, right):
    """Return the squared distance of a pixel from the middle of its cell, in half pixels."""
    return (2 * row + 1 - top - bottom) ** 2 + (2 * col + 1 - left - right) ** 2
