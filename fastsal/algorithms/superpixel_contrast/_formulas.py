"""The formulas of superpixel contrast, for both backends. Scalars only."""

import math

from numba import float32

from ...kernels.jit import serial
from ...kernels.scale import stored

# The paper's alpha and beta, halved and in powers of 2: a weight is 2**-(this * squared gap).
_SHARPNESS = float32(0.5 / 30 / math.log(2))


@serial
def squared_gap(a0, a1, a2, b0, b1, b2):
    """Return the squared distance of two colours."""
    return (a0 - b0) * (a0 - b0) + (a1 - b1) * (a1 - b1) + (a2 - b2) * (a2 - b2)


@serial
def variance(squares, rows, cols):
    """Return mean square less squared mean, of a position; never below 0."""
    return max(float32(0), float32(squares - (rows * rows + cols * cols)))


@serial
def merit(unique, spread, steepness):
    """Return the saliency of a superpixel, from uniqueness and distribution in [0, 1]."""
    return float32(unique * math.exp(float32(-steepness * spread)))


@serial
def unlikeness(apart, away):
    """Return the power of 1/2 that a superpixel weighs to a pixel so far in colour and place."""
    return (apart + away) * _SHARPNESS


@serial
def change(value, before, signed, itemsize):
    """Return the entry of the map of change, as a map of that item size holds it."""
    gap = float32(value - before)
    return gap if signed else stored(max(gap, float32(0)), itemsize)
