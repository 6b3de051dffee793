"""The formulas of whitened differences of Gaussians, for both backends. Scalars only.

Scores are squared Mahalanobis distances, as Rosenholtz (1999) models saliency.
"""

import numpy as np
from numba import float64

from ...kernels.jit import serial

_SIGMAS = (0.8, 1.26, 2.0, 3.2, 5.0, 8.0, 12.7)  # in cells, 128 along the longer side
_LONGER = 128
_FINEST = 0.5  # a narrower Gaussian blurs nothing
_FLAT = 1e-3  # standard deviation in CIELab below which a difference is only rounding


def sigmas_of(longer):
    """Return the sigmas of the Gaussians, for that many cells along the longer side."""
    sigmas = np.array(_SIGMAS) * longer / _LONGER
    return sigmas[sigmas >= _FINEST].astype(np.float32)


@serial
def pair_of(index):
    """Return row and column of an entry of a symmetric matrix with its lower half numbered."""
    row = 0
    while (row + 1) * (row + 2) // 2 <= index:
        row += 1
    return row, index - row * (row + 1) // 2


@serial
def covariance(product, first, second, count):
    """Return a covariance from the sum of products and the two sums."""
    return float64(product) / count - (float64(first) / count) * (float64(second) / count)


@serial
def scale_of(variance):
    """Return the factor that gives a feature the variance 1, or 0 to one that is flat."""
    return 1 / variance**0.5 if variance > _FLAT * _FLAT else 0.0
