"""Squared statistical distances of features on the CPU."""

import numpy as np

from ...kernels.jit import banded, serial
from . import _whitening
from ._formulas import pair_of

LANES = 64  # partial sums: loops over this number vectorise, and their order is the same everywhere
CHUNK = 256  # cells whitened at once: their features fit the first cache

fill_weights = serial(_whitening.fill_weights)


@banded
def fill_moments(features, moments, start, stop):
    """Fill the sums of products of features, (n, cells), two by two, then those of features."""
    size = len(features)
    lanes = np.empty(LANES, np.float32)
    for index in range(start, stop):
        if index < size * (size + 1) // 2:
            row, col = pair_of(index)
            _add_products(features[row], features[col], lanes)
        else:
            _add_values(features[index - size * (size + 1) // 2], lanes)
        total = 0.0
        for lane in range(LANES):
            total += lanes[lane]
        moments[index] = total


@serial
def _add_products(first, second, lanes):
    lanes[:] = 0
    for start in range(0, first.size - LANES + 1, LANES):
        one, other = first[start : start + LANES], second[start : start + LANES]
        for lane in range(LANES):
            lanes[lane] += one[lane] * other[lane]
    for i in range(first.size // LANES * LANES, first.size):
        lanes[i % LANES] += first[i] * second[i]


@serial
def _add_values(values, lanes):
    lanes[:] = 0
    for i in range(values.size):
        lanes[i % LANES] += values[i]


@banded
def fill_distances(features, weights, distances, start, stop):
    """Fill chunks of `distances` with squared Mahalanobis distances (Rosenholtz 1999)."""
    size = len(features)
    whitened = np.empty((size, CHUNK), np.float32)
    for chunk in range(start, stop):
        first = chunk * CHUNK
        total = distances[first : min(first + CHUNK, distances.size)]
        total[:] = 0
        for row in range(size):
            source, values = features[row, first : first + total.size], whitened[row]
            scale, offset = weights[row, size], weights[row, size + 1]
            for i in range(total.size):
                values[i] = scale * source[i] + offset
            for col in range(row):
                _add_weighted(weights[row, col], whitened[col], values)
            for i in range(total.size):
                total[i] += values[i] * values[i]


@serial
def _add_weighted(weight, source, target):
    for i in range(CHUNK):
        target[i] += weight * source[i]
