"""Postprocessing straight from its definition, one map after the other, in float64."""

import numpy as np


def blur_matrix(size, sigma):
    """Return the matrix that blurs a side of a map, the border repeated as in a mirror."""
    reach = int(4 * sigma + 0.5)
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    matrix = np.zeros((size, size))
    for row in range(size):
        for step, weight in zip(steps, weights / weights.sum(), strict=True):
            place = (row + step) % (2 * size)
            matrix[row, min(place, 2 * size - 1 - place)] += weight
    return matrix


def blurred(small, shape, smooth):
    """Return the map blurred isotropically in the picture of shape `shape`."""
    rows, cols = small.shape
    pixels = smooth * shape[1]
    down = blur_matrix(rows, pixels * rows / shape[0])
    return down @ small @ blur_matrix(cols, pixels * cols / shape[1]).T


def central(size):
    places = (np.arange(size) + 0.5) / size - 0.5
    return np.exp(-0.5 * (places / 0.25) ** 2)


def has_range(low, high):
    """Return whether more than rounding in float32 lies between the two."""
    return high - low > 1e-5 * max(abs(low), abs(high))


def enlargement(source, target):
    """Return the matrix that up-samples a side, with half-pixel centres and clamped ends."""
    places = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    matrix = np.zeros((target, source))
    for row, place in enumerate(places):
        first = min(int(place), max(source - 2, 0))
        matrix[row, first] += 1 - (place - first)
        matrix[row, min(first + 1, source - 1)] += place - first
    return matrix


def postprocess(small, shape, smooth=0, center_bias=0, rescale=True):
    """Return the map of shape `shape`."""
    small = small.astype(np.float64)
    if smooth:
        small = blurred(small, shape, smooth)
    rows, cols = small.shape
    if rescale:
        small = small - small.min() if has_range(small.min(), small.max()) else 0 * small
    small = small * (1 - center_bias + center_bias * np.outer(central(rows), central(cols)))
    if rescale:
        low, high = small.min(), small.max()
        small = (small - low) / (high - low) if has_range(low, high) else np.zeros_like(small)
    return enlargement(rows, shape[0]) @ small @ enlargement(cols, shape[1]).T
