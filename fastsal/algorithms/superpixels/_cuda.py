"""SLIC on a CUDA device: nothing waits for the host, and the device itself ends the rounds."""

import numpy as np

from ...devices import fetch, send, workspace
from ...kernels import launch
from . import _cuda_clean as clean
from . import _cuda_fast as fast
from . import _cuda_regions as regions
from . import _cuda_rounds as rounds
from ._grid import FEATURES, STEP, grid_shape

NEVER = np.int32((1 << 31) - 1)
ROWS = 4  # of the image for each block


def slic(pixels, channels, is_rgb, white, size, regularizer, least, max_iter, centers, labels):
    """Fill `labels`, (H, W), with the index in the grid of each pixel's region.

    `pixels` is (H * W * channels,), `centers` (5, down, across) or None for those of vl_slic.
    """
    threads = launch.THREADS
    down, across = grid_shape(labels.shape, size)
    if down * across == 1:
        flat = labels.reshape(labels.size)
        regions.fill[_blocks(flat.size), threads](flat, np.int32(0))
        return
    planes = _planes(pixels, channels, is_rgb, white, labels.shape)
    mine = workspace("slic centers", (FEATURES, down, across), np.float32)
    if centers is None:
        rounds.place[_blocks(down * across), threads](planes, size, mine)
    else:
        send(centers, mine)
    blocks = _rows_and_columns(labels.shape)
    partial = workspace("slic partial", (blocks[0] * blocks[1],), np.float32)
    state = workspace("slic state", (rounds.STATE,), np.float32)
    rounds.start[1, threads](state)
    factor = np.float32(np.float32(regularizer) / np.float32(size * size))
    for done in range(max_iter):
        args = (planes, mine, size, factor, labels, partial, state)
        rounds.assign[blocks, threads](*args)
        if max_iter > 2:  # the energy is first tested in the second round, to skip a third
            rounds.decide[1, threads](partial, state)
        if done + 1 < max_iter:
            grid = down * across, rounds.GROUP
            rounds.move[grid](planes, labels, size, mine, state)
    if least > 1:
        _clean(labels, least)


def _planes(pixels, channels, is_rgb, white, shape):
    planes = workspace("slic planes", (3, *shape), np.float32)
    grid = _rows_and_columns(shape), launch.THREADS
    rounds.fill_planes[grid](pixels, channels, is_rgb, np.float32(white), planes)
    return planes


def _clean(labels, least):
    area, cols = labels.size, labels.shape[1]
    parents = workspace("slic parents", (area,), np.int32)
    sizes = workspace("slic sizes", (area,), np.int32)
    flat, grid = labels.reshape(area), (_blocks(area), launch.THREADS)
    clean.start_components[grid](parents, sizes)
    clean.join_components[grid](flat, cols, parents)
    clean.count_pixels[grid](parents, sizes)
    clean.hand_over[grid](flat, cols, parents, sizes, least)


def place_fast(pixels, channels, is_rgb, size, scale, shape, centers):
    """Fill `centers`, int32 (5, down, across), with those fast mode starts from."""
    grid = _blocks(centers.shape[1] * centers.shape[2]), launch.THREADS
    fast.place[grid](pixels, channels, is_rgb, size, scale, *shape, centers)


def convert_fast(given, size, scale, centers):
    """Fill `centers` of fast mode from `given` ones, float32: pixels and shares of white."""
    grid = _blocks(centers.shape[1] * centers.shape[2]), launch.THREADS
    fast.convert[grid](given, size, scale, centers)


def slic_fast(pixels, channels, is_rgb, size, scale, least, rounds, centers, sums, shape):
    """Segment an image in fast mode from `centers`, which it moves; return its pieces.

    `sums`, int64 (n, 6), gets the pixels, rows, columns and levels of each region.
    """
    raw = workspace("slic raw labels", shape, np.int32)
    grid = _rows_and_columns(shape), launch.THREADS
    regions_ = centers.shape[1] * centers.shape[2], fast.GROUP
    source = pixels, channels, is_rgb, size, scale
    for k in range(rounds):
        step = STEP if k + 1 < rounds else 1
        fast.assign[grid](*source, centers, step, k % step, raw)
        fast.move[regions_](*source, raw, step, k % step, centers)
    labels = workspace("superpixel labels", shape, np.int32)
    _connect(raw, least, len(sums), labels)
    flat = sums.reshape(sums.size)
    regions.fill[_blocks(flat.size), launch.THREADS](flat, np.int64(0))
    fast.add_levels[grid](pixels, channels, is_rgb, labels, sums)
    return labels


