"""The mean colours of near-square cells, straight from their definition."""

import numpy as np


def bounds(cells, length):
    """Return first and last pixel + 1 of each cell along a side."""
    return [(cell * length // cells, (cell + 1) * length // cells) for cell in range(cells)]


def rows_read(first, last):
    """Return the rows sampled for a cell: at most eight, in the middles of its eighths."""
    count = min(8, last - first)
    return [first + int((part + 0.5) * (last - first) / count) for part in range(count)]


def cell_means(image, longer):
    """Return the mean colours of the cells, of floats (H, W, channels)."""
    height, width = image.shape[:2]
    count = min(longer, max(height, width))
    rows, cols = (max(1, round(count * side / max(height, width))) for side in (height, width))
    means = [
        [image[rows_read(*down), left:right].mean((0, 1)) for left, right in bounds(cols, width)]
        for down in bounds(rows, height)
    ]
    return np.array(means)
