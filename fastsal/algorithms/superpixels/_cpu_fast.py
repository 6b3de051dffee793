"""Fast mode on the CPU: assignment in integers, and sums per region, one row of tiles at a time.

A tile is the R x R pixels that share the same four candidate regions. 16 neighbouring tiles form a
strip. Their pixels are interleaved: lane i of every vector belongs to tile i, so that one vector
instruction serves 16 tiles.
"""

from typing import NamedTuple

import numpy as np
from numba import int16, int32, int64, prange, uint8, uintp

from ...kernels import launch, threads
from ...kernels.jit import parallel, serial
from ...kernels.launch import over_bands, scratch
from . import _cpu_connect as connect
from ._grid import grid_shape
from ._math import (
    band_of,
    channel_of,
    code_of,
    color_from,
    level,
    mean_color,
    mean_place,
    middle,
    place_from,
    place_of,
)

LANES = 16
GROUP = 8  # pixels per lane between two visits to memory
FIELDS = 6  # of a region: pixels, rows, columns and three channels
STEP = 3  # of the rows only every third counts in all iterations but the last
FAR = int32((1 << 31) - 1)  # score of a candidate outside the grid

# Work arrays of a strip: for each candidate its terms, 16 lanes each.
C0, C1, C2, COL, BASE, ROW, NOW = (i * LANES for i in range(7))
TERMS = 7 * LANES


class Pieces(NamedTuple):
    """A segmentation by codes: nine of them tell neighbouring regions apart; and the exceptions."""

    codes: np.ndarray
    size: int
    grid: tuple[int, int]
    runs: np.ndarray


def slic(pixels, channels, is_rgb, size, scale, least, rounds, centers, sums, shape):
    """Segment an image from `centers`, (5, down, across), which it moves; return its pieces.

    `sums`, int64 (n, 6), gets the pixels, rows, columns and levels of each region.
    """
    image, grid = pixels.reshape(shape[0], -1), grid_shape(shape, size)
    codes = scratch("slic codes", shape, np.uint8)
    tile_rows, many = grid[0] + 1, codes.size >= launch.PARALLEL_FROM
    bands = min(threads.count(), tile_rows) if many else 1
    parts = scratch("slic parts", (grid[0] + bands, grid[1], FIELDS), np.int64)
    for k in range(rounds):
        step = STEP if k + 1 < rounds else 1
        parts[:] = 0
        args = image, channels, is_rgb, size, scale, centers, step, k % step, codes, parts
        if many:
            with threads.safe_section():
                assign_in_bands(*args, bands)
        else:
            assign_tile_rows(*args, 0, 0, tile_rows)
        args = parts, bands, size, scale, centers, sums
        over_bands(move_rows, move_in_bands, grid[0], *args, pixels=codes.size)
    runs = connect.connect(codes, size, least, grid, sums)
    connect.move_sums(image, channels, is_rgb, runs, sums)
    return Pieces(codes, size, grid, runs)


def paint(pieces, values, out):
    """Fill `out`, (H, W), with the value of each pixel's region."""
    codes, size, grid, runs = pieces
    args = codes, size, grid, values, out
    over_bands(paint_rows, paint_rows_in_bands, codes.shape[0], *args, pixels=codes.size)
    connect.paint_runs(runs, values, out)


