"""The formulas of postprocessing, for both backends. Scalars only."""

from numba import float32, int64

from ..borders import clamp
from ..gaussian import gaussian
from ..jit import serial


@serial
def reach_of(sigma):
    """Return the radius of a Gaussian of that sigma, in pixels."""
    return int64(float32(4) * sigma + float32(0.5))


@serial
def centrality(index, size):
    """Return a Gaussian around the middle of a side, a quarter of it wide."""
    return gaussian(float32(2 * index + 1 - size), float32(0.5) * float32(size))


@serial
def biased(value, bias, across, down):
    """Return a value multiplied by 1 - bias + bias * centrality."""
    return float32(value * (float32(1) - bias + bias * across * down))


@serial
def top_of(low, high):
    """Return `high`, or `low` if only rounding of float32 separates them."""
    return high if high - low > float32(1e-5) * max(abs(low), abs(high)) else low


@serial
def between(index, source, target):
    """Return the first of the two sources around a target pixel, and the weight of the other.

    From integers, so the weight is rounded only once.
    """
    scaled = (2 * int64(index) + 1) * int64(source) - int64(target)
    first = scaled // (2 * int64(target))
    return clamped(first, scaled - first * 2 * target, source, target)


@serial
def clamped(first, rest, source, target):
    """As `between`, from a quotient and remainder by 2 * target; clamp at the borders."""
    if first < 0 or first >= source - 1:
        return clamp(first, source), float32(0)
    return first, float32(float32(rest) / float32(2 * target))


@serial
def lerp(first, second, weight):
    """Return the linear interpolation between two float32."""
    return axpy(first, float32(second - first), weight)


@serial
def axpy(first, step, weight):
    """Return `first` plus `weight` times a step."""
    return float32(first + float32(weight * step))
