"""SLIC on the CPU: Algorithm 1 of Achanta 2012 over bands of tiles, with any number of threads."""

from typing import NamedTuple

import numpy as np

from ...kernels import launch, threads
from ...kernels.launch import over_bands, scratch
from ...kernels.regions._formulas import FIELDS
from . import _cpu_assign as assign
from . import _cpu_connectivity as connectivity
from . import _cpu_fast as fast
from . import _cpu_update as update
from ._formulas import LANES
from .options import FEATURES, STEP, grid_shape

EXTRA_PIXELS = 1 << 20  # that tiles may hold in addition to four times those of the image
MAX_SIZE = 4096  # of regions in tiles
FIRST_GUESS = np.float32(2**12)
UNREACHABLE = np.float32(np.inf)  # colour of the centres around the grid: never the nearest


class Tiles(NamedTuple):
    """One image in strips of tiles, and the work arrays of its iterations."""

    pixels: np.ndarray
    choice: np.ndarray
    centers: np.ndarray  # with a border of unreachable ones
    fresh: np.ndarray  # the centres of the next iteration, or of the last one
    units: np.ndarray
    counted: np.ndarray  # the units per one that `units` were counted in
    per_unit: np.ndarray
    still: np.ndarray
    rows: int
    cols: int
    size: int
    across: int


class Pieces(NamedTuple):
    """Labels of fast mode: codes of nine that differ between neighbours, and exceptions by run."""

    codes: np.ndarray
    size: int
    grid: tuple[int, int]
    runs: np.ndarray

    def paint(self, values, out):
        """Fill `out`, (H, W), with the value of each pixel's region."""
        self._paint_codes(values, out)
        connectivity.paint_runs(self.runs, values, out)

    def label(self, labels):
        """Fill `labels`, (H, W), with the number of each pixel's region, new regions included."""
        self._paint_codes(np.arange(self.grid[0] * self.grid[1], dtype=np.int32), labels)
        connectivity.label_runs(self.runs, labels)

    def _paint_codes(self, values, out):
        args = self.codes, self.size, self.grid, values, out
        over_bands(fast.paint_rows, len(out), *args, pixels=self.codes.size)


def slic(pixels, channels, is_rgb, white, size, regularizer, min_size, max_iter, centers, labels):
    """Fill `labels`, (H, W), with the index in the grid of each pixel's region.

    `pixels` is (H * W * channels,), `centers` (5, down, across) or None for those of vl_slic.
    """
    shape = labels.shape
    grid = grid_shape(shape, size)
    if grid == (1, 1):
        labels[:] = 0
        return
    source = pixels.reshape(shape[0], -1), channels, is_rgb, np.float32(white)
    first, spare = np.empty((FEATURES, *grid), np.float32), None
    if centers is None:
        place_centers(pixels, channels, is_rgb, white, size, shape, first)
    else:
        first[:] = centers
    factor = np.float32(regularizer) / np.float32(size * size)
    if size > MAX_SIZE or _pixels_of_tiles(shape, size) > 4 * labels.size + EXTRA_PIXELS:
        _iterate_over_pixels(source, size, factor, max_iter, first, labels)
    else:
        tiles = _tiles_for(shape, size)
        strips = tiles.still.shape[1]
        args = *source, size, strips, tiles.pixels
        over_bands(assign.fill_tiles, shape[0], *args, pixels=labels.size)
        tiles.centers[:, 1 : grid[0] + 1, 1 : grid[1] + 1] = first
        _iterate_over_tiles(tiles, factor, max_iter)
        args = tiles.choice, size, strips, grid[1], labels
        over_bands(assign.paint_labels, shape[0], *args, pixels=labels.size)
        spare = tiles.pixels
    connectivity.clean_labels(labels, min_size, spare)