@serial
def assign_tile_rows(
    image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, band, start, stop,
):  # fmt: skip
    """Assign the pixels of tile rows `start` to `stop`; add them to the sums of their regions.

    Of the image only every `step`-th row counts, from `phase` on; codes are written if `step` is 1.
    """
    rows, cols = image.shape[0], image.shape[1] // channels
    across, half = centers.shape[2], size // 2
    length = size * LANES
    padded = (size + GROUP) * LANES
    segment = np.zeros((length + 2) * channels, np.uint8)
    pixels = np.zeros(3 * padded, np.uint8)
    picks = np.full(padded, 255, np.uint8)
    names = np.zeros(4 * LANES, np.uint8)
    terms, places = np.zeros(4 * TERMS, np.int32), np.zeros(size, np.int32)
    totals = np.zeros(4 * FIELDS * LANES, np.int32)
    for i in range(size):
        places[i] = place_of(i, scale)
    for tile_row in range(start, stop):
        top = tile_row * size - half
        first, last = max(0, top), min(rows, top + size)
        first += (phase - first) % step
        for tile in range(0, across + 1, LANES):
            left = tile * size - half
            gather(centers, tile_row, tile, size, scale, terms, names)
            totals[:] = 0
            start_col, stop_col = max(0, left), min(cols, left + length)
            count, shift = stop_col - start_col, start_col - left
            row = first
            while row < last:
                source = image[row, start_col * channels : stop_col * channels]
                read_levels(source, segment[shift * channels :])
                interleave(segment, channels, is_rgb, size, pixels, padded)
                choose(pixels, padded, terms, names, places, places[row - top], size, picks)
                if count < length:
                    blank(picks, size, shift, shift + count)
                add(pixels, padded, picks, names, size, row - top, totals)
                if step == 1:
                    write(picks, size, shift, codes[row, start_col:stop_col])
                row += step
            add_to_regions(totals, tile_row, tile, size, band, sums)


@serial
def gather(centers, tile_row, tile, size, scale, terms, names):
    """Write the terms of the four candidates of each tile of a strip."""
    _, down, across = centers.shape
    full = place_of(size, scale)
    for candidate in range(4):
        v, at = tile_row - 1 + (candidate >> 1), candidate * TERMS
        for lane in range(LANES):
            u, z = tile + lane - 1 + (candidate & 1), at + lane
            c0 = c1 = c2 = row = col = int32(0)
            base, name = FAR, uint8(254)
            if 0 <= v < down and 0 <= u < across:
                row = int32(centers[0, v, u] - (full if candidate < 2 else 0))
                col = int32(centers[1, v, u] - (full if candidate & 1 == 0 else 0))
                c0, c1, c2 = centers[2, v, u], centers[3, v, u], centers[4, v, u]
                base = int32(c0 * c0 + c1 * c1 + c2 * c2 + row * row + col * col)
                name = code_of(v, u)
            terms[z + C0], terms[z + C1], terms[z + C2] = 16 * c0, 16 * c1, 16 * c2
            terms[z + ROW], terms[z + COL], terms[z + BASE] = 2 * row, 2 * col, base
            names[candidate * LANES + lane] = name


@serial
def read_levels(line, segment):
    for i in range(uintp(line.size)):
        segment[i] = uint8(level(line[i], line.itemsize))


@serial
def interleave(segment, channels, is_rgb, size, pixels, padded):
    for plane in range(3):
        channel = channel_of(plane, channels, is_rgb)
        if channel >= 0:
            for dx in range(uintp(size)):
                at = uintp(plane * padded) + dx * uintp(LANES)
                first = dx * uintp(channels) + uintp(channel)
                for lane in range(uintp(LANES)):
                    pixels[at + lane] = segment[first + lane * uintp(size * channels)]


@serial
def choose(pixels, padded, terms, names, places, row, size, picks):
    """Write the code of each pixel's nearest candidate."""
    for candidate in range(uintp(4)):
        at = candidate * uintp(TERMS)
        for lane in range(uintp(LANES)):
            z = at + lane
            terms[z + uintp(NOW)] = int32(terms[z + uintp(BASE)] - int32(row * terms[z + uintp(ROW)]))
    for dx in range(uintp(size)):
        col = places[dx]
        for lane in range(uintp(LANES)):
            at = dx * uintp(LANES) + lane
            l0, l1, l2 = int32(pixels[at]), int32(pixels[at + uintp(padded)]), int32(pixels[at + uintp(2 * padded)])
            best, code = score(terms, lane, uintp(0), l0, l1, l2, col), names[lane]
            other, name = score(terms, lane, uintp(1), l0, l1, l2, col), names[lane + uintp(LANES)]
            code = name if other < best else code
            best = other if other < best else best
            other, name = score(terms, lane, uintp(2), l0, l1, l2, col), names[lane + uintp(2 * LANES)]
            code = name if other < best else code
            best = other if other < best else best
            other, name = score(terms, lane, uintp(3), l0, l1, l2, col), names[lane + uintp(3 * LANES)]
            code = name if other < best else code
            picks[at] = code


