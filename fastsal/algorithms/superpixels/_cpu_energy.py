"""The energy of a round, in float32 and raster order as vl_slic sums it, but a row at a time.

While a float32 sum stays between two powers of two, every term acts as if rounded to whole units in
the last place, so that a row's terms may be rounded first and added as integers, in any order. Rows
that cross a power of two, or where a term lies just between two units, are summed one by one.
"""

import math

import numpy as np
from numba import float32, int32

from ...kernels.jit import serial
from ._cpu_assign import HOOD, LANES, PLANES, assign_row, gather_hood, place_hood


@serial
def foresee_units(units, per_unit):
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
def raster_sum(pixels, choice, centers, units, per_unit, rows, cols, size, across, factor):
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
