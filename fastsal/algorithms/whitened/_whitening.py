"""The whitening of features from their sums: a plain function that each backend compiles."""

from ._formulas import covariance, scale_of

RIDGE = 0.001  # ridge added to the variances of 1: features that others explain count less
SUMS = 2  # columns of the weights beside the matrix: the factor of a feature, and an offset


def fill_weights(moments, count, lower, weights):
    """Fill `weights`, (n, n + 2), which whiten n features one after the other.

    Whitened feature k is ``weights[k, n] * feature[k] + weights[k, n + 1]`` plus ``weights[k, j]``
    times each whitened feature j before it. This is the forward substitution of the Cholesky factor
    of the features' correlations plus `RIDGE`. `moments` are the sums of products, numbered as
    `pair_of` does, then the sums of the features, over `count` cells. `lower`, (n, n), is
    overwritten.
    """
    size = len(lower)
    sums = size * (size + 1) // 2
    for row in range(size):
        at = row * (row + 1) // 2
        own = moments[sums + row]
        variance = covariance(moments[at + row], own, own, count)
        weights[row, size] = scale_of(variance)
        for col in range(row + 1):
            value = covariance(moments[at + col], own, moments[sums + col], count)
            value *= scale_of(variance) * weights[col, size]
            if col == row:
                value += RIDGE
            for i in range(col):
                value -= lower[row, i] * lower[col, i]
            lower[row, col] = value**0.5 if col == row else value / lower[col, col]
    for row in range(size):
        scale = weights[row, size] / lower[row, row]
        weights[row, size] = scale
        weights[row, size + 1] = -scale * moments[sums + row] / count
        for col in range(row):
            weights[row, col] = -lower[row, col] / lower[row, row]
