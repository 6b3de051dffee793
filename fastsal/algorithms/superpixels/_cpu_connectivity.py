"""Post-processing (Achanta 2012, Section 3.3) on the CPU: small components change their label.

Exact mode does as vl_slic. It scans the image, and gives a small component the label of a neighbour
of its first pixel that was scanned earlier. The neighbour above wins if there is one. The result
depends on components and their first pixels, and not on the order of the scan.

In fast mode all components except one of each label change it. Those that are large enough get a
new one in `slic`. Most regions are connected, and one count proves it for each of them. Only one
vertical run of it has no pixel of the region to its left. Every component has such a run in its
first column. Only regions with more of these runs, or with too few pixels, are searched run by run.
"""

import numpy as np
from numba import int64, prange, uint8, uint64, uintp

from ...kernels import launch, threads
from ...kernels.jit import banded, parallel, serial
from ...kernels.launch import over_bands, scratch
from ...kernels.regions._cpu_components import joined_runs, root_of
from ...kernels.regions._formulas import channel_of
from ._formulas import LANES, band_of, code_of, index_of, level, owner

ROW, START, STOP, ROOT, TARGET = range(5)  # columns of the list of runs


def clean_labels(labels, min_size, spare=None):
    """Merge components below `min_size` pixels into a neighbour, in place.

    `spare` is an array of float32 to overwrite as a work array.
    """
    if min_size < 2:
        return
    rows, pixels = labels.shape[0], labels.size
    runs = joined_runs(labels)
    links, targets, small = _arrays_for(rows * (labels.shape[1] + 1), spare)
    counts = np.zeros(rows, np.int64)
    args = (labels, *runs, links, targets, small, counts, min_size)
    over_bands(_link_small, rows, *args, pixels=pixels)
    _settle_targets(links, targets, small, counts, labels.shape[1])
    args = (labels, *runs, targets, min_size)
    over_bands(_paint_small, rows, *args, pixels=pixels)


def _arrays_for(runs, spare):
    if spare is None or spare.size < 3 * runs:
        return scratch("slic targets", (3, runs), np.int32)
    return spare[: 3 * runs].view(np.int32).reshape(3, runs)


@banded
def _link_small(
    labels, starts, parents, sizes, first_runs, run_counts, links, targets, small, counts, min_size,
    start, stop,
):  # fmt: skip
    """List small components in raster order, with the label or the run of their target."""
    rows, cols = labels.shape
    first = start * (cols + 1)
    count = first
    for row in range(start, stop):
        seen = row - 1 if row > 0 else min(1, rows - 1)
        beside = first_runs[seen]
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            if parents[run] == run and sizes[run] < min_size:
                while starts[beside + 1] <= starts[run]:
                    beside += 1
                target, target_row, target_col = _target_of_run(
                    parents, run, row, starts[run], seen, beside
                )
                targets[run] = labels[target_row, target_col]
                links[run] = target if sizes[target] < min_size else run
                small[count] = run
                count += 1
    counts[start] = count - first


@serial
def _target_of_run(parents, run, row, col, seen, beside):
    """Return the target and a pixel of it: above, else below if earlier, else left, else itself."""
    other = root_of(parents, beside)
    if row > 0 or other < run:
        return other, seen, col
    if col > 0:
        return root_of(parents, run - 1), row, col - 1
    return run, row, col


@serial
def _settle_targets(links, targets, small, counts, cols):
    for row in range(counts.size):
        first = row * (cols + 1)
        for i in range(first, first + counts[row]):
            targets[small[i]] = targets[links[small[i]]]  # earlier components are settled


@banded
def _paint_small(
    labels, starts, parents, sizes, first_runs, run_counts, targets, min_size, start, stop
):
    """Paint the small components."""
    for row in range(start, stop):
        for run in range(first_runs[row], first_runs[row] + run_counts[row]):
            root = root_of(parents, run)
            if sizes[root] < min_size:
                for col in range(starts[run], starts[run + 1]):
                    labels[row, col] = targets[root]


@serial
def count_ends(codes, size, band, ends, start, stop):
    """Count the vertical runs of each region that have no pixel of it to their left.

    The next band counts the runs that continue below the last row.
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
    """Mark the columns where a run ends that had no pixel of its region to its left."""
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


def connect(codes, shape, size, min_size, split, grid, sums):
    """Return the runs of pixels that change their region, (n, 5).

    The columns are row, first column, last column + 1, old region and new region. With `split` a
    component of `min_size` pixels is a new region: the number of tiles plus its first pixel.
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
    candidates, first_runs = list_candidates(ends, bands, sums, min_size)
    runs = np.empty((first_runs[-1], 5), np.int32)
    counts = np.zeros(len(candidates), np.int32)
    search = codes, shape[1], size, min_size, split, grid, candidates, first_runs, runs, counts
    over_bands(search_regions, len(candidates), *search, pixels=shape[0] * shape[1])
    return find_targets(codes, size, grid, candidates, first_runs, runs, counts)


@serial
def list_candidates(ends, bands, sums, min_size):
    """Return the regions that may have several components, and the index of their first runs."""
    across = ends.shape[1]
    down = ends.shape[0] - bands
    candidates, first_runs = (
        np.empty(down * across, np.int32),
        np.zeros(down * across + 1, np.int64),
    )
    count = 0
    for v in range(down):
        first, second = v + band_of(v, down + 1, bands), v + band_of(v + 1, down + 1, bands)
        for u in range(across):
            seen, area = ends[first, u], sums[v * across + u, 0]
            if second != first:
                seen += ends[second, u]
            if seen > 1 or 0 < area < min_size:
                candidates[count] = v * across + u
                count += 1
                first_runs[count] = first_runs[count - 1] + area
    return candidates[:count], first_runs[: count + 1]


