"""The assignment step of SLIC (Achanta 2012, Algorithm 1) on the CPU, and its residual error.

A tile is the S x S pixels that share the same four candidate centres. A strip is 16 neighbouring
tiles, their pixels interleaved. Lane i of every vector belongs to tile i, so one vector instruction
serves 16 tiles. The centres of their candidates are neighbours in memory too. Strips overlap by one
tile: both tile columns of a region are then in one strip.
"""

import math

import numpy as np
from numba import float32, int32, uint8, uintp

from ...kernels.jit import banded, serial
from ...kernels.regions._formulas import channel_of
from ._formulas import LANES, distance

PLANES = 3  # grey images have two of zeros: adding 0 to a sum of squares changes no bit
OWNED = LANES - 1  # the last tile of a strip is the first of the next
OUTSIDE = 4  # choice of a pixel outside the image; 0 to 3 are the regions around a tile, row-major

# The centres around one strip: 17 regions in two rows, feature by feature.
WIDTH = 2 * LANES
ROW, COL, COLOR, DROW2 = 0, WIDTH, 2 * WIDTH, (2 + PLANES) * WIDTH
LOWER = (3 + PLANES) * WIDTH  # where the lower row of regions begins
FIRST_COL, LAST_COL = 2 * LOWER, 2 * LOWER + LANES
NEAR_SIZE = LAST_COL + LANES

MAGIC = float32(12582912)  # 1.5 * 2**23: adding and subtracting it rounds to an integer
# Maximum of a distance in units: a row of tiles then sums below 2**31, for regions up to 8,191.
MAX_UNITS = float32(1 << 14)


