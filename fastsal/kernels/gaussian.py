"""Gaussian weights, and rows weighed by them."""

import math

import numpy as np
from numba import float32

from .jit import serial


@serial
def gaussian(distance, sigma):
    """Return a Gaussian's height, 1 in the middle."""
    ratio = float32(float32(distance) / float32(sigma))
    return float32(math.exp(float32(-0.5) * ratio * ratio))


@serial
def half_of_gaussian(sigma, reach):
    """Return the weights from the middle outwards, their sum over both sides being 1."""
    weights = np.empty(reach + 1, np.float32)
    total = 0.0
    for step in range(weights.size):
        weights[step] = gaussian(step, sigma)
        total += weights[step] if step == 0 else 2 * weights[step]
    for step in range(weights.size):
        weights[step] = weights[step] / total
    return weights


@serial
def weigh(weight, source, target):
    """Fill `target` with a row weighed."""
    for col in range(target.size):
        target[col] = weight * source[col]


@serial
def add_pair(weight, first, second, target):
    """Add to `target` two rows of one weight."""
    for col in range(target.size):
        target[col] += weight * (first[col] + second[col])


@serial
def blur_row(wide, weights, target):
    """Fill `target` from a row that is `reach` wider at either end."""
    reach, width = weights.size - 1, target.size
    weigh(weights[0], wide[reach : reach + width], target)
    for step in range(1, weights.size):
        left, right = wide[reach - step :], wide[reach + step :]
        add_pair(weights[step], left[:width], right[:width], target)
