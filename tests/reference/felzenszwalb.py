"""Felzenszwalb and Huttenlocher's segmentation, straight from section 3 of the paper.

Sizes and thresholds follow scikit-image: scale / 255, float32 bounds, small regions merged last.
"""

import numpy as np


def felzenszwalb(image, scale, min_size):
    """Return labels (H, W) of an image (H, W, C) that has been blurred already."""
    rows, cols, _ = image.shape
    edges = []
    for down, right in ((0, 1), (1, 0), (1, 1), (-1, 1)):
        for row in range(rows):
            for col in range(cols):
                if 0 <= row + down < rows and col + right < cols:
                    gap = image[row + down, col + right] - image[row, col]
                    edges.append(
                        (np.sqrt((gap * gap).sum()), (row, col), (row + down, col + right))
                    )
    edges.sort(key=lambda edge: edge[0])
    regions = {(row, col): [(row, col)] for row in range(rows) for col in range(cols)}
    inner = {id(region): 0.0 for region in regions.values()}

    def bound(region):
        return np.float32(inner[id(region)] + scale / 255 / len(region))

    def merge(one, other, cost):
        one.extend(other)
        inner[id(one)] = cost
        for pixel in other:
            regions[pixel] = one

    for cost, first, second in edges:
        one, other = regions[first], regions[second]
        if one is not other and cost < min(bound(one), bound(other)):
            merge(one, other, cost)
    for cost, first, second in edges:
        one, other = regions[first], regions[second]
        if one is not other and min(len(one), len(other)) < min_size:
            merge(one, other, cost)
    names, labels = {}, np.empty((rows, cols), int)
    for row in range(rows):
        for col in range(cols):
            labels[row, col] = names.setdefault(id(regions[row, col]), len(names))
    return labels
