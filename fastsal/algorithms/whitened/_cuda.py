"""Whitened differences of Gaussians on a CUDA device: a thread per cell, a block per sum."""

import numpy as np
from numba import cuda, float32

from ...devices import workspace
from ...kernels import launch
from ...kernels.color._formulas import balanced, lab, lightness, linear
from ...kernels.downsample._cuda import fill_means
from ...kernels.downsample._formulas import shape_of_cells
from ...kernels.jit import device, kernel
from ...kernels.postprocess._cuda import blurred, postprocess
from ...kernels.reduce import MAX_THREADS, add_up_block
from . import _whitening
from ._formulas import pair_of, sigmas_of

GROUP = 64  # frames with features stored at once
MOST_FEATURES = 21  # three planes at seven scales
SUMS = _whitening.SUMS

fill_weights = device(_whitening.fill_weights)


def whitened(pixels, channels, is_rgb, width, size, smooth, center_bias, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels)."""
    frames, area = out.shape
    rows, cols = shape_of_cells(area // width, width, size)
    sigmas = sigmas_of(max(rows, cols))
    group = min(frames, GROUP)
    shape = group, 3 if channels > 1 else 1, rows, cols
    for part, saliency in launch.in_groups(group, pixels, out):
        means = workspace("whitened means", shape, np.float32)[: len(part)]
        maps = workspace("whitened maps", (group, rows, cols), np.float32)[: len(part)]
        fill_means(part, channels, is_rgb, width, means)
        _fill_maps(means, sigmas, maps)
        postprocess(maps, width, smooth, center_bias, True, saliency)


def _fill_maps(means, sigmas, maps):
    frames, planes, rows, cols = means.shape
    count = planes * sigmas.size
    colors = workspace("whitened lab", means.shape, np.float32)
    spare = workspace("whitened blurred", means.shape, np.float32)
    coarser = workspace("whitened coarser", (2, *means.shape), np.float32)
    features = workspace("whitened features", (frames, max(count, 1), rows, cols), np.float32)
    sums = max(count * (count + 1) // 2 + count, 1)
    moments = workspace("whitened sums", (frames, sums), np.float32)
    lower = workspace("whitened lower", (frames, count, count), np.float64) if count else None
    weights = workspace("whitened weights", (frames, max(count, 1), count + SUMS), np.float64)
    cells = launch.image_grid((rows, cols), frames)
    each = launch.image_grid((rows, cols), frames * planes)
    _fill_lab[cells](means, colors)
    finer = colors
    for scale, sigma in enumerate(sigmas):
        _blur_across[each](colors, sigma, spare)
        _subtract_down[each](spare, sigma, finer, scale, coarser[scale % 2], features)
        finer = coarser[scale % 2]
    if count:
        _fill_moments[(sums, frames), launch.THREADS](features, moments)
        _fill_weights[-(-frames // 32), 32](moments, rows * cols, lower, weights)
    _fill_distances[cells](features, weights, count, maps)


@kernel
def _fill_lab(means, colors):
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= means.shape[3]:
        return
    # Means of floats may exceed 1 by rounding.
    red = linear(min(means[frame, 0, row, col], float32(1)))
    green = blue = red
    if means.shape[1] > 1:
        green = linear(min(means[frame, 1, row, col], float32(1)))
        blue = linear(min(means[frame, 2, row, col], float32(1)))
    x, y, z = balanced(red, green, blue)
    light, a, b = lab(lightness(x), lightness(y), lightness(z))
    colors[frame, 0, row, col] = light
    if means.shape[1] > 1:
        colors[frame, 1, row, col] = a
        colors[frame, 2, row, col] = b


@kernel
def _blur_across(planes, sigma, target):
    count, cols = planes.shape[1], planes.shape[3]
    col, row = cuda.grid(1), cuda.blockIdx.y
    frame, plane = cuda.blockIdx.z // count, cuda.blockIdx.z % count
    if col >= cols:
        return
    target[frame, plane, row, col] = blurred(planes[frame, plane, row], col, sigma)


@kernel
def _subtract_down(planes, sigma, finer, scale, coarser, features):
    """Finish the blur down the columns; the feature is the difference from the finer scale."""
    count, cols = planes.shape[1], planes.shape[3]
    col, row = cuda.grid(1), cuda.blockIdx.y
    frame, plane = cuda.blockIdx.z // count, cuda.blockIdx.z % count
    if col >= cols:
        return
    scales = features.shape[1] // count
    value = blurred(planes[frame, plane, :, col], row, sigma)
    coarser[frame, plane, row, col] = value
    difference = float32(finer[frame, plane, row, col] - value)
    features[frame, plane * scales + scale, row, col] = difference


@kernel
def _fill_moments(features, moments):
    """Fill the sums of products of features, two by two, then those of features: a block each."""
    sums = cuda.shared.array((1, MAX_THREADS), float32)
    size, rows, cols = features.shape[1], features.shape[2], features.shape[3]
    index, frame = cuda.blockIdx.x, cuda.blockIdx.y
    me, threads = cuda.threadIdx.x, cuda.blockDim.x
    pairs = size * (size + 1) // 2
    one, other = index - pairs, index - pairs
    if index < pairs:
        one, other = pair_of(index)
    total = float32(0)
    i = me
    while i < rows * cols:
        value = features[frame, one, i // cols, i % cols]
        if index < pairs:
            value = float32(value * features[frame, other, i // cols, i % cols])
        total += value
        i += threads
    sums[0, me] = total
    add_up_block(sums)
    if me == 0:
        moments[frame, index] = sums[0, 0]


@kernel
def _fill_weights(moments, count, lower, weights):
    """Fill the matrix that whitens the features, from their moments."""
    frame = cuda.grid(1)
    if frame < moments.shape[0]:
        fill_weights(moments[frame], count, lower[frame], weights[frame])


@kernel
def _fill_distances(features, weights, count, maps):
    """Fill maps with squared Mahalanobis distances of the features (Rosenholtz 1999)."""
    values = cuda.local.array(MOST_FEATURES, float32)
    col, row, frame = cuda.grid(1), cuda.blockIdx.y, cuda.blockIdx.z
    if col >= maps.shape[2]:
        return
    total = float32(0)
    for feature in range(count):
        scale, offset = weights[frame, feature, count], weights[frame, feature, count + 1]
        value = float32(scale) * features[frame, feature, row, col] + float32(offset)
        for other in range(feature):
            value += float32(weights[frame, feature, other]) * values[other]
        values[feature] = value
        total += value * value
    maps[frame, row, col] = total
