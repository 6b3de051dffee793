"""Superpixel contrast straight from its definition: float64, every pair at once."""

import numpy as np
from skimage.color import rgb2lab


def squared_gaps(a, b):
    return sum((a[:, None, k] - b[None, :, k]) ** 2 for k in range(a.shape[1]))


def uniqueness(color, position, other_color, other_position, sigma=0.25):
    weight = np.exp(-squared_gaps(position, other_position) / (2 * sigma**2))
    return (squared_gaps(color, other_color) * weight).sum(1) / weight.sum(1)


def distribution(color, other_color, other_position, sigma=20.0):
    weight = np.exp(-squared_gaps(color, other_color) / (2 * sigma**2))
    weight /= weight.sum(1, keepdims=True)
    mean = weight @ other_position
    return (squared_gaps(mean, other_position) * weight).sum(1)


def scaled(values):
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def contrast(mine, others, steepness=6.0, sigma_color=20.0, sigma_position=0.25):
    """Return the saliency of each superpixel of `mine`; both are (colour, position)."""
    unique = scaled(uniqueness(*mine, *others, sigma_position))
    spread = scaled(distribution(mine[0], *others, sigma_color))
    return scaled(unique * np.exp(-steepness * spread))


def superpixels(image, labels):
    """Return CIELab of the mean colour, and the mean position relative to the image's sides."""
    image = image / (255 if image.dtype == np.uint8 else 1)
    image = np.dstack([image] * 3) if image.ndim == 2 else image[..., :3]
    count, area = labels.max() + 1, np.bincount(labels.ravel())
    grid = np.mgrid[: labels.shape[0], : labels.shape[1]]
    position = [np.bincount(labels.ravel(), axis.ravel()) / area for axis in grid]
    color = [np.bincount(labels.ravel(), image[..., k].ravel()) / area for k in range(3)]
    lab = rgb2lab(np.stack(color, -1).reshape(count, 1, 3)).reshape(count, 3)
    return lab, np.stack(position, -1) / labels.shape


def superpixel_contrast(image, labels, reference=None, reference_labels=None, **options):
    """Return the map of an image, from labels 0 to n - 1."""
    mine = superpixels(image, labels)
    others = mine if reference is None else superpixels(reference, reference_labels)
    return contrast(mine, others, **options)[labels]


def averaged(image, labels, tiles, values, region_size):
    """Return for each pixel the mean of the superpixels of 4 x 4 tiles, weighted by likeness.

    `tiles` gives the tile of each label.
    """
    color, share = superpixels(image, labels)
    position = share * labels.shape
    pixel_lab = rgb2lab(image[..., :3] / 255)
    across = -(-labels.shape[1] // region_size)
    result = np.empty(labels.shape)
    for row, col in np.ndindex(labels.shape):
        v = (row + region_size // 2) // region_size - tiles // across
        u = (col + region_size // 2) // region_size - tiles % across
        near = (v >= -1) & (v <= 2) & (u >= -1) & (u <= 2)
        gaps = ((color[near] - pixel_lab[row, col]) ** 2).sum(1)
        gaps += ((position[near] - (row, col)) ** 2).sum(1)
        weight = np.exp(-(gaps - gaps.min()) / 60)
        result[row, col] = weight @ values[near] / weight.sum()
    return result
