"""Luminance contrast on the CPU: count the levels, score each, look every pixel's score up.

Counting and looking up cost at least one memory access per pixel. Large 8-bit images are therefore
read as 16-bit codes of two pixels each: half the accesses, for tables of 65,536 entries, which are
also what a 16-bit image needs. Small 8-bit images are not worth such tables.
"""

import numpy as np
from numba import get_num_threads, int64, prange, uint32, uint64

from ...images import read_only
from ...kernels import launch, threads
from ...kernels.color._cpu import luma_span
from ...kernels.jit import parallel, serial
from ...kernels.scale import share, stored
from ._math import contrast

CODES = 1 << 16
CODE = uint64(CODES - 1)
ONE = uint32(1)
CHUNK = 1 << 13  # pixels whose luma is still in the first-level cache when it is counted


def luminance_contrast(pixels, channels, weights, out):
    """Fill `out`, (N, P), from `pixels`, (N, P * channels)."""
    frames, area = out.shape
    if pixels.dtype == np.uint8 and area < launch.PARALLEL_FROM:
        args = (pixels, channels, weights, out)
        launch.over_bands(_small_frames, _small_bands, frames, *args, pixels=out.size)
        return
    with threads.safe_section():
        for frame, saliency in zip(pixels, out, strict=True):
            _large_frame(frame, channels, weights, saliency, get_num_threads())


def _large_frame(pixels, channels, weights, saliency, bands):
    levels = 1 << 8 * pixels.itemsize
    tables = launch.scratch("tables", (bands, 2, CODES), np.uint32)
    counts = launch.scratch("counts", (bands, levels), np.int64)
    gray = pixels
    if channels == 1:
        _count_bands(gray, tables, counts, bands)
    else:
        luma = launch.scratch("luma", saliency.shape, pixels.dtype)
        _count_luma_bands(pixels, channels, weights, luma, tables, counts, bands)
        gray = read_only(luma)  # as grey input is
    table = launch.scratch("scores", (levels,), saliency.dtype)
    _fill_scores(counts, table)
    if levels == CODES:
        _paint_bands(gray, table, saliency, bands)
    else:
        bits, pair = (np.uint8, np.uint16) if saliency.itemsize == 1 else (np.uint32, np.uint64)
        pairs = launch.scratch("pairs", (bands, CODES), pair)
        _paint_pair_bands(gray, table.view(bits), pairs, saliency.view(bits), bands)


@serial
def _small_frames(pixels, channels, weights, out, start, stop):
    area = out.shape[1]
    luma = np.empty(area if channels > 1 else 0, np.uint8)
    counts = np.zeros((4, 256), np.int64)
    table = np.empty(256, out.dtype)
    for frame in range(start, stop):
        counts[:] = 0
        if channels == 1:
            _small_count(pixels[frame], counts)
            _fill_scores(counts, table)
            _look_up(pixels[frame], table, out[frame])
        else:
            luma_span(pixels[frame], channels, weights, luma, 0, area)
            _small_count(luma, counts)
            _fill_scores(counts, table)
            _look_up(luma, table, out[frame])


@parallel
def _small_bands(pixels, channels, weights, out, bands):
    frames = out.shape[0]
    for band in prange(bands):
        start, stop = band * frames // bands, (band + 1) * frames // bands
        _small_frames(pixels, channels, weights, out, start, stop)


@serial
def _small_count(gray, counts):
    # By turns in four tables: equal neighbours would wait for each other's count to be stored.
    for i in range(gray.size):
        counts[i & 3, gray[i]] += 1


@serial
def _look_up(gray, table, saliency):
    for i in range(gray.size):
        saliency[i] = table[gray[i]]


@parallel
def _count_bands(gray, tables, counts, bands):
    for band in prange(bands):
        _count(gray, *_band(gray.size, band, bands), tables[band], counts[band])


@parallel
def _count_luma_bands(pixels, channels, weights, luma, tables, counts, bands):
    for band in prange(bands):
        start, stop = _band(luma.size, band, bands)
        _count_luma(pixels, channels, weights, luma, start, stop, tables[band], counts[band])


@serial
def _count(gray, start, stop, tables, counts):
    tables[:] = 0
    _tally(gray[start:stop], tables)
    _fold(gray[start:stop], tables, counts)


