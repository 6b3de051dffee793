"""SSIM and MS-SSIM from their definitions: one window at a time, covariances about the means."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def gaussian_window():
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    return window / window.sum()


def ssim_terms(first, second, white):
    """Return the maps of SSIM and of its contrast-structure term, over whole windows."""
    window = gaussian_window()
    x = sliding_window_view(first.astype(float), window.shape)
    y = sliding_window_view(second.astype(float), window.shape)
    mean_x, mean_y = (x * window).sum((2, 3)), (y * window).sum((2, 3))
    about_x, about_y = x - mean_x[..., None, None], y - mean_y[..., None, None]
    var_x, var_y = (about_x**2 * window).sum((2, 3)), (about_y**2 * window).sum((2, 3))
    covariance = (about_x * about_y * window).sum((2, 3))
    c1, c2 = (0.01 * white) ** 2, (0.03 * white) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    return luminance * structure, structure


def halved(image):
    height, width = (image.shape[0] + 1) // 2, (image.shape[1] + 1) // 2
    result = np.empty((height, width))
    for i in range(height):
        for j in range(width):
            rows = [2 * i, min(2 * i + 1, image.shape[0] - 1)]
            cols = [2 * j, min(2 * j + 1, image.shape[1] - 1)]
            result[i, j] = image[np.ix_(rows, cols)].mean()
    return result


def ms_ssim(first, second, white, weights):
    product = 1.0
    for scale, power in enumerate(POWERS):
        if scale:
            first, second, weights = halved(first), halved(second), halved(weights)
        similarity, structure = ssim_terms(first, second, white)
        term = similarity if scale == 4 else structure
        product *= max(0.0, np.average(term, weights=weights[5:-5, 5:-5])) ** power
    return product
