"""LC straight from its definition: every pixel against every other."""

import numpy as np


def luminance_contrast(gray):
    """Return the map of one grey image of integers, scaled over the pixels it has."""
    levels = gray.astype(np.int64).ravel()
    contrast = np.array([np.abs(levels - level).sum() for level in levels])
    least, most = contrast.min(), contrast.max()
    if least == most:
        return np.zeros(gray.shape, np.float32)
    return ((contrast - least) / (most - least)).astype(np.float32).reshape(gray.shape)