@serial
def score(terms, lane, candidate, l0, l1, l2, col):
    at = candidate * uintp(TERMS) + lane
    total = int32(l0 * terms[at + uintp(C0)])
    total = int32(total + int32(l1 * terms[at + uintp(C1)]))
    total = int32(total + int32(l2 * terms[at + uintp(C2)]))
    total = int32(total + int32(col * terms[at + uintp(COL)]))
    return int32(terms[at + uintp(NOW)] - total)


@serial
def blank(picks, size, start, stop):
    """Leave out what lies outside the image."""
    for lane in range(LANES):
        for dx in range(size):
            if not start <= lane * size + dx < stop:
                picks[dx * LANES + lane] = 255


@serial
def add(pixels, padded, picks, names, size, dy, totals):
    """Add one row of a strip to the sums of each tile's four candidates."""
    dy = int32(dy)
    for candidate in range(uintp(4)):
        out = candidate * uintp(FIELDS * LANES)
        for dx in range(uintp(0), uintp(size), uintp(GROUP)):
            for lane in range(uintp(LANES)):
                n = cols = s0 = s1 = s2 = int16(0)
                name = names[candidate * uintp(LANES) + lane]
                for k in range(uintp(GROUP)):
                    at = (dx + k) * uintp(LANES) + lane
                    mask = int16(-1) if picks[at] == name else int16(0)
                    n = int16(n - mask)
                    cols = int16(cols + int16(mask & int16(k)))
                    s0 = int16(s0 + int16(mask & int16(pixels[at])))
                    s1 = int16(s1 + int16(mask & int16(pixels[at + uintp(padded)])))
                    s2 = int16(s2 + int16(mask & int16(pixels[at + uintp(2 * padded)])))
                z = out + lane
                wide = int32(n)
                totals[z] = int32(totals[z] + wide)
                totals[z + uintp(LANES)] = int32(totals[z + uintp(LANES)] + int32(wide * dy))
                totals[z + uintp(2 * LANES)] = int32(totals[z + uintp(2 * LANES)] + int32(int32(cols) + int32(wide * int32(dx))))
                totals[z + uintp(3 * LANES)] = int32(totals[z + uintp(3 * LANES)] + int32(s0))
                totals[z + uintp(4 * LANES)] = int32(totals[z + uintp(4 * LANES)] + int32(s1))
                totals[z + uintp(5 * LANES)] = int32(totals[z + uintp(5 * LANES)] + int32(s2))


@serial
def write(picks, size, shift, line):
    lane, dx = shift // size, shift % size
    i = 0
    while i < line.size:
        at = uintp(dx * LANES + lane)
        run = min(size - dx, line.size - i)
        for k in range(uintp(run)):
            line[uintp(i) + k] = picks[at + k * uintp(LANES)]
        i += run
        lane, dx = lane + 1, 0


@serial
def add_to_regions(totals, tile_row, tile, size, band, sums):
    across = sums.shape[1]
    for candidate in range(4):
        v = tile_row - 1 + (candidate >> 1)
        if v + band < 0 or v + band >= sums.shape[0]:
            continue
        below, right = (size if candidate < 2 else 0), (size if candidate & 1 == 0 else 0)
        for lane in range(LANES):
            u = tile + lane - 1 + (candidate & 1)
            if 0 <= u < across:
                at, target = candidate * FIELDS * LANES + lane, sums[v + band, u]
                n = int64(totals[at])
                target[0] += n
                target[1] += totals[at + LANES] + n * below
                target[2] += totals[at + 2 * LANES] + n * right
                for k in range(3, FIELDS):
                    target[k] += totals[at + k * LANES]


