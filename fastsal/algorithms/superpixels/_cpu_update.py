"""The first centres and the update step of SLIC (Achanta 2012, Algorithm 1) on the CPU.

The means of the pixels of each region are float32 sums in raster order, as in vl_slic.
"""

import numpy as np
from numba import float32, uint8, uintp

from ...kernels.jit import banded, serial
from ...kernels.regions._formulas import channel_of, mean
from ._cpu_assign import (
    LANES,
    NEAR_SIZE,
    OWNED,
    PLANES,
    assign_row,
    count_units,
    gather_centers,
    is_still,
    set_columns,
)
from ._formulas import claim, claimant, edge, middle

# Running sums, 16 regions side by side: pixel count, row, column, colour.
MASS, SUM_ROW, SUM_COL = 0, LANES, 2 * LANES
COLOR0, COLOR1, COLOR2 = 3 * LANES, 4 * LANES, 5 * LANES
SUMS = (3 + PLANES) * LANES
NOBODY = 5  # choice that no pixel makes
GROUP = 10  # pixels per lane between two visits to memory
TINY = float32(1e-8)  # vl_slic's mass of a region without pixels


@banded
def place_centers(image, channels, is_rgb, white, size, centers, start, stop):
    """Write vl_slic's first centres: a grid, each centre at the lowest gradient of 3 x 3 pixels."""
    rows, cols = image.shape[0], image.shape[1] // channels
    for v in range(start, stop):
        for u in range(centers.shape[2]):
            at = middle(v, size, rows), middle(u, size, cols)
            row, col = _flattest(image, channels, is_rgb, white, at)
            centers[0, v, u], centers[1, v, u] = row, col
            for plane in range(3):
                channel, value = channel_of(plane, channels, is_rgb), float32(0)
                if channel >= 0:
                    value = float32(image[row, channels * col + channel]) / white
                centers[2 + plane, v, u] = value


@serial
def _flattest(image, channels, is_rgb, white, at):
    rows, cols = image.shape[0], image.shape[1] // channels
    best, best_row, best_col = float32(np.inf), at[0], at[1]
    for row in range(max(0, at[0] - 1), min(rows - 1, at[0] + 1) + 1):
        for col in range(max(0, at[1] - 1), min(cols - 1, at[1] + 1) + 1):
            strength = float32(0)
            if 0 < row < rows - 1 and 0 < col < cols - 1:
                strength = _edge_strength(image, channels, is_rgb, white, row, col)
            if strength < best:
                best, best_row, best_col = strength, row, col
    return best_row, best_col


@serial
def _edge_strength(image, channels, is_rgb, white, row, col):
    strength = float32(0)
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        if channel >= 0:
            at = channels * col + channel
            left = float32(image[row, at - channels]) / white
            right = float32(image[row, at + channels]) / white
            above, below = float32(image[row - 1, at]) / white, float32(image[row + 1, at]) / white
            strength += edge(left, right, above, below)
    return strength


@banded
def run_tile_rows(
    pixels, choice, centers, fresh, units, counted, per_unit, still, rows, cols, size, across,
    factor, later, moving, start, stop,
):  # fmt: skip
    """Assign rows of tiles, then move the centres of the regions that lie in these rows only.

    If no centre around a strip has moved since the last iteration, its choices stay. If the choices
    around a region stay, its centre stays.
    """
    near, nearest = np.zeros(NEAR_SIZE, np.float32), np.zeros(size * LANES, np.float32)
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
                gather_centers(centers, tile_row, strip, near)
                set_columns(strip, across + 1, size, cols, near)
                at = (tile_row * strips + strip) * size * size * LANES
                source, picks = pixels[PLANES * at :], choice[at:]
                for row in range(first, last):
                    dy = row - first_row
                    assign_row(source, picks, near, nearest, dy, row, size, cols, factor)
                    if per_unit[row] > 0:
                        units[row, strip] = count_units(nearest, size * LANES, per_unit[row])
                    counted[row, strip] = per_unit[row]
        if moving and tile_row > start:
            args = (centers, fresh, still, tile_row - 1, rows, size, across, sums)
            update_region_row(pixels, choice, *args)


@serial
def move_between_bands(pixels, choice, centers, fresh, still, rows, size, across, bands):
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


@serial
def update_region_row(pixels, choice, centers, fresh, still, region_row, rows, size, across, sums):
    """Move the centres of one row of regions to their means; unchanged strips are copied."""
    strips = still.shape[1]
    for strip in range(strips):
        first = strip * OWNED
        if still[region_row, strip] and still[region_row + 1, strip]:
            for feature in range(2 + PLANES):
                old, new = centers[feature, region_row + 1], fresh[feature, region_row + 1]
                for at in range(first + 1, first + LANES):
                    new[at] = old[at]
            continue
        sums[:] = 0
        for side in range(2):
            # Regions are choices 2 and 3 of the tiles above them, and 0 and 1 of those below.
            tile_row = region_row + side
            start = (tile_row * strips + strip) * size * size * LANES
            first_row = tile_row * size - size // 2
            first_col = first * size - size // 2
            source, picks, left = pixels[PLANES * start :], choice[start:], 2 - 2 * side
            _add_tile_row(source, picks, sums, first_row, rows, first_col, size, left + 1, left)
        _write_means(sums, fresh, region_row, first, across)


