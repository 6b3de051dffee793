"""Attribution methods in plain NumPy, from their papers and from the packages' rules."""

import itertools

import numpy as np
from scipy import ndimage


def integrated(image, baseline, gradient_at, rule, steps):
    """Return Integrated Gradients, one gradient at a time."""
    if rule == "gauss-legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        points, weights = (nodes + 1) / 2, weights / 2
    elif rule == "midpoint":
        points, weights = (np.arange(steps) + 0.5) / steps, np.ones(steps) / steps
    else:
        points = np.linspace(0, 1, steps)
        weights = np.ones(steps) / steps
        if rule == "trapezoid":
            weights = np.ones(steps) / (steps - 1)
            weights[0] = weights[-1] = 0.5 / (steps - 1)
    step = image - baseline
    return (
        sum(w * gradient_at(baseline + t * step) for t, w in zip(points, weights, strict=True))
        * step
    )


def blur_path(image, gradient_at, max_sigma, steps, grad_step, sqrt):
    """Return Blur IG, one step at a time."""

    def blurred(sigma):
        return ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="constant")

    sigmas = [max_sigma * i / steps for i in range(steps + 1)]
    sigmas = [s**0.5 for s in sigmas] if sqrt else sigmas
    total = np.zeros_like(image)
    for low, high in itertools.pairwise(sigmas):
        slope = (blurred(low + grad_step) - blurred(low)) / grad_step
        total -= (high - low) * slope * gradient_at(blurred(low))
    return total


def occluded(image, score_at, size, value):
    """Return the sum of score falls over all square windows."""
    total = np.zeros(image.shape)
    for row in range(image.shape[0] - size + 1):
        for col in range(image.shape[1] - size + 1):
            covered = image.copy()
            covered[row : row + size, col : col + size] = value
            total[row : row + size, col : col + size] += score_at(image) - score_at(covered)
    return total