def fill_labels(pieces, labels):
    """Fill `labels`, int32 (H, W), with the index in the grid of each pixel's region."""
    send(pieces, labels)


def _connect(raw, least, count, labels):
    area, cols = raw.size, raw.shape[1]
    parents = workspace("slic parents", (area,), np.int32)
    sizes = workspace("slic sizes", (area,), np.int32)
    keepers = workspace("slic keepers", (count,), np.int64)
    flat, grid = raw.reshape(area), (_blocks(area), launch.THREADS)
    clean.start_components[grid](parents, sizes)
    clean.join_components[grid](flat, cols, parents)
    clean.count_pixels[grid](parents, sizes)
    regions.fill[_blocks(count), launch.THREADS](keepers, np.int64(0))
    fast.find_keepers[grid](flat, parents, sizes, keepers)
    out = labels.reshape(area)
    fast.give_away[grid](flat, cols, parents, sizes, keepers, least, out)


def place_centers(pixels, channels, is_rgb, white, size, shape, centers):
    """Fill `centers`, (5, down, across), with those vl_slic starts from."""
    planes = _planes(pixels, channels, is_rgb, white, shape)
    blocks = _blocks(centers.shape[1] * centers.shape[2])
    rounds.place[blocks, launch.THREADS](planes, size, centers)


def move_centers(sums, white, size, by_grid, centers):
    """Overwrite `centers` by the means of the regions whose `sums` are given.

    A region takes the place its number names, or if not `by_grid` that of the tile its middle lies
    in; of several the largest.
    """
    threads, across = launch.THREADS, centers.shape[2]
    claims = workspace("slic claims", (centers.shape[1] * across,), np.int64)
    blocks = _blocks(claims.size)
    regions.fill[blocks, threads](claims, np.int64(0))
    args = (sums, size, by_grid, across, claims)
    regions.raise_claims[_blocks(len(sums)), threads](*args)
    regions.settle_claims[blocks, threads](sums, np.float32(white), claims, centers)


def sum_regions(pixels, channels, is_rgb, labels, sums):
    """Fill `sums`, int64 (n, 6), with the pixels, rows, columns and channels of each label."""
    threads = launch.THREADS
    flat = sums.reshape(sums.size)
    regions.fill[_blocks(flat.size), threads](flat, np.int64(0))
    rows = -(-labels.shape[0] // regions.ROWS)
    blocks = _rows_and_columns((rows, labels.shape[1]))
    regions.add_regions[blocks, threads](pixels, channels, is_rgb, labels, sums)


def fill_means(sums, channels, white, position, color):
    """Fill `position` with mean row and column, `color` with CIELab of the mean colour."""
    grid = _blocks(len(sums)), launch.THREADS
    regions.fill_means[grid](sums, channels, np.float32(white), position, color)


def fill_boxes(labels, boxes):
    """Fill `boxes`, int32 (n, 4), with first row and column, last row and column + 1."""
    threads = launch.THREADS
    regions.start_boxes[_blocks(len(boxes)), threads](*labels.shape, boxes)
    regions.stretch_boxes[_rows_and_columns(labels.shape), threads](labels, boxes)


def renumber(labels, count):
    """Rename the labels, all below `count`, in place: 0, 1, ... by first pixels."""
    threads = launch.THREADS
    rows, cols = labels.shape
    flat = labels.reshape(labels.size)
    firsts = workspace("slic firsts", (count,), np.int32)
    names = workspace("slic names", (count,), np.int32)
    counts = workspace("slic counts", (rows,), np.int32)
    per_pixel, per_row = (_blocks(flat.size), threads), (_blocks(rows), threads)
    regions.fill[_blocks(count), threads](firsts, NEVER)
    regions.find_first_pixels[per_pixel](flat, firsts)
    regions.count_first_pixels[per_row](flat, cols, firsts, counts)
    regions.add_up[1, threads](counts)
    regions.name_labels[per_row](flat, cols, firsts, counts, names)
    regions.rename[per_pixel](flat, names)


def least_and_most(labels):
    """Return the least and the greatest label."""
    threads = launch.THREADS
    ends = workspace("slic ends", (2,), np.int32)
    send(np.array([NEVER, -NEVER], np.int32), ends)
    blocks = min(_blocks(labels.size), 1024)
    regions.find_range[blocks, threads](labels.reshape(labels.size), ends)
    low, high = fetch(ends)
    return int(low), int(high)


def _blocks(items):
    return max(1, -(-items // launch.THREADS))


def _rows_and_columns(shape):
    return max(1, -(-shape[1] // launch.THREADS)), min(-(-shape[0] // ROWS), 65_535)
