"""SLIC on a CUDA device: nothing waits for the host, and the device itself ends the iterations."""

import numpy as np

from ...devices import send, workspace
from ...kernels import launch
from ...kernels.regions._cuda_components import find_components
from ...kernels.regions._cuda_grid import blocks_for, fill, rows_and_columns
from . import _cuda_slic as kernels
from .options import FEATURES, STEP, grid_shape


def slic(pixels, channels, is_rgb, white, size, regularizer, min_size, max_iter, centers, labels):
    """Fill `labels`, (H, W), with the index in the grid of each pixel's region.

    `pixels` is (H * W * channels,), `centers` (5, down, across) or None for those of vl_slic.
    """
    down, across = grid_shape(labels.shape, size)
    if down * across == 1:
        fill(labels, np.int32(0))
        return
    planes = _planes(pixels, channels, is_rgb, white, labels.shape)
    moving = workspace("slic centers", (FEATURES, down, across), np.float32)
    if centers is None:
        kernels.place[blocks_for(down * across), launch.THREADS](planes, size, moving)
    else:
        send(centers, moving)
    blocks = rows_and_columns(labels.shape)
    partial = workspace("slic partial", (blocks[0] * blocks[1],), np.float32)
    state = workspace("slic state", (kernels.STATE,), np.float32)
    fill(state, np.float32(0))
    factor = np.float32(np.float32(regularizer) / np.float32(size * size))
    for done in range(max_iter):
        args = planes, moving, size, factor, labels, partial, state
        kernels.assign[blocks, launch.THREADS](*args)
        if max_iter > 2:  # the energy is first tested in the second iteration, to skip a third
            kernels.decide[1, launch.THREADS](partial, state)
        if done + 1 < max_iter:
            kernels.move[down * across, kernels.GROUP](planes, labels, size, moving, state)
    if min_size > 1:
        flat, grid = labels.reshape(labels.size), (blocks_for(labels.size), launch.THREADS)
        components = find_components(labels)
        kernels.merge_small[grid](flat, labels.shape[1], *components, min_size)


def _planes(pixels, channels, is_rgb, white, shape):
    planes = workspace("slic planes", (3, *shape), np.float32)
    grid = rows_and_columns(shape), launch.THREADS
    kernels.fill_planes[grid](pixels, channels, is_rgb, np.float32(white), planes)
    return planes


def place_fast(pixels, channels, is_rgb, size, scale, shape, centers):
    """Fill `centers`, int32 (5, down, across), with the first ones of fast mode."""
    grid = blocks_for(centers.shape[1] * centers.shape[2]), launch.THREADS
    kernels.place_fast[grid](pixels, channels, is_rgb, size, scale, *shape, centers)


def convert_fast(given, size, scale, centers):
    """Fill `centers` of fast mode from `given` ones, float32: pixels and fractions of white."""
    grid = blocks_for(centers.shape[1] * centers.shape[2]), launch.THREADS
    kernels.convert_fast[grid](given, size, scale, centers)


def slic_fast(
    pixels, channels, is_rgb, size, scale, min_size, split, max_iter, centers, sums, shape
):
    """Segment an image in fast mode from `centers`, which it moves; return its pieces.

    With `split` other components of `min_size` pixels are new regions: the number of tiles plus
    the index of their first pixel. Without it `sums`, int64 (n, 6), gets the pixels, rows, columns
    and levels of each region.
    """
    raw = workspace("slic raw labels", shape, np.int32)
    labels = workspace("superpixel labels", shape, np.int32)
    keepers = workspace("slic keepers", (len(sums),), np.int64)
    grid = rows_and_columns(shape), launch.THREADS
    source = pixels, channels, is_rgb, size, scale
    for k in range(max_iter):
        step = STEP if k + 1 < max_iter else 1
        kernels.assign_fast[grid](*source, centers, step, k % step, raw)
        kernels.move_fast[len(sums), kernels.GROUP](*source, raw, step, k % step, centers)
    flat, per_pixel = raw.reshape(raw.size), (blocks_for(raw.size), launch.THREADS)
    components = find_components(raw)
    fill(keepers, np.int64(0))
    kernels.find_keepers[per_pixel](flat, *components, keepers)
    args = flat, shape[1], *components, keepers, min_size, split, labels.reshape(labels.size)
    kernels.merge_others[per_pixel](*args)
    if split:
        return labels
    fill(sums, np.int64(0))
    kernels.add_levels[grid](pixels, channels, is_rgb, labels, sums)
    return labels


def fill_labels(pieces, labels):
    """Fill `labels`, int32 (H, W), with the number of each pixel's region."""
    send(pieces, labels)


def place_centers(pixels, channels, is_rgb, white, size, shape, centers):
    """Fill `centers`, (5, down, across), with the first ones of vl_slic."""
    planes = _planes(pixels, channels, is_rgb, white, shape)
    blocks = blocks_for(centers.shape[1] * centers.shape[2])
    kernels.place[blocks, launch.THREADS](planes, size, centers)


def move_centers(sums, white, size, by_grid, centers):
    """Overwrite `centers` by the means of the regions with these `sums`.

    A region gets the place of its number, or if not `by_grid` of the tile of its mean position. The
    largest region wins.
    """
    threads, across = launch.THREADS, centers.shape[2]
    claims = workspace("slic claims", (centers.shape[1] * across,), np.int64)
    fill(claims, np.int64(0))
    kernels.raise_claims[blocks_for(len(sums)), threads](sums, size, by_grid, across, claims)
    args = sums, np.float32(white), claims, centers
    kernels.settle_claims[blocks_for(claims.size), threads](*args)
