"""Whitened differences of Gaussians straight from their definition, on one image, in float64."""

from itertools import pairwise

import numpy as np

from reference.cells import cell_means
from reference.image_signature import cielab
from reference.postprocess import blur_matrix, postprocess

SIGMAS = (0.8, 1.26, 2, 3.2, 5, 8, 12.7)


def features_of(image, size):
    """Return the differences of Gaussians, (features, rows, cols)."""
    white = {"u": lambda: np.iinfo(image.dtype).max, "f": lambda: 1}[image.dtype.kind]()
    image = image.astype(np.float64) / white
    if image.ndim == 2:
        planes = cielab(cell_means(image[..., None].repeat(3, -1), size))[:1]
    else:
        planes = cielab(cell_means(image[..., :3], size))
    rows, cols = planes[0].shape
    sigmas = [sigma * max(rows, cols) / 128 for sigma in SIGMAS]
    features = []
    for plane in planes:
        scales = [plane]
        for sigma in sigmas:
            if sigma >= 0.5:
                scales.append(blur_matrix(rows, sigma) @ plane @ blur_matrix(cols, sigma).T)
        features += [fine - coarse for fine, coarse in pairwise(scales)]
    return np.array(features).reshape(len(features), rows, cols)


def whitened(image, size=128, smooth=0.02, center_bias=0):
    """Return the map of an image, RGB or grey."""
    features = features_of(image, size)
    count, *shape = features.shape
    distances = np.zeros(shape)
    if count:
        values = features.reshape(count, -1)
        values = values - values.mean(1, keepdims=True)
        spread = values.std(1, keepdims=True)
        values = np.where(spread > 1e-3, values / np.maximum(spread, 1e-3), 0)
        correlations = values @ values.T / values.shape[1]
        solved = np.linalg.solve(correlations + 0.001 * np.eye(count), values)
        distances = (values * solved).sum(0).reshape(shape)
    return postprocess(distances, image.shape[:2], smooth, center_bias)
