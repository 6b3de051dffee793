"""Fast mode on the CPU: both steps of SLIC in integers, one row of tiles at a time.

Alternate rows as in fast-slic and preemptive SLIC. A tile is the S x S pixels that share the same
four candidate regions. 16 neighbouring tiles form a strip. Their pixels are interleaved: lane i of
every vector belongs to tile i, so one vector instruction serves 16 tiles.
"""

import numpy as np
from numba import int32, int64, prange, uintp

from ...kernels.jit import banded, parallel, serial
from ...kernels.regions._formulas import FIELDS, channel_of
from ...kernels.simd.nearest import (
    BASE,
    CANDIDATES,
    CODE,
    COLOR_2_AND_COL,
    COLORS_01,
    GROUP,
    ROW,
    TERMS,
    assign_row,
)
from ._formulas import (
    LANES,
    band_of,
    code_of,
    color_from,
    edge,
    index_of,
    level,
    mean_color,
    mean_place,
    middle,
    place_from,
    place_of,
)

ROWS = 16  # of the image, processed together
MAX = int32((1 << 31) - 1)  # score of a candidate outside the grid

# The centres around a strip: two rows of 17, feature by feature.
WIDTH = 2 * LANES
ROW_SIZE = 5 * WIDTH


@serial
def assign_tile_rows(
    image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, band, start, stop,
):  # fmt: skip
    """Assign the pixels of tile rows `start` to `stop`; add them to the sums of their regions.

    Only every `step`-th row of the image counts, from `phase` on; step 1 also writes the codes.
    """
    rows, cols = image.shape[0], image.shape[1] // channels
    across, half, length = centers.shape[2], size // 2, size * LANES
    width = (across // LANES + 1) * length
    # Memory is read and written in whole rows, which is faster than in parts of rows.
    lines, found = np.zeros((ROWS, width), np.int32), np.zeros((ROWS, width), np.uint8)
    packed, thirds = np.zeros(length, np.int32), np.zeros(width + LANES, np.int32)
    near, terms = np.zeros(2 * ROW_SIZE, np.int32), np.zeros(CANDIDATES * TERMS, np.int32)
    totals = np.zeros(CANDIDATES * FIELDS * LANES, np.int32)
    places = offsets(size, scale)
    for u in range(thirds.size):
        thirds[u] = (u + 2) % 3  # of region u - 1
    for tile_row in range(start, stop):
        top = tile_row * size - half
        last = min(rows, top + size)
        first = max(0, top)
        first += (phase - first) % step
        for chunk in range(first, last, ROWS * step):
            count = min(ROWS, -(-(last - chunk) // step))
            for k in range(count):
                read_levels(image[chunk + k * step], channels, is_rgb, lines[k, half:])
            for tile in range(0, across + 1, LANES):
                left = tile * size
                gather(centers, tile_row, tile, near)
                set_terms(near, centers.shape[1:], tile_row, tile, places[size], thirds, terms)
                totals[:] = 0
                for k in range(count):
                    dy = int32(chunk + k * step - top)
                    interleave(lines[k, left:], size, packed)
                    for dx in range(0, size, GROUP):
                        assign_row(
                            packed, terms, places, places[dy], dy, dx, min(size, dx + GROUP),
                            int32(size), int32(half - left), int32(half + cols - left),
                            found[k, left:], totals,
                        )  # fmt: skip
                add_to_regions(totals, tile_row, tile, size, band, sums)
            if step == 1:
                for k in range(count):
                    copy(found[k], codes[chunk + k], width)


@serial
def offsets(size, scale):
    """Return the places of pixels 0 to `size` of a tile."""
    places = np.empty(size + 1, np.int32)
    for i in range(size + 1):
        places[i] = place_of(i, scale)
    return places


@serial
def gather(centers, tile_row, tile, near):
    """Copy the centres around a strip next to each other; those outside the grid are unchanged."""
    _, down, across = centers.shape
    first, last = max(0, tile - 1), min(across, tile + LANES)
    for below in range(2):
        v = tile_row - 1 + below
        if 0 <= v < down:
            for k in range(5):
                at = below * ROW_SIZE + k * WIDTH + first - tile + 1
                copy(centers[k, v, first:], near[at:], last - first)


@serial
def copy(source, target, count):
    for i in range(uintp(count)):
        target[i] = source[i]


@serial
def set_terms(near, grid, tile_row, tile, full, thirds, terms):
    """Write the terms of the four candidates' scores, and their codes.

    A score is the squared distance (Eq. 3) minus the terms that are equal for all candidates.
    """
    for candidate in range(CANDIDATES):
        below, right = candidate >> 1, candidate & 1
        v, first = tile_row - 1 + below, int32(tile - 1 + right)
        at, first_at = uintp(candidate * TERMS), uintp(below * ROW_SIZE + right)
        drow, dcol = int32(0 if below else full), int32(0 if right else full)
        exists, digit = 0 <= v < grid[0], int32(3 * (v % 3))
        for lane in range(uintp(LANES)):
            row = int32(near[first_at + lane] - drow)
            col = int32(near[first_at + uintp(WIDTH) + lane] - dcol)
            c0, c1 = (
                near[first_at + uintp(2 * WIDTH) + lane],
                near[first_at + uintp(3 * WIDTH) + lane],
            )
            c2 = near[first_at + uintp(4 * WIDTH) + lane]
            base = int32(int32(row * row) + int32(col * col))
            base = int32(base + int32(int32(c0 * c0) + int32(int32(c1 * c1) + int32(c2 * c2))))
            u = int32(first + int32(lane))
            inside = exists & (u >= int32(0)) & (u < int32(grid[1]))
            colors_01 = int32(int32(16 * c0) | int32(c1 << int32(20)))
            color_2 = int32(int32(16 * c2) | int32(col << int32(17)))
            code = int32(digit + thirds[uintp(first + 1) + lane])
            terms[at + uintp(COLORS_01) + lane] = colors_01 if inside else int32(0)
            terms[at + uintp(COLOR_2_AND_COL) + lane] = color_2 if inside else int32(0)
            terms[at + uintp(ROW) + lane] = int32(2 * row) if inside else int32(0)
            terms[at + uintp(BASE) + lane] = base if inside else MAX
            terms[at + uintp(CODE) + lane] = code if inside else int32(254)


@serial
def read_levels(line, channels, is_rgb, packed):
    """Write the levels of each pixel in one word."""
    size = line.itemsize
    low, high = (int32(0), int32(16)) if is_rgb else (int32(16), int32(0))
    if channels == 3:  # a constant step is read by whole vectors
        for i in range(uintp(line.size // 3)):
            one, two = level(line[uintp(3) * i], size), level(line[uintp(3) * i + uintp(1)], size)
            three = level(line[uintp(3) * i + uintp(2)], size)
            packed[i] = int32(int32(one << low) | int32(two << int32(8)) | int32(three << high))
    elif channels > 3:
        for i in range(uintp(line.size // channels)):
            at = uintp(channels) * i
            one, two = level(line[at], size), level(line[at + uintp(1)], size)
            three = level(line[at + uintp(2)], size)
            packed[i] = int32(int32(one << low) | int32(two << int32(8)) | int32(three << high))
    else:
        for i in range(uintp(line.size // channels)):
            packed[i] = level(line[uintp(channels) * i], size)


@serial
def interleave(segment, size, packed):
    for dx in range(uintp(size)):
        for lane in range(uintp(LANES)):
            packed[dx * uintp(LANES) + lane] = segment[dx + lane * uintp(size)]


@serial
def add_to_regions(totals, tile_row, tile, size, band, sums):
    """Add the sums of the tiles of a strip to those of its regions, relative to their windows."""
    for candidate in range(CANDIDATES):
        v = tile_row - 1 + (candidate >> 1)
        if v + band < 0 or v + band >= sums.shape[1]:
            continue
        below, right = (size if candidate < 2 else 0), (size if candidate & 1 == 0 else 0)
        first = uintp(tile + (candidate & 1))
        for field in range(FIELDS):
            at, line = uintp((candidate * FIELDS + field) * LANES), sums[field, v + band]
            shift = below if field == 1 else right if field == 2 else 0
            for lane in range(uintp(LANES)):
                n = totals[uintp(candidate * FIELDS * LANES) + lane]
                line[first + lane] += int64(totals[at + lane]) + int64(n) * shift


@parallel
def assign_in_bands(image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, bands):
    tile_rows = centers.shape[1] + 1
    if bands == 0:
        assign_tile_rows(
            image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, 0,
            0, tile_rows,
        )  # fmt: skip
        return
    for band in prange(bands):
        assign_tile_rows(
            image, channels, is_rgb, size, scale, centers, step, phase, codes, sums, band,
            band * tile_rows // bands, (band + 1) * tile_rows // bands,
        )  # fmt: skip


@serial
def place_first(image, channels, is_rgb, size, scale, centers):
    """Write the first centres: a grid, each centre at the lowest gradient of 3 x 3 pixels."""
    _, down, across = centers.shape
    rows, cols = image.shape[0], image.shape[1] // channels
    for v in range(down):
        for u in range(across):
            row, col = middle(v, size, rows), middle(u, size, cols)
            lowest, at_row, at_col = MAX, row, col
            for r in range(max(0, row - 1), min(rows - 1, row + 1) + 1):
                for c in range(max(0, col - 1), min(cols - 1, col + 1) + 1):
                    strength = int32(0)
                    if 0 < r < rows - 1 and 0 < c < cols - 1:
                        for k in range(min(channels, 3)):
                            strength += edge_at(image, channels, r, c, k)
                    if strength < lowest:
                        lowest, at_row, at_col = strength, r, c
            centers[0, v, u] = place_of(at_row - (v * size - size // 2), scale)
            centers[1, v, u] = place_of(at_col - (u * size - size // 2), scale)
            for plane in range(3):
                channel, value = channel_of(plane, channels, is_rgb), int32(0)
                if channel >= 0:
                    value = level(image[at_row, channels * at_col + channel], image.itemsize)
                centers[2 + plane, v, u] = int32(8 * value)


@serial
def edge_at(image, channels, row, col, channel):
    """Return one channel's part of the edge strength at a pixel."""
    at, size = channels * col + channel, image.itemsize
    left, right = level(image[row, at - channels], size), level(image[row, at + channels], size)
    above, below = level(image[row - 1, at], size), level(image[row + 1, at], size)
    return int32(edge(left, right, above, below))


@serial
def convert_centers(given, size, scale, centers):
    """Write centres in pixels and fractions of white in the units of fast mode."""
    _, down, across = centers.shape
    for v in range(down):
        for u in range(across):
            for k in range(2):
                origin = (u if k else v) * size - size // 2
                centers[k, v, u] = place_from(given[k, v, u], origin, size, scale)
            for k in range(2, 5):
                centers[k, v, u] = color_from(given[k, v, u])


@banded
def move_rows(parts, bands, size, scale, centers, sums, start, stop):
    """Move the centres of region rows to their means; write their sums relative to the image."""
    _, down, across = centers.shape
    total = np.zeros(FIELDS, np.int64)
    for v in range(start, stop):
        first, second = v + band_of(v, down + 1, bands), v + band_of(v + 1, down + 1, bands)
        for u in range(across):
            for k in range(FIELDS):
                total[k] = parts[k, first, u + 1]
                if second != first:
                    total[k] += parts[k, second, u + 1]
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


@banded
def paint_rows(codes, size, grid, values, out, start, stop):
    """Fill rows of `out` with the value of each pixel's region."""
    down, across = grid
    cols, half = out.shape[1], size // 2
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
            left = tile * size - half
            first, last = max(0, left), min(cols, left + size)
            at = uintp(index_of(first, size))
            for i in range(uintp(last - first)):
                code = source[at + i * uintp(LANES)]
                line[uintp(first) + i] = table[uintp(9 * tile) + uintp(code)]