@parallel
def assign_in_bands(image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, bands):
    tile_rows = centers.shape[1] + 1
    for band in prange(bands):
        assign_tile_rows(
            image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, band,
            band * tile_rows // bands, (band + 1) * tile_rows // bands,
        )  # fmt: skip


@serial
def place_first(image, channels, is_rgb, size, scale, centers):
    """Write the first centres: the middles of the tiles of vl_slic's grid."""
    _, down, across = centers.shape
    rows, cols = image.shape[0], image.shape[1] // channels
    for v in range(down):
        for u in range(across):
            row, col = middle(v, size, rows), middle(u, size, cols)
            centers[0, v, u] = place_of(row - (v * size - size // 2), scale)
            centers[1, v, u] = place_of(col - (u * size - size // 2), scale)
            for plane in range(3):
                channel, value = channel_of(plane, channels, is_rgb), int32(0)
                if channel >= 0:
                    value = level(image[row, channels * col + channel], image.itemsize)
                centers[2 + plane, v, u] = int32(8 * value)


@serial
def convert_centers(given, size, scale, centers):
    """Write centres given in pixels and shares of white in the units of fast mode."""
    _, down, across = centers.shape
    for v in range(down):
        for u in range(across):
            for k in range(2):
                origin = (u if k else v) * size - size // 2
                centers[k, v, u] = place_from(given[k, v, u], origin, size, scale)
            for k in range(2, 5):
                centers[k, v, u] = color_from(given[k, v, u])


@serial
def move_rows(parts, bands, size, scale, centers, sums, start, stop):
    """Move the centres of region rows to their means; write their sums in whole-image terms."""
    _, down, across = centers.shape
    total = np.zeros(FIELDS, np.int64)
    for v in range(start, stop):
        first, second = v + band_of(v, down + 1, bands), v + band_of(v + 1, down + 1, bands)
        for u in range(across):
            for k in range(FIELDS):
                total[k] = parts[first, u, k]
                if second != first:
                    total[k] += parts[second, u, k]
            n = total[0]
            if n > 0:
                centers[0, v, u] = mean_place(total[1], n, scale)
                centers[1, v, u] = mean_place(total[2], n, scale)
                for k in range(2, 5):
                    centers[k, v, u] = mean_color(total[1 + k], n)
            total[1] += n * (v * size - size // 2)
            total[2] += n * (u * size - size // 2)
            for k in range(FIELDS):
                sums[v * across + u, k] = total[k]


@parallel
def move_in_bands(parts, of_parts, size, scale, centers, sums, bands):
    down = centers.shape[1]
    for band in prange(bands):
        start, stop = band * down // bands, (band + 1) * down // bands
        move_rows(parts, of_parts, size, scale, centers, sums, start, stop)


@serial
def paint_rows(codes, size, grid, values, out, start, stop):
    """Fill rows of `out` with the value of each pixel's region."""
    down, across = grid
    cols, half = codes.shape[1], size // 2
    table = np.zeros((across + 1) * 9, values.dtype)
    for row in range(start, stop):
        tile_row = (row + half) // size
        if row == start or (row + half) % size == 0:
            for tile in range(across + 1):
                for v in range(max(0, tile_row - 1), min(down - 1, tile_row) + 1):
                    for u in range(max(0, tile - 1), min(across - 1, tile) + 1):
                        table[9 * tile + code_of(v, u)] = values[v * across + u]
        line, source = out[row], codes[row]
        for tile in range(across + 1):
            first, last = max(0, tile * size - half), min(cols, tile * size - half + size)
            for col in range(uintp(first), uintp(last)):
                line[col] = table[uintp(9 * tile) + uintp(source[col])]


@parallel
def paint_rows_in_bands(codes, size, grid, values, out, bands):
    for band in prange(bands):
        start, stop = band * codes.shape[0] // bands, (band + 1) * codes.shape[0] // bands
        paint_rows(codes, size, grid, values, out, start, stop)
