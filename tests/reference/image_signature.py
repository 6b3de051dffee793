"""The image signature straight from its definition, on one image, in float64."""

import numpy as np

from reference.cells import cell_means
from reference.postprocess import postprocess

SRGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)


def cielab(rgb):
    """Return CIELab of sRGB; (1, 1, 1) is white."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    shares = light @ (SRGB / SRGB.sum(1, keepdims=True)).T
    x, y, z = np.moveaxis(
        np.where(shares > 0.008856, np.cbrt(shares), 7.787 * shares + 16 / 116), -1, 0
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def cosines(count):
    """Return the matrix of the cosine transform."""
    waves, places = np.arange(count)[:, None], np.arange(count)
    matrix = np.cos(np.pi * waves * (places + 0.5) / count) * np.sqrt(2 / count)
    matrix[0] /= np.sqrt(2)
    return matrix


def waves_of(image):
    """Return the cosine transforms of the planes of CIELab; of a grey image, of its lightness."""
    image = image.astype(np.float64) / (255 if image.dtype == np.uint8 else 1)
    if image.ndim == 2:
        planes = cielab(cell_means(image[..., None].repeat(3, -1), 64))[:1]
    else:
        planes = cielab(cell_means(image[..., :3], 64))
    down, across = (cosines(side) for side in planes[0].shape)
    return [down @ plane @ across.T for plane in planes]


def image_signature(image, smooth=0.045, center_bias=0):
    """Return the map of a uint8 or float image, RGB or grey."""
    energy = 0
    for waves in waves_of(image):
        signs = np.where(np.abs(waves) > 1e-3, np.sign(waves), 0)
        down, across = (cosines(side) for side in waves.shape)
        energy = energy + (down.T @ signs @ across) ** 2
    return postprocess(energy, image.shape[:2], smooth, center_bias)


def doubtful_waves(image):
    """Return the number of DCT coefficients so near to 0.001 that rounding decides their signs."""
    near = [np.abs(np.abs(waves) - 1e-3) < 5e-4 for waves in waves_of(image)]
    return int(sum(each.sum() for each in near))
