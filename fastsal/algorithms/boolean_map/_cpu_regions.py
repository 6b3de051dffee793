"""Surrounded regions of all Boolean maps on the CPU.

A region of {I > t} that does not touch the border is where the reconstruction of I from the border
lies at t or below and I above: Zhang and Sclaroff (2016), section 3.2. Values are levels, the
number of thresholds they exceed, and the thresholds of a cell are the bits of one word.
"""

import numpy as np
from numba import int64, prange, uint8, uint32

from ...kernels.jit import parallel, serial
from ._math import (
    GROUP,
    level_of,
    thresholds_between,
    thresholds_of,
    weight_of,
    word_of,
)


@serial
def add_jobs(planes, units, step, reach, is_published, work, queue, totals, band, bands):
    """Fill totals[band] with the attention maps of every `bands`-th job.

    Job 2 * k is plane k, job 2 * k + 1 its complement.
    """
    band, bands = int64(band), int64(bands)
    jobs = int64(2 * len(planes))
    _clear(totals[band])
    for turn in range((jobs + bands - 1) // bands):
        # To and fro: the two jobs of a plane take different times.
        job = turn * bands + (bands - 1 - band if turn & 1 else band)
        if job < jobs:
            _add_maps(
                planes[job // 2], units[job // 2], job % 2 == 1, step, reach, is_published,
                work[band], queue[band], totals[band],
            )  # fmt: skip


@parallel
def add_jobs_bands(planes, units, step, reach, is_published, work, queue, totals, bands):
    """Fill all `totals`, one in each band."""
    for band in prange(bands):
        add_jobs(planes, units, step, reach, is_published, work, queue, totals, band, bands)


@serial
def _clear(total):
    """Fill a map with zeros."""
    for row in range(total.shape[0]):
        values = total[row]
        for col in range(values.size):
            values[col] = 0


@serial
def _add_maps(plane, unit, is_negative, step, reach, is_published, work, queue, total):
    """Add to `total` the normalised attention maps of one plane: Eqs. 2 and 3.

    `work`, (3, rows + 2, cols + 2) of uint8, and `queue`, int32, are overwritten.
    """
    low, high = _range(plane)
    count = thresholds_of(low, high, step)
    if count == 0:
        return
    levels, reached = work[0], work[1]
    _fill_levels(plane, low, count, step, is_negative, levels)
    reconstruct(levels, reached, work[2], queue)
    areas = np.zeros(count + 1, np.int64)
    if not is_published:
        _fill_areas(levels, reached, count, is_negative, areas)
    for group in range((count + GROUP - 1) // GROUP):
        first = group * GROUP
        size = min(GROUP, count - first)
        weights = np.zeros(GROUP, np.uint32)
        tables = np.zeros((4, 256), np.uint32)
        if is_published:
            grown = np.zeros(GROUP, np.int64)
            _pass(levels, reached, count, is_negative, group, reach, True, grown, tables, total)
            for k in range(size):
                areas[first + k] = grown[k]
        for k in range(size):
            weights[k] = weight_of(areas[first + k], unit)
        _fill_tables(weights, tables)
        _pass(levels, reached, count, is_negative, group, reach, False, areas, tables, total)


@serial
def _range(plane):
    lows, highs = plane[0].copy(), plane[0].copy()
    for row in range(1, plane.shape[0]):
        values = plane[row]
        for col in range(values.size):
            lows[col] = min(lows[col], values[col])
            highs[col] = max(highs[col], values[col])
    low, high = lows[0], highs[0]
    for col in range(lows.size):
        low, high = min(low, lows[col]), max(high, highs[col])
    return int64(low), int64(high)


@serial
def _fill_levels(plane, low, count, step, is_negative, levels):
    """Fill `levels`, one cell wider at every side than the plane, with zeros there."""
    rows, cols = plane.shape
    table = np.zeros(256, np.uint8)
    for value in range(low, 256):
        table[value] = min(max(level_of(value, low, count, step, is_negative), 0), count)
    for col in range(cols + 2):
        levels[0, col] = levels[rows + 1, col] = 0
    for row in range(rows):
        source, target = plane[row], levels[row + 1]
        target[0] = target[cols + 1] = 0
        for col in range(cols):
            target[col + 1] = table[source[col]]


@serial
def reconstruct(levels, reached, queued, queue):
    """Fill `reached` with the reconstruction by dilation of `levels` from their border.

    A pass down, a pass up, then a queue of the cells from which more can be reached (Vincent,
    IEEE Trans. Image Processing 2, 1993, section V). All arrays are one cell wider at every side.
    """
    height, width = levels.shape
    above = np.empty(width, np.uint8)
    for col in range(width):
        reached[0, col] = reached[height - 1, col] = 0
    for row in range(1, height - 1):
        source, target, before = levels[row], reached[row], reached[row - 1]
        target[0] = target[width - 1] = 0
        if row == 1 or row == height - 2:
            for col in range(1, width - 1):
                target[col] = source[col]
            continue
        for col in range(1, width - 1):
            above[col] = max(max(before[col - 1], before[col]), before[col + 1])
        value = source[1]
        target[1] = value
        for col in range(2, width - 2):
            value = min(max(above[col], value), source[col])
            target[col] = value
        target[width - 2] = source[width - 2]
    tail = _pass_up(levels, reached, queued, queue)
    _empty_queue(levels.reshape(-1), reached.reshape(-1), queued.reshape(-1), width, queue, tail)


@serial
def _pass_up(levels, reached, queued, queue):
    """Run the pass up; return how many cells were put into the queue."""
    height, width = levels.shape
    tail = 0
    below = np.empty(width, np.uint8)
    for row in range(height - 2, 0, -1):
        source, target, after = levels[row], reached[row], reached[row + 1]
        after_levels, flags = levels[row + 1], queued[row]
        for col in range(1, width - 1):
            most = max(max(after[col - 1], after[col]), after[col + 1])
            below[col] = max(most, target[col])
            flags[col] = 0
        value = uint8(0)
        for col in range(width - 2, 0, -1):
            value = min(max(below[col], value), source[col])
            target[col] = value
        for col in range(1, width - 1):
            value = target[col]
            grows = after[col - 1] < min(value, after_levels[col - 1])
            grows |= after[col] < min(value, after_levels[col])
            grows |= after[col + 1] < min(value, after_levels[col + 1])
            grows |= target[col + 1] < min(value, source[col + 1])
            flags[col] = grows
        for col in range(1, width - 1):
            if flags[col]:
                queue[tail] = row * width + col
                tail += 1
    return tail


@serial
def _empty_queue(levels, reached, queued, width, queue, tail):
    """Let each cell of the queue raise its neighbours, which join the queue."""
    head, count = 0, tail
    if tail == queue.size:
        tail = 0
    while count > 0:
        cell = queue[head]
        head += 1
        if head == queue.size:
            head = 0
        count -= 1
        queued[cell] = 0
        value = reached[cell]
        for offset in (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1):
            other = cell + offset
            new = min(value, levels[other])
            if reached[other] < new:
                reached[other] = new
                if not queued[other]:
                    queued[other] = 1
                    queue[tail] = other
                    tail += 1
                    if tail == queue.size:
                        tail = 0
                    count += 1


@serial
def _fill_areas(levels, reached, count, is_negative, areas):
    """Fill `areas` with the number of cells of each threshold's attention map."""
    for row in range(1, levels.shape[0] - 1):
        source, marks = levels[row], reached[row]
        for col in range(1, source.size - 1):
            if marks[col] != source[col]:
                first, last = thresholds_between(marks[col], source[col], count, is_negative)
                areas[first] += 1
                areas[last] -= 1
    for k in range(1, areas.size):
        areas[k] += areas[k - 1]


@serial
def _fill_tables(weights, tables):
    """Fill `tables` with the sum of weights for each value of each byte of a word."""
    for byte in range(4):
        for value in range(256):
            total = uint32(0)
            for bit in range(8):
                if value >> bit & 1:
                    total += weights[8 * byte + bit]
            tables[byte, value] = total


@serial
def _pass(levels, reached, count, is_negative, group, reach, counts_only, grown, tables, total):
    """Dilate the words by OR, row by row, and add their weights, or count their bits."""
    rows, cols = total.shape
    depth = 2 * reach + 1
    lines = np.zeros((depth, cols), np.uint32)
    line, word = np.empty(cols + 2 * reach, np.uint32), np.empty(cols, np.uint32)
    for col in range(line.size):
        line[col] = 0
    for row in range(rows + reach):
        target = lines[row % depth]
        if row < rows:
            source, marks = levels[row + 1], reached[row + 1]
            for col in range(cols):
                first, last = thresholds_between(
                    int64(marks[col + 1]), int64(source[col + 1]), count, is_negative
                )
                line[reach + col] = word_of(first, last, group)
            _spread(line, reach, target)
        else:
            for col in range(cols):
                target[col] = 0
        if row >= reach:
            first_line = lines[0]
            for col in range(cols):
                word[col] = first_line[col]
            for k in range(1, depth):
                other = lines[k]
                for col in range(cols):
                    word[col] |= other[col]
            if counts_only:
                _count(word, grown)
            else:
                _add_weights(word, tables, total[row - reach])


@serial
def _spread(line, reach, target):
    for col in range(target.size):
        target[col] = line[col]
    for k in range(1, 2 * reach + 1):
        shifted = line[k:]
        for col in range(target.size):
            target[col] |= shifted[col]


@serial
def _count(word, grown):
    for k in range(grown.size):
        total = uint32(0)
        for col in range(word.size):
            total += (word[col] >> uint32(k)) & uint32(1)
        grown[k] += total


@serial
def _add_weights(word, tables, target):
    one, two, three, four = tables[0], tables[1], tables[2], tables[3]
    for col in range(word.size):
        bits = word[col]
        if bits:
            target[col] += (
                one[bits & 255] + two[(bits >> 8) & 255] + three[(bits >> 16) & 255]
                + four[bits >> 24]
            )  # fmt: skip