@banded
def search_regions(
    codes, cols, size, min_size, split, grid, candidates, first_runs, runs, counts, start, stop
):
    """List the runs of all components of each candidate except the one that stays."""
    rows, half, across = codes.shape[0], size // 2, grid[1]
    longest = 0
    for i in range(start, stop):
        longest = max(longest, first_runs[i + 1] - first_runs[i])
    listed, sizes = np.empty((longest, 4), np.int32), np.empty(longest, np.int32)
    for i in range(start, stop):
        v, u = candidates[i] // across, candidates[i] % across
        top, left = max(0, v * size - half), max(0, u * size - half)
        bottom, right = min(rows, v * size - half + 2 * size), min(cols, u * size - half + 2 * size)
        code = code_of(v, u)
        count = _find_runs(codes, code, size, top, bottom, left, right, listed, sizes)
        keeper = _keeper(listed, sizes, count, min_size)
        out = runs[first_runs[i] :]
        kept = 0
        for k in range(count):
            root = listed[k, ROOT]
            if root != keeper:
                for field in range(3):
                    out[kept, field] = listed[k, field]
                # The first run of a component precedes the others in both lists.
                out[kept, ROOT], out[kept, TARGET] = kept, -1
                if root != k:
                    out[kept, ROOT] = sizes[root]
                else:
                    if split and sizes[k] >= min_size:
                        pixel = listed[k, ROW] * cols + listed[k, START]
                        out[kept, TARGET] = grid[0] * across + pixel
                    sizes[root] = kept
                kept += 1
        counts[i] = kept


@serial
def _find_runs(codes, code, size, top, bottom, left, right, listed, sizes):
    """List the runs of a region row by row, each with the first run of its component."""
    count = above = 0
    for row in range(top, bottom):
        line = codes[row]
        first = count
        col = left
        while col < right:
            if line[index_of(col, size)] != code:
                col += 1
                continue
            start = col
            while col < right and line[index_of(col, size)] == code:
                col += 1
            listed[count, ROW], listed[count, START], listed[count, STOP] = row, start, col
            listed[count, ROOT], sizes[count] = count, col - start
            for k in range(above, first):
                if listed[k, STOP] > start and listed[k, START] < col:
                    _join(listed, sizes, k, count)
            count += 1
        above = first
    for k in range(count):
        listed[k, ROOT] = listed[listed[k, ROOT], ROOT]
    return count


@serial
def _join(listed, sizes, a, b):
    while listed[a, ROOT] != a:
        a = listed[a, ROOT]
    while listed[b, ROOT] != b:
        b = listed[b, ROOT]
    if a != b:
        first, second = min(a, b), max(a, b)
        listed[second, ROOT] = first
        sizes[first] += sizes[second]


@serial
def _keeper(listed, sizes, count, min_size):
    """Return the root of the component that keeps its label, or -1."""
    if count and listed[0, ROW] == 0 and listed[0, START] == 0:
        return 0
    best = 0
    for k in range(count):
        if listed[k, ROOT] == k and sizes[k] > sizes[best]:
            best = k
    return best if count and sizes[best] >= min_size else -1


@serial
def find_targets(codes, size, grid, candidates, first_runs, runs, counts):
    """Return all listed runs, each with the new region of its component."""
    total = 0
    places = np.full(grid[0] * grid[1], -1, np.int32)
    for i in range(counts.size):
        places[candidates[i]] = i
        total += counts[i]
    found = np.empty((total, 5), np.int32)
    at = 0
    for i in range(counts.size):
        listed = runs[first_runs[i] :]
        for k in range(counts[i]):
            if listed[k, ROOT] == k and listed[k, TARGET] < 0:
                row, col = listed[k, ROW], listed[k, START]
                listed[k, TARGET] = _target_of(
                    codes, size, grid[1], places, first_runs, runs, counts, row, col
                )
            listed[k, TARGET] = listed[listed[k, ROOT], TARGET]
            for j in range(5):
                found[at, j] = listed[k, j]
            found[at, ROOT] = candidates[i]
            at += 1
    return found


@serial
def _target_of(codes, size, across, places, first_runs, runs, counts, row, col):
    """Return the final region of the pixel above, or left in the first row."""
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
        listed, at = runs[first_runs[place] :], -1
        for k in range(counts[place]):
            if listed[k, ROW] == row and listed[k, START] <= col < listed[k, STOP]:
                at = listed[k, ROOT]
        if at < 0:
            return label
        if listed[at, TARGET] >= 0:
            return listed[at, TARGET]
        row, col = listed[at, ROW], listed[at, START]


@serial
def move_sums(image, channels, is_rgb, runs, sums):
    """Move the pixels of each run from the sums of its old region to those of its new one."""
    for i in range(len(runs)):
        row, start, stop = runs[i, ROW], runs[i, START], runs[i, STOP]
        old, new = sums[runs[i, ROOT]], sums[runs[i, TARGET]]
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
def label_runs(runs, labels):
    """Overwrite the runs that changed their region with its number."""
    for i in range(len(runs)):
        for col in range(runs[i, START], runs[i, STOP]):
            labels[runs[i, ROW], col] = runs[i, TARGET]


@serial
def paint_runs(runs, values, out):
    """Overwrite the runs that changed their region with its value."""
    for i in range(len(runs)):
        value = values[runs[i, TARGET]]
        for col in range(runs[i, START], runs[i, STOP]):
            out[runs[i, ROW], col] = value
