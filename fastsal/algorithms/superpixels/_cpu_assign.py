"""One row of one strip: each pixel's nearest of the four regions around its tile.

A tile is the R x R pixels that share the same four candidate regions. A strip is 16 neighbouring
tiles, their pixels interleaved: lane i of every vector belongs to tile i, so that one vector
instruction serves 16 tiles whose candidates' centres lie next to each other in memory too. Strips
overlap by one tile: a region's two tile columns are then in one strip.
"""

from numba import float32, int32, uint8, uintp

from ...kernels.jit import serial
from ._formulas import distance

PLANES = 3  # grey images carry two of zeros: adding 0 to a sum of squares changes no bit
LANES = 16
OWNED = LANES - 1  # the last tile of a strip is the first of the next
OUTSIDE = 4  # choice of a pixel outside the image; 0 to 3 are the regions around a tile, row-major

# A hood holds the centres around one strip: 17 regions in two rows, feature by feature.
WIDTH = 2 * LANES
ROW, COL, COLOR, DROW2 = 0, WIDTH, 2 * WIDTH, (2 + PLANES) * WIDTH
LOWER = (3 + PLANES) * WIDTH  # where the lower row of regions begins
FIRST_COL, LAST_COL = 2 * LOWER, 2 * LOWER + LANES
HOOD = LAST_COL + LANES

MAGIC = float32(12582912)  # 1.5 * 2**23: adding it rounds to an integer, subtracting gives it back
TALLEST = float32(1 << 14)  # a line of tiles then sums below 2**31, up to regions of 8,191 pixels


@serial
def gather_hood(centers, tile_row, strip, hood):
    """Copy the centres around a strip next to each other, so that one offset reaches each."""
    first = strip * OWNED
    for side in range(2):
        for feature in range(2 + PLANES):
            line = centers[feature, tile_row + side]
            at = uintp(side * LOWER + feature * WIDTH)
            for j in range(uintp(WIDTH)):
                hood[at + j] = line[uintp(first) + j]


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
def place_hood(strip, tiles, size, cols, hood):
    """Write the first pixel column of each tile, and where the columns a tile may count end."""
    for lane in range(LANES):
        tile = strip * OWNED + lane
        mine = lane < OWNED or tile == tiles - 1
        hood[FIRST_COL + lane] = float32(tile * size - size // 2)
        hood[LAST_COL + lane] = float32(cols if mine else 0)


@serial
def assign_row(pixels, choice, hood, nearest, dy, row, size, cols, factor):
    """Choose for one pixel row of a strip; leave the distances, 0 where another strip counts."""
    for j in range(uintp(WIDTH)):
        upper = float32(row) - hood[uintp(ROW) + j]
        lower = float32(row) - hood[uintp(ROW + LOWER) + j]
        hood[uintp(DROW2) + j] = upper * upper
        hood[uintp(DROW2 + LOWER) + j] = lower * lower
    for dx in range(uintp(size)):
        at = uintp(dy * size) + dx
        for lane in range(uintp(LANES)):
            z = at * uintp(PLANES * LANES) + lane
            z0, z1, z2 = pixels[z], pixels[z + uintp(LANES)], pixels[z + uintp(2 * LANES)]
            col = hood[uintp(FIRST_COL) + lane] + float32(dx)
            best = _distance_to(z0, z1, z2, col, hood, lane, factor)
            pick = uint8(0)
            other = _distance_to(z0, z1, z2, col, hood, lane + uintp(1), factor)
            pick = uint8(1) if other < best else pick
            best = other if other < best else best
            other = _distance_to(z0, z1, z2, col, hood, lane + uintp(LOWER), factor)
            pick = uint8(2) if other < best else pick
            best = other if other < best else best
            other = _distance_to(z0, z1, z2, col, hood, lane + uintp(LOWER + 1), factor)
            pick = uint8(3) if other < best else pick
            best = other if other < best else best
            inside = (col >= float32(0)) & (col < float32(cols))
            counted = (col >= float32(0)) & (col < hood[uintp(LAST_COL) + lane])
            choice[at * uintp(LANES) + lane] = pick if inside else uint8(OUTSIDE)
            nearest[dx * uintp(LANES) + lane] = best if counted else float32(0)


@serial
def _distance_to(z0, z1, z2, col, hood, at, factor):
    gap0 = z0 - hood[at + uintp(COLOR)]
    gap1 = z1 - hood[at + uintp(COLOR + WIDTH)]
    gap2 = z2 - hood[at + uintp(COLOR + 2 * WIDTH)]
    dcol, drow2 = col - hood[at + uintp(COL)], hood[at + uintp(DROW2)]
    return distance(gap0, gap1, gap2, dcol, drow2, factor)


@serial
def count_units(nearest, count, per_unit):
    """Return the sum of the distances, each rounded to whole units.

    Or -1 if one lies just between two units or is huge.
    """
    units = odd = int32(0)
    for i in range(uintp(count)):
        share = nearest[i] * per_unit
        whole = (share + MAGIC) - MAGIC
        units += int32(min(whole, TALLEST))
        gap = abs(share - whole)
        odd |= int32(gap == float32(0.5)) | int32(share >= TALLEST)
    return int32(-1) if odd else units
