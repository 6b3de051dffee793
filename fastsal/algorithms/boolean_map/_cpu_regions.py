"""Surrounded regions of all Boolean maps on the CPU.

Zhang and Sclaroff (2016), section 3.2: such a region of {I > t} does not touch the border. There
the reconstruction of I from the border is <= t, and I is above t. Values are levels, the number of
thresholds they exceed, and the thresholds of a cell are the bits of one word.
"""

import numpy as np
from numba import int64, prange, uint32

from ...kernels.jit import parallel, serial
from ...kernels.reconstruction._cpu import reconstruct_one
from ._formulas import GROUP, level_of, thresholds_between, thresholds_of, weight_of, word_of


@serial
def add_jobs(planes, units, step, reach, is_published, work, totals, band, bands):
    """Fill totals[band] with the attention maps of every `bands`-th job.

    Call 2 * k is plane k, call 2 * k + 1 its complement.
    """
    band, bands = int64(band), int64(bands)
    jobs = int64(2 * len(planes))
    _clear(totals[band])
    for turn in range((jobs + bands - 1) // bands):
        # Alternate directions, because the two jobs of a plane take different times.
        job = turn * bands + (bands - 1 - band if turn & 1 else band)
        if job < jobs:
            _add_maps(
                planes[job // 2], units[job // 2], job % 2 == 1, step, reach, is_published,
                work[band], totals[band],
            )  # fmt: skip


@parallel
def add_jobs_bands(planes, units, step, reach, is_published, work, totals, bands):
    """Fill all `totals`, one in each band, with sums of attention maps (Eqs. 2 and 3)."""
    for band in prange(bands):
        add_jobs(planes, units, step, reach, is_published, work, totals, band, bands)


@serial
def _clear(total):
    """Fill a map with zeros."""
    for row in range(total.shape[0]):
        values = total[row]
        for col in range(values.size):
            values[col] = 0


@serial
def _add_maps(plane, unit, is_negative, step, reach, is_published, work, total):
    """Add to `total` the normalised attention maps of one plane: Eqs. 2 and 3.

    `work`, (2, rows, cols) of uint8, is overwritten.
    """
    low, high = _range(plane)
    count = thresholds_of(low, high, step)
    if count == 0:
        return
    levels, reached = work[0], work[1]
    _fill_levels(plane, low, count, step, is_negative, levels, reached)
    reconstruct_one(levels, reached)
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
def _fill_levels(plane, low, count, step, is_negative, levels, border):
    """Fill `levels`, and `border` with the levels of the border around zeros."""
    rows, cols = plane.shape
    table = np.zeros(256, np.uint8)
    for value in range(low, 256):
        table[value] = min(max(level_of(value, low, count, step, is_negative), 0), count)
    for row in range(rows):
        source, target, marks = plane[row], levels[row], border[row]
        is_edge = row == 0 or row == rows - 1
        for col in range(cols):
            target[col] = table[source[col]]
            marks[col] = target[col] if is_edge else 0
        marks[0], marks[cols - 1] = target[0], target[cols - 1]


@serial
def _fill_areas(levels, reached, count, is_negative, areas):
    """Fill `areas` with the number of cells of each threshold's attention map (section 3.2)."""
    for row in range(levels.shape[0]):
        source, marks = levels[row], reached[row]
        for col in range(source.size):
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
            source, marks = levels[row], reached[row]
            for col in range(cols):
                first, last = thresholds_between(
                    int64(marks[col]), int64(source[col]), count, is_negative
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
