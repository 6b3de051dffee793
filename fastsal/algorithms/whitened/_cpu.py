"""Whitened differences of Gaussians on the CPU, frame by frame: each step on all threads."""

from functools import cache

import numpy as np

from ...kernels import launch
from ...kernels.color._cpu_lab import linear_table
from ...kernels.downsample._cpu import fill_means
from ...kernels.downsample._formulas import shape_of_cells
from ...kernels.launch import over_bands
from ...kernels.postprocess._cpu import postprocess
from ._cpu_features import (
    blur_across,
    fill_lab,
    subtract_down,
)
from ._cpu_whiten import (
    CHUNK,
    fill_distances,
    fill_moments,
    fill_weights,
)
from ._formulas import sigmas_of
from ._whitening import SUMS


def whitened(pixels, channels, is_rgb, width, size, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels)."""
    frames, area = out.shape
    rows, cols = shape_of_cells(area // width, width, size)
    planes = 3 if channels > 1 else 1
    means = launch.scratch("whitened means", (frames, planes, rows, cols), np.float32)
    maps = launch.scratch("whitened maps", (frames, rows, cols), np.float32)
    fill_means(pixels, channels, is_rgb, width, means)
    sigmas = sigmas_of(max(rows, cols))
    for frame in range(frames):
        _fill_map(means[frame], sigmas, maps[frame])
    postprocess(maps, width, smooth, center_bias, True, out)


@cache
def _light():
    return linear_table()


def _fill_map(means, sigmas, saliency):
    """Fill one map, (h, w), from `means`, (3, h, w) or (1, h, w)."""
    lab = launch.scratch("whitened lab", means.shape, np.float32)
    rows = means.shape[1]
    over_bands(fill_lab, rows, means, _light(), lab, pixels=4 * lab.size)
    _score(lab, sigmas, saliency)


def _score(lab, sigmas, saliency):
    """Fill `saliency`, (h, w), from CIELab, (3, h, w), or lightness, (1, h, w)."""
    planes, rows, cols = lab.shape
    shape = planes, sigmas.size, rows, cols
    if not sigmas.size:
        saliency[:] = 0
        return
    blurred = launch.scratch("whitened blurred", shape, np.float32)
    features = launch.scratch("whitened features", shape, np.float32)
    work = features.size
    args = (lab, sigmas, blurred)
    over_bands(blur_across, planes * rows, *args, pixels=4 * work)
    args = (lab, blurred, sigmas, features)
    over_bands(subtract_down, planes * rows, *args, pixels=4 * work)
    flat = features.reshape(planes * sigmas.size, -1)
    count = len(flat)
    moments = np.empty(count * (count + 1) // 2 + count)
    over_bands(fill_moments, moments.size, flat, moments, pixels=4 * work)
    weights = np.empty((count, count + SUMS), np.float32)
    factors = np.zeros((count, count + SUMS))
    fill_weights(moments, rows * cols, np.empty((count, count)), factors)
    weights[:] = factors
    args = (flat, weights, saliency.reshape(-1))
    chunks = -(-saliency.size // CHUNK)
    over_bands(fill_distances, chunks, *args, pixels=4 * work)
