"""Connected regions for fast mode on the CPU: other pieces of a label go to a neighbour.

Most regions are connected, and one count proves it for each of them: of its vertical runs of pixels
only one has no pixel of the region beside it on the left. Every component has such a run, in its
leftmost column. Only regions with more of them, or with too few pixels, are searched run by run.
"""

import numpy as np
from numba import int64, prange, uint8, uint64, uintp

from ...kernels import launch, threads
from ...kernels.jit import banded, parallel, serial
from ...kernels.launch import over_bands
from ._formulas import LANES, band_of, channel_of, index_of, level, owner

ROW, START, STOP, ROOT, HEIR = range(5)  # columns of the list of runs


@serial
def count_ends(codes, size, band, ends, start, stop):
    """Count the vertical runs of each region that have no pixel of it beside them on the left.

    Runs that go on below the last row are left to the next band.
    """
    rows, length = codes.shape
    joined, found = np.zeros(length, np.uint8), np.zeros(length, np.uint8)
    words = found.view(np.uint64)
    half, strip = size // 2, size * LANES
    for row in range(start, stop):
        line, below = codes[row], codes[min(row + 1, rows - 1)]
        tile_row, last = (row + half) // size, uint8(row == rows - 1)
        before = uint8(255)
        for first in range(0, length, strip):
            for lane in range(LANES):  # the first column of a tile is next to the tile before
                joined[first + lane] |= uint8(line[first + lane] == before)
                before = line[first + strip - LANES + lane]
            _join_lefts(line[first:], joined[first:], strip - LANES)
        _find_ends(line, below, last, joined, found)
        for word in range(words.size):
            if words[word] != uint64(0):
                for at in range(8 * word, 8 * word + 8):
                    if found[at] and line[at] < 9:
                        tile = at // strip * LANES + at % LANES
                        v, u = owner(line[at], tile_row, 0), owner(line[at], tile, 1)
                        ends[v + band, u] += 1


@serial
def _join_lefts(line, joined, count):
    for i in range(uintp(count)):
        at = i + uintp(LANES)
        joined[at] = joined[at] | uint8(line[at] == line[i])


@serial
def _find_ends(line, below, last, joined, found):
    """Mark the columns where a run ends that had nothing of its region on the left."""
    for col in range(uintp(line.size)):
        ends = uint8(line[col] != below[col]) | last
        found[col] = ends & uint8(joined[col] == uint8(0))
        joined[col] = joined[col] & uint8(ends == uint8(0))


