"""BING on the CPU: scores of all scales, non-maximum suppression, and the map of the boxes.

A strip of a scale goes from colours to scores while it is in the cache, for each colour space in
turn. Suppression compares row maxima, so no list of windows is sorted. The map is a sum of steps at
the corners of boxes, only for rows where a box begins or ends. All rows between are equal.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numba import float32, int16, int32, prange, uint8

from ...kernels import threads
from ...kernels.copies import copy_values
from ...kernels.jit import banded, parallel, serial
from ...kernels.launch import over_bands, scratch
from ._cpu_pictures import PLANES, convert, fill_gradient, fill_pictures, lines_of
from ._formulas import BRIGHTEST, LOWEST, WINDOW, corners, key_of, score_of, shown

STRIP = 1 << 15  # pixels, about
BLOCK = 1 << 12  # windows with sums that stay in the first-level cache
SPAN = 256  # windows of a row with a maximum of their own


def pick_windows(pixels, channels, first, plan, filters, nss, picked, keys):
    """Fill `picked` and `keys`, both (spaces, scales, 250), with the best windows of each scale.

    `pixels` is (H, W * channels), with blue in channel `first`. Windows are numbered in raster
    order of the scale's picture, -1 is none; keys order as their scores do.
    """
    spaces, bands = len(filters.spaces), threads.count()
    lines, strips = _jobs(plan)
    pictures = scratch("bing pictures", (3, plan.pixels), np.uint8)
    scores = scratch("bing scores", (spaces, plan.pixels), np.int32)
    spans = -(-int(plan.scales[:, 1].max()) // SPAN)
    tops = scratch("bing tops", (spaces, plan.rows, spans), np.int32)
    image = pixels, channels, first
    chosen = filters.spaces, filters.factors, filters.taps, filters.chunks
    with threads.safe_section():
        _picture_bands(*image, plan.scales, plan.tables, lines, pictures, bands)
        _score_bands(pictures, plan.scales, strips, *chosen, scores, tops, bands)
        _pick_bands(plan.scales, scores, tops, nss, picked, keys, bands)


@lru_cache(maxsize=16)
def _jobs(plan):
    return lines_of(plan.scales), _strips(plan.scales)


def _strips(scales):
    """Return scale, first and last row of windows for strips of about equal work."""
    found = []
    for scale, (rows, cols, *_) in enumerate(scales):
        windows = int(rows) - WINDOW + 1
        count = max(1, round(windows * int(cols) / STRIP))
        edges = [windows * part // count for part in range(count + 1)]
        found += [(scale, a, b) for a, b in pairwise(edges)]
    return np.array(found, np.int64)


@parallel
def _picture_bands(pixels, channels, first, scales, tables, lines, pictures, bands):
    for band in prange(bands):
        fill_pictures(pixels, channels, first, scales, tables, lines, band, bands, pictures)


@parallel
def _score_bands(
    pictures, scales, strips, spaces, factors, taps, chunks, scores, tops, bands,
):  # fmt: skip
    largest, longest = 0, 0
    for i in range(len(strips)):
        rows = strips[i, 2] - strips[i, 1] + WINDOW + 2
        largest = max(largest, rows * scales[strips[i, 0], 1])
        longest = max(longest, scales[strips[i, 0], 1])
    for band in prange(bands):
        planes = np.empty((PLANES, largest), np.uint8)
        halves = np.zeros((2, largest + 2 * WINDOW), np.uint8)  # and sums of two rows
        steps = np.empty((2, longest), np.uint8)
        # Interleaved over the strips, since the first scales have the longer ones.
        for i in range(band, len(strips), bands):
            scale = scales[strips[i, 0]]
            start, stop = strips[i, 1], strips[i, 2]
            rows, cols, at, row_at = scale[0], scale[1], scale[2], scale[3]
            top, bottom = max(start - 1, 0), min(stop + WINDOW, rows)
            filled = planes[:, : (bottom - top) * cols]
            for plane in range(3):
                copy_values(pictures[plane, at + top * cols : at + bottom * cols], filled[plane])
            for s in range(len(spaces)):
                convert(filled, spaces[s])
                for row in range(start, stop + WINDOW - 1):
                    target = halves[0, (row - start) * cols : (row - start + 1) * cols]
                    fill_gradient(filled, spaces[s], row, top, rows, cols, steps, target)
                _add_rows(halves[0], cols, halves[1])
                found = scores[s, at + start * cols : at + stop * cols]
                _score(halves.reshape(halves.size), cols, factors[s], taps[s], chunks[s], found)
                _fill_tops(found, cols, tops[s, row_at + start : row_at + stop])


@serial
def _add_rows(halves, cols, sums):
    below = halves[cols:]
    for i in range(below.size):
        sums[i] = uint8(halves[i] + below[i])


@serial
def _score(halves, cols, factors, taps, chunks, found):
    """Fill the scores of windows as integers (Eq. 1); the last columns of each row are none.

    The taps of a chunk add up in 8 bits. `Filters` says how chunks make up both filters.
    """
    sums, totals = np.empty(BLOCK, np.uint8), np.empty((2, BLOCK), np.int16)
    scores = np.empty(BLOCK, np.float32)
    bits = scores.view(np.int32)
    offsets = np.empty(taps.shape[0], np.int64)
    for tap in range(taps.shape[0]):
        offsets[tap] = taps[tap, 0] * cols + taps[tap, 1] + taps[tap, 2] * (halves.size // 2)
    for at in range(0, found.size, BLOCK):
        count = min(BLOCK, found.size - at)
        totals[:] = 0
        for chunk in range(chunks.shape[0]):
            start, middle, stop, which, negative = chunks[chunk]
            lowest = uint8(BRIGHTEST * negative)
            sums[:] = lowest
            _add_taps(halves[at:], offsets[start:middle], True, sums[:count])
            _add_taps(halves[at:], offsets[middle:stop], False, sums[:count])
            _extend(sums[:count], lowest, totals[which])
        even, odd = totals[0], totals[1]
        for i in range(count):
            one = float32(factors[0] * float32(int16(even[i] + odd[i])))
            other = float32(factors[1] * float32(int16(even[i] - odd[i])))
            scores[i] = score_of(one, other)
        target = found[at : at + count]
        for i in range(count):
            target[i] = key_of(bits[i])


@serial
def _add_taps(halves, offsets, adds, sums):
    """Add the taps to the sums, or subtract them, modulo 256; four per load and store of sums."""
    tap = 0
    while tap + 4 <= offsets.size:
        first, second = halves[offsets[tap] :], halves[offsets[tap + 1] :]
        third, fourth = halves[offsets[tap + 2] :], halves[offsets[tap + 3] :]
        for i in range(sums.size):
            pair, other = uint8(first[i] + second[i]), uint8(third[i] + fourth[i])
            total = uint8(pair + other)
            sums[i] = uint8(sums[i] + total) if adds else uint8(sums[i] - total)
        tap += 4
    while tap < offsets.size:
        single = halves[offsets[tap] :]
        for i in range(sums.size):
            sums[i] = uint8(sums[i] + single[i]) if adds else uint8(sums[i] - single[i])
        tap += 1


@serial
def _extend(sums, lowest, totals):
    for i in range(sums.size):
        totals[i] = int16(totals[i] + int16(int16(sums[i]) - int16(lowest)))


@serial
def _fill_tops(found, cols, tops):
    for row in range(tops.shape[0]):
        scores = found[row * cols : (row + 1) * cols]
        scores[cols - WINDOW + 1 :] = LOWEST
        for span in range(tops.shape[1]):
            tops[row, span] = _top(scores[span * SPAN : (span + 1) * SPAN])


@serial
def _top(scores):
    best = int32(LOWEST)
    for i in range(scores.size):
        best = max(best, scores[i])
    return best


@serial
def _last(values, value):
    """Return the last place of a value; this form vectorises, a search from the end does not."""
    found = int32(-1)
    for i in range(int32(values.size)):
        found = int32(i) if values[i] == value else found
    return found


@parallel
def _pick_bands(scales, scores, tops, nss, picked, keys, bands):
    jobs = scores.shape[0] * len(scales)
    for band in prange(bands):
        for job in range(band, jobs, bands):
            space, scale = job % scores.shape[0], job // scores.shape[0]
            rows, cols = scales[scale, 0] - WINDOW + 1, scales[scale, 1]
            at, row_at = scales[scale, 2], scales[scale, 3]
            found = scores[space, at : at + rows * cols]
            rows_tops = tops[space, row_at : row_at + rows]
            _pick(found, cols, rows_tops, nss, picked[space, scale], keys[space, scale])


@serial
def _pick(scores, cols, tops, nss, picked, keys):
    """Suppress non-maxima: take the best window, the last of equals, block around it, repeat."""
    picked[:] = -1
    keys[:] = LOWEST
    rows = np.empty(len(tops), np.int32)
    for row in range(rows.size):
        rows[row] = _top(tops[row])
    for i in range(picked.size):
        best = _top(rows)
        if best == LOWEST:
            return
        row = _last(rows, best)
        at = SPAN * _last(tops[row], best)
        col = at + _last(scores[row * cols + at : row * cols + min(at + SPAN, cols)], best)
        picked[i], keys[i] = row * cols + col, best
        left, right = max(col - nss, 0), min(col + nss + 1, cols)
        for other in range(max(row - nss, 0), min(row + nss + 1, rows.size)):
            line = scores[other * cols : (other + 1) * cols]
            line[left:right] = LOWEST
            for span in range(left // SPAN, (right - 1) // SPAN + 1):
                tops[other, span] = _top(line[span * SPAN : (span + 1) * SPAN])
            rows[other] = _top(tops[other])


def fill_map(boxes, weights, width, out):
    """Fill `out`, (P,), with the sums of `weights`, (N,), of the `boxes`, (N, 4), on each pixel.

    The values are divided by the maximum sum; all zeros if there is none.
    """
    height = out.size // width
    places = _places(boxes, height)
    rows = int(places[height])
    steps = scratch("bing steps", (height + 1, width + 1), np.int32)[: rows + 1]
    tops = scratch("bing map tops", (width,), np.int32)
    _mark(boxes, weights, places, steps)
    over_bands(_add_right, rows, steps, pixels=rows * width)
    over_bands(_add_down, width, steps, tops, pixels=rows * width)
    args = steps, places, int(tops.max()), out.reshape(height, width)
    over_bands(_paint, height, *args, pixels=out.size)


def _places(boxes, height):
    """Return which row of steps each row of the map takes, and how many there are."""
    is_edge = np.zeros(height + 1, np.int64)
    is_edge[boxes[:, 1]] = is_edge[boxes[:, 1] + boxes[:, 3]] = 1
    is_edge[0] = is_edge[height] = 1
    return np.cumsum(is_edge) - 1


@serial
def _mark(boxes, weights, places, steps):
    steps[:] = 0
    for i in range(weights.size):
        top, left, bottom, right = corners((boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]))
        top, bottom = places[top], places[bottom]
        steps[top, left] += weights[i]
        steps[top, right] -= weights[i]
        steps[bottom, left] -= weights[i]
        steps[bottom, right] += weights[i]


@banded
def _add_right(steps, start, stop):
    for row in range(start, stop):
        line, total = steps[row], int32(0)
        for col in range(line.size):
            total = int32(total + line[col])
            line[col] = total


@banded
def _add_down(steps, tops, start, stop):
    maximum = tops[start:stop]
    copy_values(steps[0, start:stop], maximum)
    for row in range(1, steps.shape[0] - 1):
        above, here = steps[row - 1, start:stop], steps[row, start:stop]
        for col in range(here.size):
            here[col] = int32(here[col] + above[col])
        for col in range(here.size):
            maximum[col] = max(maximum[col], here[col])


@banded
def _paint(steps, places, maximum, out, start, stop):
    for row in range(start, stop):
        target = out[row]
        if row > start and places[row] == places[row - 1]:
            copy_values(out[row - 1], target)
            continue
        source = steps[places[row]]
        for col in range(target.size):
            target[col] = shown(source[col], maximum, target.itemsize)
