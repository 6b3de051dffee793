"""Regions as runs of pixels in rows, and their ranking with exact sums.

A mask of a photograph has few runs per row, so masks and lists of pixels are not stored. Sums are
kept in two integers per region: taking covered pixels away leaves no rounding error.
"""

import numpy as np
from numba import int32, int64

from ...kernels.jit import serial


@serial
def fill_runs(labels, count, reach, pointers, rows, starts, stops):
    """Fill the runs of each label's region dilated by `reach`; return how many there are.

    `reach[d + radius]` is the half width of the disk d rows from its centre. Runs that exceed the
    arrays are counted only.
    """
    source, source_rows, source_starts, source_stops = _runs_by_label(labels, count)
    height, width = labels.shape
    radius, room = reach.size // 2, rows.size
    changes = np.zeros(width + 1, np.int32)
    total = 0
    for label in range(count):
        pointers[label] = total
        low, end = source[label], source[label + 1]
        if low == end:
            continue
        top = max(0, source_rows[low] - radius)
        bottom = min(height, source_rows[end - 1] + radius + 1)
        for row in range(top, bottom):
            while source_rows[low] < row - radius:
                low += 1
            left, right = width, 0
            k = low
            while k < end and source_rows[k] <= row + radius:
                half = reach[source_rows[k] - row + radius]
                start, stop = max(0, source_starts[k] - half), min(width, source_stops[k] + half)
                changes[start] += 1
                changes[stop] -= 1
                left, right = min(left, start), max(right, stop)
                k += 1
            depth, start = 0, 0
            for col in range(left, right + 1):
                before = depth
                depth += changes[col]
                changes[col] = 0
                if before == 0 and depth > 0:
                    start = col
                elif before > 0 and depth == 0:
                    if total < room:
                        rows[total], starts[total], stops[total] = row, start, col
                    total += 1
    pointers[count] = total
    return total


@serial
def _runs_by_label(labels, count):
    """Return where each label's runs begin, and the runs, sorted by label and row."""
    height, width = labels.shape
    pointers = np.zeros(count + 1, np.int64)
    for row in range(height):
        for col in range(width):
            if col == 0 or labels[row, col] != labels[row, col - 1]:
                pointers[labels[row, col] + 1] += 1
    for label in range(count):
        pointers[label + 1] += pointers[label]
    total = pointers[count]
    rows, starts = np.empty(total, np.int32), np.empty(total, np.int32)
    stops, places = np.empty(total, np.int32), pointers[:count].copy()
    for row in range(height):
        start = 0
        for col in range(1, width + 1):
            if col == width or labels[row, col] != labels[row, start]:
                label = labels[row, start]
                place = places[label]
                rows[place], starts[place], stops[place] = row, start, col
                places[label] = place + 1
                start = col
    return pointers, rows, starts, stops


@serial
def index_rows(rows, height):
    """Return where each row's runs begin, and the numbers of the runs, sorted by row."""
    pointers = np.zeros(height + 1, np.int64)
    for run in range(rows.size):
        pointers[rows[run] + 1] += 1
    for row in range(height):
        pointers[row + 1] += pointers[row]
    found, places = np.empty(rows.size, np.int32), pointers[:height].copy()
    for run in range(rows.size):
        row = rows[run]
        found[places[row]] = run
        places[row] += 1
    return pointers, found


@serial
def add_up(attribution, units, row_pointers, row_runs, masks, starts, stops, sums):
    """Fill `sums`, (M, 3): pixels of each region, and its attribution in both units."""
    width = attribution.shape[1]
    before = np.zeros((2, width + 1), np.int64)
    sums[:] = 0
    for row in range(attribution.shape[0]):
        for col in range(width):
            high, low = _split(attribution[row, col], units)
            before[0, col + 1] = before[0, col] + high
            before[1, col + 1] = before[1, col] + low
        for k in range(row_pointers[row], row_pointers[row + 1]):
            run = row_runs[k]
            mask, start, stop = masks[run], starts[run], stops[run]
            sums[mask, 0] += stop - start
            sums[mask, 1] += before[0, stop] - before[0, start]
            sums[mask, 2] += before[1, stop] - before[1, start]