def _pixels_of_tiles(shape, size):
    """Return how many pixels the tiles of an image hold, including those outside it."""
    down, across = grid_shape(shape, size)
    return (down + 1) * -(-across // assign.OWNED) * size * size * LANES


def _tiles_for(shape, size):
    """Return work arrays for an image of `shape`; all centres are unreachable."""
    down, across = grid_shape(shape, size)
    strips, area = -(-across // assign.OWNED), _pixels_of_tiles(shape, size)
    # The last group of a tile may read beyond it, by this number of values.
    spare = (update.GROUP + 1) * LANES * assign.PLANES
    centers, fresh = scratch(
        "slic centers", (2, FEATURES, down + 2, strips * assign.OWNED + 1 + LANES), np.float32
    )
    for each in (centers, fresh):
        each[:2], each[2:] = 0, UNREACHABLE
    choice = scratch("slic choice", (area + spare,), np.uint8)
    choice[:] = assign.OUTSIDE  # pixels outside the image are read too
    return Tiles(
        scratch("slic pixels", (area * assign.PLANES + spare,), np.float32),
        choice,
        centers,
        fresh,
        scratch("slic units", (shape[0], strips), np.int32),
        scratch("slic counted", (shape[0], strips), np.float32),
        scratch("slic per unit", (shape[0],), np.float32),
        scratch("slic still", (down + 1, strips), np.bool_),
        *shape,
        size,
        across,
    )


def _iterate_over_tiles(tiles, factor, max_iter):
    """Repeat assignment and update; the last choices stay in `tiles.choice`.

    The energy is first tested in the second iteration, so two iterations need none.
    """
    has_test = max_iter > 2
    progress = _Progress()
    tiles.per_unit[:] = FIRST_GUESS if has_test else 0  # 0: not counted
    for done in range(max_iter):
        is_last = done + 1 == max_iter
        _iterate_once(tiles, factor, done > 0, not is_last)
        if has_test:
            if done == 0:  # the first sums give the unit of each row approximately
                assign.choose_units(tiles.units, tiles.per_unit)
                _iterate_once(tiles, factor, False, True)
            source = tiles.pixels, tiles.choice, tiles.centers, tiles.units, tiles.per_unit
            form = tiles.rows, tiles.cols, tiles.size, tiles.across
            if progress.is_over(assign.raster_sum(*source, *form, factor)):
                return
        if not is_last:
            tiles = tiles._replace(centers=tiles.fresh, fresh=tiles.centers)


class _Progress:
    """The test of vl_slic that ends the iterations."""

    def __init__(self):
        self._first = self._last = None

    def is_over(self, energy):
        """Return whether the energy fell by less than 1e-5 of its fall since the start."""
        energy = np.float32(energy)
        if self._first is None:
            self._first = self._last = energy
            return False
        last, self._last = self._last, energy
        return float(last - energy) < 1e-5 * float(self._first - energy)


def _iterate_once(tiles, factor, later, moving):
    """Assign, and update if `moving`; if `later`, `fresh` holds the centres before these."""
    args = (*tiles, factor, later, moving)
    pixels = tiles.rows * tiles.cols
    bands = over_bands(update.run_tile_rows, len(tiles.still), *args, pixels=pixels)
    if moving and bands > 1:
        arrays = tiles.pixels, tiles.choice, tiles.centers, tiles.fresh, tiles.still
        update.move_between_bands(*arrays, tiles.rows, tiles.size, tiles.across, bands)


def _iterate_over_pixels(source, size, factor, max_iter, centers, labels):
    """Fill `labels` from `centers`, (5, down, across), which it moves.

    It is for regions so large that tiles would waste memory. The bits are the same, several times
    slower.
    """
    planes = scratch("slic planes", (3, *labels.shape), np.float32)
    nearest = scratch("slic nearest", labels.shape, np.float32)
    rows, pixels, progress = labels.shape[0], labels.size, _Progress()
    over_bands(assign.fill_planes, rows, *source, planes, pixels=pixels)
    for done in range(max_iter):
        args = planes, centers, size, factor, labels, nearest
        over_bands(assign.assign_pixels, rows, *args, pixels=pixels)
        if progress.is_over(assign.total_distance(nearest)):
            return
        if done + 1 < max_iter:
            args = planes, labels, size, centers
            over_bands(update.move_centers_of_pixels, centers[0].size, *args, pixels=pixels)


def place_fast(pixels, channels, is_rgb, size, scale, shape, centers):
    """Fill `centers`, int32 (5, down, across), with the first ones of fast mode."""
    fast.place_first(pixels.reshape(shape[0], -1), channels, is_rgb, size, scale, centers)


def convert_fast(given, size, scale, centers):
    """Fill `centers` of fast mode from `given` ones, float32: pixels and fractions of white."""
    fast.convert_centers(given, size, scale, centers)


def slic_fast(
    pixels, channels, is_rgb, size, scale, min_size, split, max_iter, centers, sums, shape
):
    """Segment an image in fast mode from `centers`, which it moves; return its pieces.

    With `split` other components of `min_size` pixels are new regions: the number of tiles plus
    the index of their first pixel. Without it `sums`, int64 (n, 6), gets the pixels, rows, columns
    and levels of each region.
    """
    image, grid = pixels.reshape(shape[0], -1), grid_shape(shape, size)
    strips, tile_rows = grid[1] // LANES + 1, grid[0] + 1
    codes = scratch("slic codes", (shape[0], strips * size * LANES), np.uint8)
    is_large = shape[0] * shape[1] >= launch.PARALLEL_FROM
    bands = min(threads.count(), tile_rows) if is_large else 1
    # One more column on each side makes a test of each tile unnecessary.
    partial = scratch("slic partial", (FIELDS, grid[0] + bands, strips * LANES + 1), np.int64)
    for k in range(max_iter):
        step = STEP if k + 1 < max_iter else 1
        partial[:] = 0
        args = image, channels, is_rgb, size, scale, centers, step, k % step, codes, partial
        if is_large:
            with threads.safe_section():
                fast.assign_in_bands(*args, bands)
        else:
            launch.on_this_thread(fast.assign_in_bands, *args)
        args = partial, bands, size, scale, centers, sums
        over_bands(fast.move_rows, grid[0], *args, pixels=codes.size)
    runs = connectivity.connect(codes, shape, size, min_size, split, grid, sums)
    if not split:
        connectivity.move_sums(image, channels, is_rgb, runs, sums)
    return Pieces(codes, size, grid, runs)


def fill_labels(pieces, labels):
    """Fill `labels`, int32 (H, W), with the number of each pixel's region."""
    pieces.label(labels)


def place_centers(pixels, channels, is_rgb, white, size, shape, centers):
    """Fill `centers`, (5, down, across), with the first ones of vl_slic."""
    args = pixels.reshape(shape[0], -1), channels, is_rgb, np.float32(white), size, centers
    over_bands(update.place_centers, centers.shape[1], *args, pixels=9 * centers[0].size)


def move_centers(sums, white, size, by_grid, centers):
    """Overwrite `centers` by the means of the regions with these `sums`.

    A region gets the place of its number, or if not `by_grid` of the tile of its mean position. The
    largest region wins.
    """
    update.move_centers(sums, np.float32(white), size, by_grid, centers)
