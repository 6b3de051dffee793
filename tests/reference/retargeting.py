"""Axis-aligned deformation from its definition (Panozzo et al. 2012), by a general optimiser."""

import numpy as np
from scipy.optimize import LinearConstraint, minimize


def energy(importance, source, target, heights, widths):
    """Return the ASAP energy (Eq. 5) of row heights and column widths in pixels."""
    (height, width), (rows, cols) = source, importance.shape
    del target
    total = 0.0
    for i in range(rows):
        for j in range(cols):
            difference = rows / height * heights[i] - cols / width * widths[j]
            total += (importance[i, j] * difference) ** 2
    return total


def solved(importance, source, target, min_scale):
    """Return the row heights and column widths of minimum energy, in pixels."""
    rows, cols = importance.shape
    plain = np.r_[np.full(rows, target[0] / rows), np.full(cols, target[1] / cols)]
    sums = np.zeros((2, rows + cols))
    sums[0, :rows] = sums[1, rows:] = 1
    found = minimize(
        lambda sizes: energy(importance, source, target, sizes[:rows], sizes[rows:]),
        plain,
        method="SLSQP",
        bounds=[(min_scale * each, None) for each in plain],
        constraints=LinearConstraint(sums, target, target),
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.success, found.message
    return found.x[:rows], found.x[rows:]


def resampled(pixels, row_edges, col_edges):
    """Return the mean of each target pixel's rectangle of at least one source pixel."""
    height, width, channels = pixels.shape
    out = np.zeros((len(row_edges) - 1, len(col_edges) - 1, channels))
    for row in range(out.shape[0]):
        down = coverage(row_edges[row], row_edges[row + 1], height)
        for col in range(out.shape[1]):
            across = coverage(col_edges[col], col_edges[col + 1], width)
            for channel in range(channels):
                out[row, col, channel] = down @ pixels[..., channel].astype(float) @ across
    return out


def coverage(low, high, size):
    """Return the fraction of an interval in each pixel of an axis."""
    center, length = (low + high) / 2, max(1.0, high - low)
    low, high = center - length / 2, center + length / 2
    parts = np.array([max(0.0, min(high, k + 1) - max(low, k)) for k in range(size)])
    return parts / parts.sum()