@serial
def _add_tile_row(pixels, choice, sums, first_row, rows, first_col, size, right, left):
    """Add one row of tiles; `right` and `left` are the choices of a region's two tile columns."""
    for dy in range(size):
        row = first_row + dy
        if 0 <= row < rows:
            at, y, x = uintp(dy * size), float32(row), float32(first_col)
            next_x = float32(first_col + size)
            _add_pixel_row(pixels, choice, sums, at, uintp(0), y, x, size, uint8(right))
            _add_pixel_row(pixels, choice, sums, at, uintp(1), y, next_x, size, uint8(left))


@serial
def _add_pixel_row(pixels, choice, sums, start, shift, row, first_col, size, wanted):
    for dx in range(uintp(0), uintp(size), uintp(GROUP)):
        for lane in range(uintp(LANES)):
            mass, rows = sums[uintp(MASS) + lane], sums[uintp(SUM_ROW) + lane]
            cols, sum0 = sums[uintp(SUM_COL) + lane], sums[uintp(COLOR0) + lane]
            sum1, sum2 = sums[uintp(COLOR1) + lane], sums[uintp(COLOR2) + lane]
            col = first_col + float32(uintp(size) * lane)
            for step in range(dx, dx + uintp(GROUP)):
                at = (start + step) * uintp(LANES) + shift + lane
                z = (start + step) * uintp(PLANES * LANES) + shift + lane
                member = choice[at] == (wanted if step < uintp(size) else uint8(NOBODY))
                mass += float32(1) if member else float32(0)
                rows += row if member else float32(0)
                cols += col + float32(step) if member else float32(0)
                sum0 += pixels[z] if member else float32(0)
                sum1 += pixels[z + uintp(LANES)] if member else float32(0)
                sum2 += pixels[z + uintp(2 * LANES)] if member else float32(0)
            sums[uintp(MASS) + lane], sums[uintp(SUM_ROW) + lane] = mass, rows
            sums[uintp(SUM_COL) + lane], sums[uintp(COLOR0) + lane] = cols, sum0
            sums[uintp(COLOR1) + lane], sums[uintp(COLOR2) + lane] = sum1, sum2


@serial
def _write_means(sums, fresh, region_row, first, regions):
    """Write the centres of the strip's regions, inside a border of unreachable centres."""
    for lane in range(min(OWNED, regions - first)):
        mass = max(sums[MASS + lane], TINY)
        for feature in range(2 + PLANES):
            at = first + lane + 1
            fresh[feature, region_row + 1, at] = sums[SUM_ROW + feature * LANES + lane] / mass


@banded
def move_centers_of_pixels(planes, labels, size, centers, start, stop):
    """Move the centres of some regions to the means of their pixels, without tiles."""
    rows, cols = labels.shape
    across = centers.shape[2]
    for region in range(start, stop):
        v, u = region // across, region % across
        first_row, first_col = v * size - size // 2, u * size - size // 2
        mass = row_sum = col_sum = sum0 = sum1 = sum2 = float32(0)
        for row in range(max(0, first_row), min(rows, first_row + 2 * size)):
            for col in range(max(0, first_col), min(cols, first_col + 2 * size)):
                if labels[row, col] == region:
                    mass += float32(1)
                    row_sum += float32(row)
                    col_sum += float32(col)
                    sum0 += planes[0, row, col]
                    sum1 += planes[1, row, col]
                    sum2 += planes[2, row, col]
        mass = max(mass, TINY)
        centers[0, v, u], centers[1, v, u] = row_sum / mass, col_sum / mass
        centers[2, v, u], centers[3, v, u] = sum0 / mass, sum1 / mass
        centers[4, v, u] = sum2 / mass


@serial
def move_centers(sums, white, size, by_grid, centers):
    """Overwrite centres by the means of the regions that claim their tiles.

    A region claims the tile of its number, or if not `by_grid` that of its mean position.
    """
    _, down, across = centers.shape
    claims = np.zeros(down * across, np.int64)
    for label in range(len(sums)):
        area = sums[label, 0]
        if area > 0:
            tile = label
            if not by_grid:
                row, col = sums[label, 1] // area, sums[label, 2] // area
                tile = row // size * across + col // size
            claims[tile] = max(claims[tile], claim(area, label))
    for tile in range(claims.size):
        if claims[tile] > 0:
            label = claimant(claims[tile])
            for k in range(len(centers)):
                value = mean(sums[label, 1 + k], sums[label, 0])
                centers[k, tile // across, tile % across] = value if k < 2 else value / white