@serial
def _split(value, units):
    """Return a value as multiples of a coarse and of a fine unit; both are powers of two."""
    high = int64(value / units[0])
    low = int64((value - high * units[0]) / units[1])
    return high, low


@serial
def mean_of(sums, mask, units):
    """Return the mean attribution of a region's pixels that are not covered yet.

    The whole part of the coarse sum is exact, so the last addition alone rounds.
    """
    count, high, low = sums[mask, 0], sums[mask, 1], sums[mask, 2]
    whole = high // count
    rest = float(high - whole * count) * units[0] + float(low) * units[1]
    return float(whole) * units[0] + rest / count


@serial
def fill_means(sums, units, means):
    """Fill the mean of every region; those without pixels get -infinity."""
    for mask in range(means.size):
        means[mask] = mean_of(sums, mask, units) if sums[mask, 0] > 0 else -np.inf


@serial
def cover_best(
    attribution, units, regions, row_pointers, row_runs, masks, least, area, sums, owners, gains
):
    """Cover the region of the greatest mean until none is left; return how many were covered.

    `owners` becomes the place in this order of the region that covered a pixel, or stays -1.
    """
    pointers = regions[0]
    count, pixels = sums.shape[0], attribution.size
    active = np.ones(count, np.bool_)
    news = np.zeros((3, attribution.shape[1] + 1), np.int64)
    covered, found = 0, 0
    while covered / pixels <= area:
        best, best_gain = -1, -np.inf
        for mask in range(count):
            if active[mask]:
                if sums[mask, 0] < least:
                    active[mask] = False
                else:
                    gain = mean_of(sums, mask, units)
                    if gain > best_gain:
                        best, best_gain = mask, gain
        if best < 0:
            break
        active[best] = False
        gains[found] = best_gain
        covered += sums[best, 0]
        for run in range(pointers[best], pointers[best + 1]):
            _cover_run(
                attribution, units, regions, row_pointers, row_runs, masks, run, found, news,
                active, sums, owners,
            )  # fmt: skip
        found += 1
    return found


@serial
def _cover_run(
    attribution, units, regions, row_pointers, row_runs, masks, run, place, news, active, sums,
    owners,
):  # fmt: skip
    """Cover a run, and take its new pixels out of the sums of all active regions."""
    _, rows, starts, stops = regions
    row, start, stop = rows[run], starts[run], stops[run]
    for col in range(start, stop):
        at = col - start
        new, high, low = 0, int64(0), int64(0)
        if owners[row, col] < 0:
            owners[row, col] = place
            new = 1
            high, low = _split(attribution[row, col], units)
        news[0, at + 1] = news[0, at] + new
        news[1, at + 1] = news[1, at] + high
        news[2, at + 1] = news[2, at] + low
    if news[0, stop - start] == 0:
        return
    for k in range(row_pointers[row], row_pointers[row + 1]):
        other = row_runs[k]
        mask = masks[other]
        if active[mask]:
            first, last = max(start, starts[other]) - start, min(stop, stops[other]) - start
            if first < last:
                for part in range(3):
                    sums[mask, part] -= news[part, last] - news[part, first]


@serial
def cover_in_order(attribution, units, regions, order, least, owners, gains):
    """Cover regions in this order if they add `least` pixels; return how many were covered."""
    pointers, rows, starts, stops = regions
    sums = np.zeros((1, 3), np.int64)
    found = 0
    for mask in order:
        sums[:] = 0
        for run in range(pointers[mask], pointers[mask + 1]):
            row = rows[run]
            for col in range(starts[run], stops[run]):
                if owners[row, col] < 0:
                    high, low = _split(attribution[row, col], units)
                    sums[0, 0] += 1
                    sums[0, 1] += high
                    sums[0, 2] += low
        if sums[0, 0] >= least:
            gains[found] = mean_of(sums, 0, units)
            for run in range(pointers[mask], pointers[mask + 1]):
                row = rows[run]
                for col in range(starts[run], stops[run]):
                    if owners[row, col] < 0:
                        owners[row, col] = int32(found)
            found += 1
    return found