@serial
def _count_luma(pixels, channels, weights, luma, start, stop, tables, counts):
    tables[:] = 0
    for at in range(start, stop, CHUNK):
        end = min(at + CHUNK, stop)
        luma_span(pixels, channels, weights, luma, at, end)
        _tally(luma[at:end], tables)
    _fold(luma[start:stop], tables, counts)


@serial
def _band(size, band, bands):
    # Bounds at multiples of 8, so that only the last band has pixels that fill no 64-bit word.
    eighths = size // 8
    stop = size if band == bands - 1 else (band + 1) * eighths // bands * 8
    return band * eighths // bands * 8, stop


@serial
def _words(gray):
    whole = gray.size * gray.itemsize // 8 * 8 // gray.itemsize
    return gray[:whole].view(np.uint64), whole


@serial
def _tally(gray, tables):
    # Two tables by turns: runs of one code would wait for each other's count to be stored.
    words, _ = _words(gray)
    first, second = tables[0], tables[1]
    for i in range(words.size):
        word = words[i]
        first[word & CODE] += ONE
        second[(word >> uint64(16)) & CODE] += ONE
        first[(word >> uint64(32)) & CODE] += ONE
        second[word >> uint64(48)] += ONE


@serial
def _fold(gray, tables, counts):
    """Turn counts of codes into counts of levels, and add the pixels that filled no word."""
    first, second = tables[0], tables[1]
    counts[:] = 0
    if counts.size == CODES:
        for code in range(CODES):
            counts[code] = first[code] + second[code]
    else:
        lows = np.zeros(256, np.uint32)
        for high in range(256):
            total = uint32(0)
            for low in range(256):
                pairs = uint32(first[256 * high + low] + second[256 * high + low])
                lows[low] = uint32(lows[low] + pairs)
                total = uint32(total + pairs)
            counts[high] = total
        for low in range(256):
            counts[low] += lows[low]
    _, whole = _words(gray)
    for i in range(whole, gray.size):
        counts[gray[i]] += 1


@serial
def _fill_scores(counts, table):
    """Fill `table` with the scaled contrast of every level that occurs."""
    levels = table.size
    present = np.zeros(levels, np.int64)
    for part in range(counts.shape[0]):
        for level in range(levels):
            present[level] += counts[part, level]
    count, total = int64(0), int64(0)  # not by sum(): see kernels/jit.py
    for level in range(levels):
        count += present[level]
        total += level * present[level]
    scores = np.empty(levels, np.int64)
    low, high = int64(-1), int64(-1)
    count_below, sum_below = int64(0), int64(0)
    for level in range(levels):
        count_below += present[level]
        sum_below += level * present[level]
        if present[level] > 0:
            score = contrast(level, count_below, sum_below, count, total)
            scores[level] = score
            low = score if low < 0 else min(low, score)
            high = max(high, score)
    for level in range(levels):
        if present[level] > 0:
            saliency = share(scores[level], low, high)
            table[level] = stored(saliency, table.itemsize)


@parallel
def _paint_bands(gray, table, saliency, bands):
    for band in prange(bands):
        start, stop = _band(gray.size, band, bands)
        _look_up(gray[start:stop], table, saliency[start:stop])


@parallel
def _paint_pair_bands(gray, table, pairs, saliency, bands):
    for band in prange(bands):
        start, stop = _band(gray.size, band, bands)
        _fill_pairs(table, pairs[band])
        _look_up_pairs(gray[start:stop], table, pairs[band], saliency[start:stop])


@serial
def _fill_pairs(table, pairs):
    """Fill `pairs` with the scores of two levels side by side, as they lie in memory."""
    shift = uint64(8 * table.itemsize)
    for high in range(256):
        upper = uint64(table[high]) << shift
        for low in range(256):
            pairs[256 * high + low] = uint64(table[low]) | upper


@serial
def _look_up_pairs(gray, table, pairs, saliency):
    words, whole = _words(gray)
    target = saliency[:whole].view(pairs.dtype)
    for i in range(words.size):
        word = words[i]
        target[4 * i] = pairs[word & CODE]
        target[4 * i + 1] = pairs[(word >> uint64(16)) & CODE]
        target[4 * i + 2] = pairs[(word >> uint64(32)) & CODE]
        target[4 * i + 3] = pairs[word >> uint64(48)]
    for i in range(whole, gray.size):
        saliency[i] = table[gray[i]]
