"""Centre-surround saliency straight from its definition, on one image, in float64."""

import numpy as np

from reference.cells import cell_means
from reference.postprocess import postprocess

FAST = {"center": 1, "surround": 5, "scales": 1, "octaves": 4, "intensity": 0.5, "border": 0.05}
VOCUS2 = {"center": 3, "surround": 13, "scales": 2, "octaves": 5, "intensity": 1, "border": 0}


def blur_matrix(size, sigma):
    """Return the matrix that blurs a side as OpenCV does, the border held."""
    reach = (round(8 * sigma + 1) | 1) // 2
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    matrix = np.zeros((size, size))
    for row in range(size):
        np.add.at(matrix[row], np.clip(row + steps, 0, size - 1), weights / weights.sum())
    return matrix


def blurred(plane, sigma):
    return blur_matrix(plane.shape[0], sigma) @ plane @ blur_matrix(plane.shape[1], sigma).T


def halved(plane):
    rows, cols = plane.shape
    picked = [np.arange(max(1, side // 2)) * side // max(1, side // 2) for side in (rows, cols)]
    return plane[np.ix_(*picked)]


def contrasts(plane, center, surround, scales, octaves):
    """Return per octave the sum over scales of differences between centre and surround."""
    plane, result = blurred(plane, center), []
    for _ in range(min(octaves, int(np.log2(min(plane.shape))) + 1)):
        total = 0
        for scale in range(scales):
            here, there = 2 ** (scale / scales), 2 ** ((scale + 1) / scales)
            around = blurred(plane, np.sqrt(surround**2 - center**2) * here)
            total = total + np.abs(plane - around)
            plane = blurred(plane, center * np.sqrt(there**2 - here**2))
        result.append(total)
        plane = halved(plane)
    return result


def doubling(size):
    """Return the matrix from an octave's next back to it, pixel on the pixel it came from."""
    count = max(1, size // 2)
    places = np.minimum(np.arange(size) * count / size, count - 1)
    matrix = np.zeros((size, count))
    for row, place in enumerate(places):
        matrix[row, int(place)] += 1 - place % 1
        matrix[row, min(int(place) + 1, count - 1)] += place % 1
    return matrix


def cubic(source, target):
    """Return the matrix of OpenCV's cubic up-sampling of a side."""
    matrix = np.zeros((target, source))
    for row in range(target):
        place = (row + 0.5) * source / target - 0.5
        first = int(np.floor(place))
        for step in range(-1, 3):
            gap = abs(place - first - step)
            near = 1.25 * gap**3 - 2.25 * gap**2 + 1
            far = -0.75 * (gap**3 - 5 * gap**2 + 8 * gap - 4)
            at = min(max(first + step, 0), source - 1)
            matrix[row, at] += near if gap <= 1 else far
    return matrix


def fading(size, reach):
    places = np.arange(size) + 0.5
    return np.minimum(1, np.minimum(places, size - places) / reach) if reach else np.ones(size)


def center_surround(image, variant="fast", smooth=None, center_bias=0):
    """Return the map of a uint8 or float image, RGB or grey."""
    form = dict(FAST if variant == "fast" else VOCUS2)
    image = image.astype(np.float64) / (255 if image.dtype == np.uint8 else 1)
    image = image[..., None].repeat(3, -1) if image.ndim == 2 else image
    means = cell_means(image, 200) if variant == "fast" else image
    red, green, blue = np.moveaxis(means[..., :3], -1, 0)
    intensity, border = form.pop("intensity"), form.pop("border")
    planes = (
        intensity * (red + green + blue) / 3,
        red - green,
        blue - (red + green) / 2,
    )
    of_planes = [contrasts(each, **form) for each in planes]
    octaves = [sum(same) for same in zip(*of_planes, strict=True)]
    rows, cols = octaves[0].shape
    if variant == "fast":
        small = octaves.pop()
        while octaves:
            larger = octaves.pop()
            small = larger + doubling(larger.shape[0]) @ small @ doubling(larger.shape[1]).T
    else:
        small = octaves[0]
        for each in octaves[1:]:
            small = small + cubic(each.shape[0], rows) @ each @ cubic(each.shape[1], cols).T
    reach = border * max(rows, cols)
    small = small * np.outer(fading(rows, reach), fading(cols, reach))
    if np.ptp(means, axis=(0, 1)).max() == 0:
        small[:] = 0  # an image of one colour has only rounding errors
    if smooth is None:
        smooth = 0.02 if variant == "fast" else 0
    return postprocess(small, image.shape[:2], smooth, center_bias)
