"""SLIC on the CPU: bands of tile rows, 16 tiles to a vector; the same bits for any threads."""

import numpy as np

from ...images import read_only
from ...kernels import launch, threads
from ...kernels.color._formulas import lab_of_srgb
from ...kernels.jit import banded
from ...kernels.launch import over_bands
from . import _cpu_fast as fast
from . import _cpu_regions as regions
from ._cpu_brute_force import run_plain_rounds
from ._cpu_clean import clean_labels
from ._cpu_rounds import inner, pixels_of_tiles, run_rounds, tiles_for
from ._cpu_tiles import fill_tiles, paint_labels
from ._formulas import mean
from ._grid import FEATURES, SUMS, grid_shape

PIXELS_FOR_FREE = 1 << 20  # that tiles may hold beyond four times those of the image
WIDEST = 4096


def slic(pixels, channels, is_rgb, white, size, regularizer, least, max_iter, centers, labels):
    """Fill `labels`, (H, W), with the index in the grid of each pixel's region.

    `pixels` is (H * W * channels,), `centers` (5, down, across) or None for those of vl_slic.
    """
    shape = labels.shape
    image = pixels.reshape(shape[0], -1)
    grid = grid_shape(shape, size)
    if grid == (1, 1):
        labels[:] = 0
        return
    source, spare = (image, channels, is_rgb, np.float32(white)), None
    room = 4 * labels.size + PIXELS_FOR_FREE
    if size > WIDEST or pixels_of_tiles(shape, size) > room:
        mine = np.empty((FEATURES, *grid), np.float32)
        _start(pixels, channels, is_rgb, white, size, shape, centers, mine)
        run_plain_rounds(*source, size, regularizer, max_iter, mine, labels)
    else:
        tiles = tiles_for(shape, size)
        strips = tiles.still.shape[1]
        args = (*source, size, strips, tiles.pixels)
        over_bands(fill_tiles, shape[0], *args, pixels=labels.size)
        mine = inner(tiles.centers, *grid)
        _start(pixels, channels, is_rgb, white, size, shape, centers, mine)
        run_rounds(tiles, regularizer, max_iter)
        args = (tiles.choice, size, strips, grid[1], labels)
        over_bands(paint_labels, shape[0], *args, pixels=labels.size)
        spare = tiles.pixels
    clean_labels(labels, least, spare)


def _start(pixels, channels, is_rgb, white, size, shape, centers, mine):
    if centers is None:
        centers = np.empty(mine.shape, np.float32)  # contiguous: `mine` would be one more form
        place_centers(pixels, channels, is_rgb, white, size, shape, centers)
    mine[:] = centers


def place_fast(pixels, channels, is_rgb, size, scale, shape, centers):
    """Fill `centers`, int32 (5, down, across), with those fast mode starts from."""
    fast.place_first(pixels.reshape(shape[0], -1), channels, is_rgb, size, scale, centers)


def convert_fast(given, size, scale, centers):
    """Fill `centers` of fast mode from `given` ones, float32: pixels and shares of white."""
    fast.convert_centers(given, size, scale, centers)


def slic_fast(pixels, channels, is_rgb, size, scale, least, rounds, centers, sums, shape):
    """Segment an image in fast mode from `centers`, which it moves; return its pieces.

    `sums`, int64 (n, 6), gets the pixels, rows, columns and levels of each region.
    """
    source = pixels, channels, is_rgb
    return fast.slic(*source, size, scale, least, rounds, centers, sums, shape)


def fill_labels(pieces, labels):
    """Fill `labels`, int32 (H, W), with the index in the grid of each pixel's region."""
    names = np.arange(pieces.grid[0] * pieces.grid[1], dtype=np.int32)
    fast.paint(pieces, names, labels)


def place_centers(pixels, channels, is_rgb, white, size, shape, centers):
    """Fill `centers`, (5, down, across), with those vl_slic starts from."""
    args = (pixels.reshape(shape[0], -1), channels, is_rgb, np.float32(white), size, centers)
    over_bands(regions.place_centers, centers.shape[1], *args, pixels=9 * centers[0].size)


def move_centers(sums, white, size, by_grid, centers):
    """Overwrite `centers` by the means of the regions whose `sums` are given.

    A region takes the place its number names, or if not `by_grid` that of the tile its middle lies
    in; of several the largest.
    """
    regions.move_centers(sums, np.float32(white), size, by_grid, centers)


def sum_regions(pixels, channels, is_rgb, labels, sums):
    """Fill `sums`, int64 (n, 6), with the pixels, rows, columns and channels of each label."""
    args = (pixels.reshape(labels.shape[0], -1), channels, is_rgb, read_only(labels))
    bands = min(threads.count(), labels.shape[0], labels.size // max(1, 16 * len(sums)))
    if labels.size < launch.PARALLEL_FROM or bands < 2:
        regions.add_regions_in_bands(*args, sums[np.newaxis], 0)
        return
    shares = launch.scratch("region sums", (bands, len(sums), SUMS), np.int64)
    with threads.safe_section():
        regions.add_regions_in_bands(*args, shares, bands)
    sums[:] = shares[0]


def fill_means(sums, channels, white, position, color):
    """Fill `position` with mean row and column, `color` with CIELab of the mean colour."""
    args = sums, channels, np.float32(white), position, color
    over_bands(_fill_means, len(sums), *args, pixels=32 * len(sums))


@banded
def _fill_means(sums, channels, white, position, color, start, stop):
    for i in range(start, stop):
        area = max(sums[i, 0], 1)
        position[i, 0], position[i, 1] = mean(sums[i, 1], area), mean(sums[i, 2], area)
        red = mean(sums[i, 3], area) / white
        green = mean(sums[i, 4], area) / white if channels >= 3 else red
        blue = mean(sums[i, 5], area) / white if channels >= 3 else red
        color[i, 0], color[i, 1], color[i, 2] = lab_of_srgb(red, green, blue)


def fill_boxes(labels, boxes):
    """Fill `boxes`, int32 (n, 4), with first row and column, last row and column + 1."""
    regions.fill_boxes(labels, boxes)


def renumber(labels, count):
    """Rename the labels, all below `count`, in place: 0, 1, ... by first pixels."""
    regions.renumber(labels, np.empty(count, np.int32))


def least_and_most(labels):
    """Return the least and the greatest label."""
    low, high = regions.least_and_most(labels)
    return int(low), int(high)
