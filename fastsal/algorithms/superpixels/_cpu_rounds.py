"""vl_slic's rounds over tiles: assign, move the centres, stop where the library does."""

from typing import NamedTuple

import numpy as np

from ...kernels.jit import banded, serial
from ...kernels.launch import over_bands, scratch
from ._cpu_assign import (
    HOOD,
    LANES,
    OUTSIDE,
    OWNED,
    PLANES,
    assign_row,
    count_units,
    gather_hood,
    is_still,
    place_hood,
)
from ._cpu_energy import foresee_units, raster_sum
from ._cpu_update import GROUP, SUMS, update_region_row
from ._grid import FEATURES, grid_shape

FIRST_GUESS = np.float32(2**12)
UNREACHABLE = np.float32(np.inf)  # colour of the centres around the grid: never the nearest


class Tiles(NamedTuple):
    """One image in strips of tiles, and the work arrays of its rounds."""

    pixels: np.ndarray
    choice: np.ndarray
    centers: np.ndarray  # with a frame of unreachable ones
    fresh: np.ndarray
    units: np.ndarray
    counted: np.ndarray  # the units per one that `units` were counted in
    per_unit: np.ndarray
    still: np.ndarray
    rows: int
    cols: int
    size: int
    across: int

    def summed(self):
        """Return what the energy is summed from."""
        arrays = self.pixels, self.choice, self.centers, self.units, self.per_unit
        return *arrays, self.rows, self.cols, self.size, self.across


def pixels_of_tiles(shape, size):
    """Return how many pixels the tiles of an image hold, those outside it included."""
    down, across = grid_shape(shape, size)
    return (down + 1) * -(-across // OWNED) * size * size * LANES


def tiles_for(shape, size):
    """Return work arrays for an image of `shape`, the centres unreachable as yet."""
    down, across = grid_shape(shape, size)
    strips, area = -(-across // OWNED), pixels_of_tiles(shape, size)
    spare = (GROUP + 1) * LANES * PLANES  # the last group of a tile may read past it
    frame = (FEATURES, down + 2, strips * OWNED + 1 + LANES)
    centers, fresh = scratch("slic centers", (2, *frame), np.float32)
    for each in (centers, fresh):
        each[:2], each[2:] = 0, UNREACHABLE
    choice = scratch("slic choice", (area + spare,), np.uint8)
    choice[:] = OUTSIDE  # also what lies outside the image, and is read beside what lies inside
    return Tiles(
        scratch("slic pixels", (area * PLANES + spare,), np.float32),
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


def inner(centers, down, across):
    """Return the centres of the grid, without the frame."""
    return centers[:, 1 : down + 1, 1 : across + 1]


def run_rounds(tiles, regularizer, max_iter):
    """Run vl_slic's rounds; leaves the last choices, and returns the rounds and the energy.

    The energy is first tested in the second round, to skip a third; without need it stays 0.
    """
    factor = np.float32(regularizer) / np.float32(tiles.size * tiles.size)
    watch = max_iter > 2
    energy = previous = starting = np.float32(0)
    tiles.per_unit[:] = FIRST_GUESS if watch else 0  # 0: not counted
    for done in range(max_iter):
        is_last = done + 1 == max_iter
        _run_round(tiles, factor, done > 0, not is_last)
        if watch:
            if done == 0:  # the first sums only tell roughly which unit each row needs
                foresee_units(tiles.units, tiles.per_unit)
                _run_round(tiles, factor, False, True)
            energy = np.float32(raster_sum(*tiles.summed(), factor))
        if done == 0:
            starting = energy
        elif watch and float(previous - energy) < 1e-5 * float(starting - energy):
            break
        previous = energy
        if not is_last:
            tiles = tiles._replace(centers=tiles.fresh, fresh=tiles.centers)
    return done + 1, energy


def _run_round(tiles, factor, later, moving):
    """Assign, and update if `moving`; `later`: `fresh` still holds the round before's centres."""
    args = (*tiles, factor, later, moving)
    pixels = tiles.rows * tiles.cols
    bands = over_bands(_run_tile_rows, len(tiles.still), *args, pixels=pixels)
    if moving and bands > 1:
        arrays = tiles.pixels, tiles.choice, tiles.centers, tiles.fresh, tiles.still
        _move_between_bands(*arrays, tiles.rows, tiles.size, tiles.across, bands)


@banded
def _run_tile_rows(
    pixels, choice, centers, fresh, units, counted, per_unit, still, rows, cols, size, across,
    factor, later, moving, start, stop,
):  # fmt: skip
    """Assign rows of tiles, then move the centres of the regions that lie in those alone.

    Where no centre around a strip has moved since the round before, its choices stand, and where
    those stand around regions, so do their centres.
    """
    hood, nearest = np.zeros(HOOD, np.float32), np.zeros(size * LANES, np.float32)
    sums = np.zeros(SUMS, np.float32)
    strips = units.shape[1]
    for tile_row in range(start, stop):
        first_row = tile_row * size - size // 2
        first, last = max(0, first_row), min(rows, first_row + size)
        for strip in range(strips):
            same = later and is_still(centers, fresh, tile_row, strip)
            if same:
                same = _is_counted(counted, per_unit, strip, first, last)
            still[tile_row, strip] = same
            if not same:
                gather_hood(centers, tile_row, strip, hood)
                place_hood(strip, across + 1, size, cols, hood)
                at = (tile_row * strips + strip) * size * size * LANES
                mine, picks = pixels[PLANES * at :], choice[at:]
                for row in range(first, last):
                    dy = row - first_row
                    assign_row(mine, picks, hood, nearest, dy, row, size, cols, factor)
                    if per_unit[row] > 0:
                        units[row, strip] = count_units(nearest, size * LANES, per_unit[row])
                    counted[row, strip] = per_unit[row]
        if moving and tile_row > start:
            args = (centers, fresh, still, tile_row - 1, rows, size, across, sums)
            update_region_row(pixels, choice, *args)


@serial
def _move_between_bands(pixels, choice, centers, fresh, still, rows, size, across, bands):
    """Move the centres of the regions that lie in the tile rows of two bands."""
    sums = np.zeros(SUMS, np.float32)
    for band in range(1, bands):
        region_row = band * still.shape[0] // bands - 1
        args = (centers, fresh, still, region_row, rows, size, across, sums)
        update_region_row(pixels, choice, *args)


@serial
def _is_counted(counted, per_unit, strip, first, stop):
    differ = 0
    for row in range(first, stop):
        differ += counted[row, strip] != per_unit[row]
    return differ == 0