@parallel
def count_ends_in_bands(codes, size, tile_rows, ends, bands):
    rows, half = codes.shape[0], size // 2
    for band in prange(bands):
        start = max(0, band * tile_rows // bands * size - half)
        stop = min(rows, (band + 1) * tile_rows // bands * size - half)
        count_ends(codes, size, band, ends, start, stop)


def connect(codes, shape, size, least, grid, sums):
    """Return the runs of pixels that change their region, (n, 5).

    The columns are row, first column, last column + 1, old region and new region.
    """
    tile_rows, (down, across) = grid[0] + 1, grid
    parallel_ = shape[0] * shape[1] >= launch.PARALLEL_FROM
    bands = min(threads.count(), tile_rows) if parallel_ else 1
    ends = np.zeros((down + bands, across), np.int32)
    if parallel_:
        with threads.safe_section():
            count_ends_in_bands(codes, size, tile_rows, ends, bands)
    else:
        count_ends(codes, size, 0, ends, 0, codes.shape[0])
    suspects, first_runs = list_suspects(ends, bands, sums, least)
    runs = np.empty((first_runs[-1], 5), np.int32)
    counts = np.zeros(len(suspects), np.int32)
    search = codes, shape[1], size, least, grid, suspects, first_runs, runs, counts
    over_bands(search_regions, len(suspects), *search, pixels=shape[0] * shape[1])
    return find_heirs(codes, size, grid, suspects, first_runs, runs, counts)


@serial
def list_suspects(ends, bands, sums, least):
    """Return which regions may have pieces to give away, and where their runs are listed."""
    across = ends.shape[1]
    down = ends.shape[0] - bands
    suspects, first_runs = np.empty(down * across, np.int32), np.zeros(down * across + 1, np.int64)
    count = 0
    for v in range(down):
        first, second = v + band_of(v, down + 1, bands), v + band_of(v + 1, down + 1, bands)
        for u in range(across):
            seen, area = ends[first, u], sums[v * across + u, 0]
            if second != first:
                seen += ends[second, u]
            if seen > 1 or 0 < area < least:
                suspects[count] = v * across + u
                count += 1
                first_runs[count] = first_runs[count - 1] + area
    return suspects[:count], first_runs[: count + 1]


@banded
def search_regions(codes, cols, size, least, grid, suspects, first_runs, runs, counts, start, stop):
    """List the runs of each suspect's components except the one that stays."""
    rows, half, across = codes.shape[0], size // 2, grid[1]
    longest = 0
    for i in range(start, stop):
        longest = max(longest, first_runs[i + 1] - first_runs[i])
    mine, sizes = np.empty((longest, 4), np.int32), np.empty(longest, np.int32)
    for i in range(start, stop):
        v, u = suspects[i] // across, suspects[i] % across
        top, left = max(0, v * size - half), max(0, u * size - half)
        bottom, right = min(rows, v * size - half + 2 * size), min(cols, u * size - half + 2 * size)
        code = uint8(3 * (v % 3) + u % 3)
        count = _find_runs(codes, code, size, top, bottom, left, right, mine, sizes)
        keeper = _keeper(mine, sizes, count, least)
        out = runs[first_runs[i] :]
        kept = 0
        for k in range(count):
            root = mine[k, ROOT]
            if root != keeper:
                out[kept, ROW], out[kept, START], out[kept, STOP] = (
                    mine[k, 0],
                    mine[k, 1],
                    mine[k, 2],
                )
                # Runs of a component follow its first in the list, which is listed before them.
                out[kept, ROOT] = kept
                if root != k:
                    out[kept, ROOT] = sizes[root]
                else:
                    sizes[root] = kept
                kept += 1
        counts[i] = kept


@serial
def _find_runs(codes, code, size, top, bottom, left, right, mine, sizes):
    """List the runs of a region row by row, with the first run of their components."""
    count = above = 0
    for row in range(top, bottom):
        line = codes[row]
        here = count
        col = left
        while col < right:
            if line[index_of(col, size)] != code:
                col += 1
                continue
            start = col
            while col < right and line[index_of(col, size)] == code:
                col += 1
            mine[count, ROW], mine[count, START], mine[count, STOP] = row, start, col
            mine[count, ROOT], sizes[count] = count, col - start
            for k in range(above, here):
                if mine[k, STOP] > start and mine[k, START] < col:
                    _join(mine, sizes, k, count)
            count += 1
        above = here
    for k in range(count):
        mine[k, ROOT] = mine[mine[k, ROOT], ROOT]
    return count


@serial
def _join(mine, sizes, a, b):
    while mine[a, ROOT] != a:
        a = mine[a, ROOT]
    while mine[b, ROOT] != b:
        b = mine[b, ROOT]
    if a != b:
        first, second = min(a, b), max(a, b)
        mine[second, ROOT] = first
        sizes[first] += sizes[second]


@serial
def _keeper(mine, sizes, count, least):
    """Return the root of the component that keeps its label, or -1."""
    if count and mine[0, ROW] == 0 and mine[0, START] == 0:
        return 0
    best = 0
    for k in range(count):
        if mine[k, ROOT] == k and sizes[k] > sizes[best]:
            best = k
    return best if count and sizes[best] >= least else -1


@serial
def find_heirs(codes, size, grid, suspects, first_runs, runs, counts):
    """Return all listed runs, each with the region that its component goes to."""
    total = 0
    places = np.full(grid[0] * grid[1], -1, np.int32)
    for i in range(counts.size):
        places[suspects[i]] = i
        total += counts[i]
    found = np.empty((total, 5), np.int32)
    at = 0
    for i in range(counts.size):
        mine = runs[first_runs[i] :]
        for k in range(counts[i]):
            if mine[k, ROOT] == k:
                row, col = mine[k, ROW], mine[k, START]
                mine[k, HEIR] = _heir(
                    codes, size, grid[1], places, first_runs, runs, counts, row, col
                )
            mine[k, HEIR] = mine[mine[k, ROOT], HEIR]
            for j in range(5):
                found[at, j] = mine[k, j]
            found[at, ROOT] = suspects[i]
            at += 1
    return found


@serial
def _heir(codes, size, across, places, first_runs, runs, counts, row, col):
    """Return the region of the component above, or left in the first row, following the chain."""
    half = size // 2
    while True:
        row, col = (row - 1, col) if row > 0 else (row, col - 1)
        code = codes[row, index_of(col, size)]
        v = owner(code, (row + half) // size, 0)
        u = owner(code, (col + half) // size, 1)
        label = v * across + u
        place = places[label]
        if place < 0:
            return label
        mine, at = runs[first_runs[place] :], -1
        for k in range(counts[place]):
            if mine[k, ROW] == row and mine[k, START] <= col < mine[k, STOP]:
                at = mine[k, ROOT]
        if at < 0:
            return label
        row, col = mine[at, ROW], mine[at, START]


@serial
def move_sums(image, channels, is_rgb, runs, sums):
    """Move the pixels of each run from the sums of its region to those of its heir."""
    for i in range(len(runs)):
        row, start, stop = runs[i, ROW], runs[i, START], runs[i, STOP]
        old, new = sums[runs[i, ROOT]], sums[runs[i, HEIR]]
        n = int64(stop - start)
        _move(old, new, 0, n)
        _move(old, new, 1, n * row)
        _move(old, new, 2, n * (start + stop - 1) // 2)
        for plane in range(3):
            channel, total = channel_of(plane, channels, is_rgb), int64(0)
            if channel >= 0:
                for col in range(start, stop):
                    total += level(image[row, channels * col + channel], image.itemsize)
            _move(old, new, 3 + plane, total)


@serial
def _move(old, new, k, value):
    old[k] -= value
    new[k] += value


@serial
def paint_runs(runs, values, out):
    """Overwrite the runs that changed their region with its value."""
    for i in range(len(runs)):
        value = values[runs[i, HEIR]]
        for col in range(runs[i, START], runs[i, STOP]):
            out[runs[i, ROW], col] = value
