"""vl_slic's rounds over tiles: assign, move the centres, sum the energy as the library does.

While a float32 sum stays between two powers of two, every term acts as if rounded to whole units in
the last place, so that a row's terms may be rounded first and added as integers, in any order. Rows
that cross a power of two, or where a term lies just between two units, are summed one by one.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import float32, int32, prange

from ...kernels.jit import parallel, serial
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
                _foresee_units(tiles.units, tiles.per_unit)
                _run_round(tiles, factor, False, True)
            energy = np.float32(_energy(tiles, factor))
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
    over_bands(_run_tile_rows, _run_in_bands, tiles.still.shape[0], *args, pixels=pixels)


def _energy(tiles, factor):
    each = tiles
    arrays = each.pixels, each.choice, each.centers, each.units, each.per_unit
    return _raster_sum(*arrays, each.rows, each.cols, each.size, each.across, factor)


@serial
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


@parallel
def _run_in_bands(
    pixels, choice, centers, fresh, units, counted, per_unit, still, rows, cols, size, across,
    factor, later, moving, bands,
):  # fmt: skip
    tile_rows = still.shape[0]
    for band in prange(bands):
        _run_tile_rows(
            pixels, choice, centers, fresh, units, counted, per_unit, still, rows, cols, size,
            across, factor, later, moving, band * tile_rows // bands,
            (band + 1) * tile_rows // bands,
        )  # fmt: skip
    sums = np.zeros(SUMS, np.float32)
    for band in range(1, bands if moving else 0):
        region_row = band * tile_rows // bands - 1
        args = (centers, fresh, still, region_row, rows, size, across, sums)
        update_region_row(pixels, choice, *args)


@serial
def _is_counted(counted, per_unit, strip, first, stop):
    differ = 0
    for row in range(first, stop):
        differ += counted[row, strip] != per_unit[row]
    return differ == 0


@serial
def _foresee_units(units, per_unit):
    """Choose for each row the unit of a float32 sum when it reaches that row."""
    total = 0.0
    for row in range(per_unit.size):
        here = 0.0
        for strip in range(units.shape[1]):
            here += max(0, units[row, strip]) / per_unit[row]
        per_unit[row] = _units_per_one(total)
        total += here


@serial
def _units_per_one(total):
    return float32(math.ldexp(1.0, 24 - math.frexp(total)[1]))


@serial
def _raster_sum(pixels, choice, centers, units, per_unit, rows, cols, size, across, factor):
    """Return the float32 sum of all distances in raster order."""
    total = float32(0)
    for row in range(rows):
        here = _units_per_one(total)
        count = least = int32(0)
        for strip in range(units.shape[1]):
            count += units[row, strip]
            least = min(least, units[row, strip])
        fits = total > 0 and least >= 0 and per_unit[row] == here
        if fits and float32(total * here) + count < 2**24:
            total += float32(count) / here
        else:
            args = (row, units.shape[1], cols, size, across, factor, total)
            total = _sum_row(pixels, choice, centers, *args)
        per_unit[row] = here
    return total


@serial
def _sum_row(pixels, choice, centers, row, strips, cols, size, across, factor, total):
    hood, nearest = np.zeros(HOOD, np.float32), np.zeros(size * LANES, np.float32)
    tile_row, dy = (row + size // 2) // size, (row + size // 2) % size
    for strip in range(strips):
        at = (tile_row * strips + strip) * size * size * LANES
        gather_hood(centers, tile_row, strip, hood)
        place_hood(strip, across + 1, size, cols, hood)
        args = (hood, nearest, dy, row, size, cols, factor)
        assign_row(pixels[PLANES * at :], choice[at:], *args)
        for lane in range(LANES):
            for dx in range(size):
                total += nearest[dx * LANES + lane]
    return total
