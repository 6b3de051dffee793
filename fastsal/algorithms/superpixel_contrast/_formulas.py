"""The formulas of superpixel contrast, for both backends. Scalars only."""

import math

from numba import float32

from ...kernels.jit import serial
from ...kernels.scale import stored

# Alpha and beta of Eq. 8, halved and for powers of 2: a weight is 2**-(this * squared distance).
_SHARPNESS = float32(0.5 / 30 / math.log(2))
_LN2 = float32(math.log(2))
DEEPEST = float32(126)  # 2**-126 is the smallest float32 of full precision


@serial
def half_to(exponent):
    """Return (1/2)**exponent for exponent >= 0."""
    return float32(math.exp(-_LN2 * min(exponent, DEEPEST)))


@serial
def squared_distance(a0, a1, a2, b0, b1, b2):
    """Return the squared distance of two colours."""
    return (a0 - b0) * (a0 - b0) + (a1 - b1) * (a1 - b1) + (a2 - b2) * (a2 - b2)


@serial
def variance(squares, rows, cols):
    """Return the D of Eq. 4: mean square minus squared mean of positions, at least 0."""
    return max(float32(0), float32(squares - (rows * rows + cols * cols)))


@serial
def saliency_of(unique, spread, steepness):
    """Return the saliency of Eq. 7 from uniqueness and distribution in [0, 1]."""
    return float32(unique * math.exp(float32(-steepness * spread)))


@serial
def weight_exponent(color_dist, spatial_dist):
    """Return e of the weight 2**-e of Eq. 8, from two squared distances."""
    return (color_dist + spatial_dist) * _SHARPNESS


@serial
def change(value, before, signed, itemsize):
    """Return the difference of two values as a map of this item size holds it."""
    diff = float32(value - before)
    return diff if signed else stored(max(diff, float32(0)), itemsize)
