"""One strip of regions: the means of each region's pixels, summed in raster order as in vl_slic."""

from numba import float32, uint8, uintp

from ...kernels.jit import serial
from ._cpu_assign import LANES, OWNED, PLANES

# Running sums, 16 regions side by side: pixel count, row, column, colour.
MASS, SUM_ROW, SUM_COL = 0, LANES, 2 * LANES
COLOR0, COLOR1, COLOR2 = 3 * LANES, 4 * LANES, 5 * LANES
SUMS = (3 + PLANES) * LANES
NOBODY = 5
GROUP = 10  # pixels per lane between two visits to memory
TINY = float32(1e-8)  # vl_slic's mass of a region without pixels


@serial
def update_region_row(pixels, choice, centers, fresh, still, region_row, rows, size, across, sums):
    """Move the centres of one row of regions; where nothing around a strip moved, they stay."""
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
            # The tiles above see the regions as their lower two, 2 and 3; those below as 0 and 1.
            tile_row = region_row + side
            start = (tile_row * strips + strip) * size * size * LANES
            first_row = tile_row * size - size // 2
            first_col = first * size - size // 2
            mine, picks, left = pixels[PLANES * start :], choice[start:], 2 - 2 * side
            _add_tile_row(mine, picks, sums, first_row, rows, first_col, size, left + 1, left)
        _write_means(sums, fresh, region_row, first, across)


@serial
def _add_tile_row(pixels, choice, sums, first_row, rows, first_col, size, right, left):
    """Add one row of tiles; `right` and `left` name a region as the tiles beside it see it."""
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
    """Write the centres of the strip's regions into the frame of unreachable ones."""
    for lane in range(min(OWNED, regions - first)):
        mass = max(sums[MASS + lane], TINY)
        for feature in range(2 + PLANES):
            at = first + lane + 1
            fresh[feature, region_row + 1, at] = sums[SUM_ROW + feature * LANES + lane] / mass