@banded
def fill_tiles(image, channels, is_rgb, white, size, strips, pixels, start, stop):
    """Lay rows of the image out in strips of 16 tiles, each value divided by white."""
    # The first and last tiles reach beyond the image.
    line = np.zeros((strips * OWNED + 1) * size * channels, np.float32)
    for row in range(start, stop):
        _scale(image[row], white, line[size // 2 * channels :])
        below = row + size // 2
        for strip in range(strips):
            tile = (below // size * strips + strip) * size + below % size
            source = line[strip * OWNED * size * channels :]
            _fill_row(source, channels, is_rgb, size, pixels[tile * size * PLANES * LANES :])


@serial
def _scale(values, white, line):
    for i in range(values.size):
        line[i] = float32(values[i]) / white


@serial
def _fill_row(line, channels, is_rgb, size, pixels):
    for dx in range(uintp(size)):
        for plane in range(PLANES):
            channel = channel_of(plane, channels, is_rgb)
            target = (dx * uintp(PLANES) + uintp(plane)) * uintp(LANES)
            if channel < 0:
                for lane in range(uintp(LANES)):
                    pixels[target + lane] = float32(0)
            else:
                source = dx * uintp(channels) + uintp(channel)
                for lane in range(uintp(LANES)):
                    pixels[target + lane] = line[source + lane * uintp(size * channels)]


@serial
def gather_centers(centers, tile_row, strip, near):
    """Copy the centres around a strip next to each other, so that one offset reaches each one."""
    first = strip * OWNED
    for side in range(2):
        for feature in range(2 + PLANES):
            line = centers[feature, tile_row + side]
            at = uintp(side * LOWER + feature * WIDTH)
            for j in range(uintp(WIDTH)):
                near[at + j] = line[uintp(first) + j]


@serial
def is_still(centers, before, tile_row, strip):
    """Return whether no centre around a strip has moved."""
    moved = int32(0)
    for feature in range(2 + PLANES):
        for side in range(2):
            line, old = centers[feature, tile_row + side], before[feature, tile_row + side]
            for j in range(uintp(strip * OWNED), uintp(strip * OWNED + LANES + 1)):
                moved |= int32(line[j] != old[j])
    return moved == 0


@serial
def set_columns(strip, tiles, size, cols, near):
    """Write the first pixel column of each tile, and the end of the columns that it counts."""
    for lane in range(LANES):
        tile = strip * OWNED + lane
        is_owned = lane < OWNED or tile == tiles - 1
        near[FIRST_COL + lane] = float32(tile * size - size // 2)
        near[LAST_COL + lane] = float32(cols if is_owned else 0)


@serial
def assign_row(pixels, choice, near, nearest, dy, row, size, cols, factor):
    """Choose the nearest candidate of each pixel of a row (D of Eq. 3, squared).

    `nearest` gets the squared distances, and 0 for pixels that another strip counts.
    """
    for j in range(uintp(WIDTH)):
        upper = float32(row) - near[uintp(ROW) + j]
        lower = float32(row) - near[uintp(ROW + LOWER) + j]
        near[uintp(DROW2) + j] = upper * upper
        near[uintp(DROW2 + LOWER) + j] = lower * lower
    for dx in range(uintp(size)):
        at = uintp(dy * size) + dx
        for lane in range(uintp(LANES)):
            z = at * uintp(PLANES * LANES) + lane
            z0, z1, z2 = pixels[z], pixels[z + uintp(LANES)], pixels[z + uintp(2 * LANES)]
            col = near[uintp(FIRST_COL) + lane] + float32(dx)
            best = _distance_to(z0, z1, z2, col, near, lane, factor)
            pick = uint8(0)
            other = _distance_to(z0, z1, z2, col, near, lane + uintp(1), factor)
            pick = uint8(1) if other < best else pick
            best = other if other < best else best
            other = _distance_to(z0, z1, z2, col, near, lane + uintp(LOWER), factor)
            pick = uint8(2) if other < best else pick
            best = other if other < best else best
            other = _distance_to(z0, z1, z2, col, near, lane + uintp(LOWER + 1), factor)
            pick = uint8(3) if other < best else pick
            best = other if other < best else best
            inside = (col >= float32(0)) & (col < float32(cols))
            counted = (col >= float32(0)) & (col < near[uintp(LAST_COL) + lane])
            choice[at * uintp(LANES) + lane] = pick if inside else uint8(OUTSIDE)
            nearest[dx * uintp(LANES) + lane] = best if counted else float32(0)


@serial
def _distance_to(z0, z1, z2, col, near, at, factor):
    diff0 = z0 - near[at + uintp(COLOR)]
    diff1 = z1 - near[at + uintp(COLOR + WIDTH)]
    diff2 = z2 - near[at + uintp(COLOR + 2 * WIDTH)]
    dcol, drow2 = col - near[at + uintp(COL)], near[at + uintp(DROW2)]
    return distance(diff0, diff1, diff2, dcol, drow2, factor)


@serial
def count_units(nearest, count, per_unit):
    """Return the sum of the squared distances, each rounded to whole units.

    Return -1 if one lies halfway between two units or is too large.
    """
    units = odd = int32(0)
    for i in range(uintp(count)):
        value = nearest[i] * per_unit
        whole = (value + MAGIC) - MAGIC
        units += int32(min(whole, MAX_UNITS))
        rest = abs(value - whole)
        odd |= int32(rest == float32(0.5)) | int32(value >= MAX_UNITS)
    return int32(-1) if odd else units


@banded
def paint_labels(choice, size, strips, across, labels, start, stop):
    """Write the label l(i) of each pixel: the index in the grid of its choice."""
    regions, order = np.empty(size * LANES, np.int32), _raster_order(size)
    for row in range(start, stop):
        below = row + size // 2
        for strip in range(strips):
            at = ((below // size * strips + strip) * size + below % size) * size * LANES
            first_region = (below // size - 1) * across + strip * OWNED - 1
            _name_regions(choice[at:], size, first_region, across, regions)
            _paint_strip(regions, order, strip * OWNED * size - size // 2, labels[row])


@serial
def _name_regions(choice, size, first_region, across, regions):
    for dx in range(uintp(size)):
        for lane in range(uintp(LANES)):
            at = dx * uintp(LANES) + lane
            pick = int32(choice[at])
            below, right = int32(pick >> 1), int32(pick & 1)
            region = int32(first_region) + int32(lane)
            regions[at] = region + below * int32(across) + right


@serial
def _raster_order(size):
    """Return the index in a strip of each of its columns."""
    order = np.empty(size * LANES, np.int32)
    for i in range(order.size):
        order[i] = i % size * LANES + i // size
    return order


@serial
def _paint_strip(regions, order, first_col, line):
    start = max(0, -first_col)
    count = uintp(max(0, min(order.size, line.size - first_col) - start))
    order, line = order[start:], line[first_col + start :]
    for i in range(count):
        line[i] = regions[uintp(order[i])]


@serial
def choose_units(units, per_unit):
    """Choose for each row the unit in the last place of the raster sum at that row."""
    total = 0.0
    for row in range(per_unit.size):
        row_sum = 0.0
        for strip in range(units.shape[1]):
            row_sum += max(0, units[row, strip]) / per_unit[row]
        per_unit[row] = _units_per_one(total)
        total += row_sum


@serial
def _units_per_one(total):
    return float32(math.ldexp(1.0, 24 - math.frexp(total)[1]))


@serial
def raster_sum(pixels, choice, centers, units, per_unit, rows, cols, size, across, factor):
    """Return the residual error E: the float32 sum of all squared distances in raster order.

    While a float32 sum stays between two powers of two, each term acts as if rounded to whole units
    in the last place. The terms of a row may then be rounded first and added as integers, in any
    order. Rows where the sum crosses a power of two, or a term lies halfway between two units, are
    summed term by term.
    """
    total = float32(0)
    for row in range(rows):
        scale = _units_per_one(total)
        count = lowest = int32(0)
        for strip in range(units.shape[1]):
            count += units[row, strip]
            lowest = min(lowest, units[row, strip])
        fits = total > 0 and lowest >= 0 and per_unit[row] == scale
        if fits and float32(total * scale) + count < 2**24:
            total += float32(count) / scale
        else:
            args = (row, units.shape[1], cols, size, across, factor, total)
            total = _sum_row(pixels, choice, centers, *args)
        per_unit[row] = scale
    return total


@serial
def _sum_row(pixels, choice, centers, row, strips, cols, size, across, factor, total):
    near, nearest = np.zeros(NEAR_SIZE, np.float32), np.zeros(size * LANES, np.float32)
    tile_row, dy = (row + size // 2) // size, (row + size // 2) % size
    for strip in range(strips):
        at = (tile_row * strips + strip) * size * size * LANES
        gather_centers(centers, tile_row, strip, near)
        set_columns(strip, across + 1, size, cols, near)
        args = (near, nearest, dy, row, size, cols, factor)
        assign_row(pixels[PLANES * at :], choice[at:], *args)
        for lane in range(LANES):
            for dx in range(size):
                total += nearest[dx * LANES + lane]
    return total


@banded
def fill_planes(image, channels, is_rgb, white, planes, start, stop):
    """Fill `planes`, (3, H, W), with the channels divided by white."""
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        for row in range(start, stop):
            for col in range(planes.shape[2]):
                value = float32(0)
                if channel >= 0:
                    value = float32(image[row, channels * col + channel]) / white
                planes[plane, row, col] = value


@banded
def assign_pixels(planes, centers, size, factor, labels, nearest, start, stop):
    """Label each pixel of some rows with the nearest of four centres, without tiles."""
    _, down, across = centers.shape
    for row in range(start, stop):
        below = (row + size // 2) // size
        for col in range(labels.shape[1]):
            right = (col + size // 2) // size
            best, label = float32(np.inf), 0
            for v in range(max(0, below - 1), min(down - 1, below) + 1):
                for u in range(max(0, right - 1), min(across - 1, right) + 1):
                    drow, dcol = float32(row) - centers[0, v, u], float32(col) - centers[1, v, u]
                    diff0 = planes[0, row, col] - centers[2, v, u]
                    diff1 = planes[1, row, col] - centers[3, v, u]
                    diff2 = planes[2, row, col] - centers[4, v, u]
                    dist = distance(diff0, diff1, diff2, dcol, drow * drow, factor)
                    if dist < best:
                        best, label = dist, v * across + u
            labels[row, col], nearest[row, col] = label, best


@serial
def total_distance(nearest):
    """Return the residual error E: the float32 sum in raster order."""
    total = float32(0)
    for row in range(nearest.shape[0]):
        for col in range(nearest.shape[1]):
            total += nearest[row, col]
    return total
