"""Logarithm and exponential in steps that vectorise; devices have fast instructions."""

import math

import numpy as np
from numba import int32, int64

from ...kernels.jit import serial

_ROOT_OF_HALF = 0x3FE6A09E667F3BCD  # its bits, as a float64


@serial
def logarithm(value):
    """Return the natural logarithm of a float64 from 1 on, right to 1e-9, in steps that vectorise.

    From bits: a power of 2, times the logarithm of a factor near 1. Infinity and NaN are returned
    unchanged.
    """
    bits = np.float64(value).view(np.int64)
    power = (bits - _ROOT_OF_HALF) >> 52
    rest = np.int64(bits - (power << 52)).view(np.float64)
    ratio = (rest - 1.0) / (rest + 1.0)
    square = ratio * ratio
    total = square * (2 / 9) + 2 / 7
    total = total * square + 2 / 5
    total = total * square + 2 / 3
    total = int32(power) * math.log(2) + (2.0 * ratio + ratio * square * total)
    return total if value < math.inf else value


@serial
def exponential(value):
    """Return e to a power, -700 to 700, right to 1e-9, in steps that vectorise."""
    power = math.floor(value * (1 / math.log(2)) + 0.5)
    rest = value - power * math.log(2)
    total = rest * (1 / 40320) + 1 / 5040
    total = total * rest + 1 / 720
    total = total * rest + 1 / 120
    total = total * rest + 1 / 24
    total = total * rest + 1 / 6
    total = total * rest + 0.5
    total = total * rest + 1.0
    total = total * rest + 1.0
    return total * np.int64((int64(int32(power)) + 1023) << 52).view(np.float64)
