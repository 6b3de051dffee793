"""Small frames, each scored from first to last by one thread.

For 8 bits a table of levels costs less than a frame. For 16 bits it would cost far more, so their
pixels are sorted: then equal levels are neighbours, and only those that occur are visited.
"""

import numpy as np
from numba import float32, int64, uint32

from ...kernels.color._cpu import luma_span
from ...kernels.jit import banded, serial
from ...kernels.scale import fraction, stored
from ._cpu_scores import fill_scores
from ._formulas import contrast


@banded
def _byte_frames(pixels, channels, weights, out, start, stop):
    area = out.shape[1]
    luma = np.empty(area if channels > 1 else 0, np.uint8)
    counts = np.empty((4, 256), np.uint32)
    contrasts, scores = np.empty(256, np.int64), np.empty(256, out.dtype)
    for frame in range(start, stop):
        if channels == 1:
            _paint_bytes(pixels[frame], counts, contrasts, scores, out[frame])
        else:
            luma_span(pixels[frame], channels, weights, luma, 0, area)
            _paint_bytes(luma, counts, contrasts, scores, out[frame])


@serial
def _paint_bytes(gray, counts, contrasts, scores, saliency):
    counts[:] = 0
    for i in range(gray.size):
        # Four tables: in one table equal neighbours would wait for each other's count to be stored.
        counts[i & 3, gray[i]] += uint32(1)
    fill_scores(counts, contrasts, scores)
    for i in range(gray.size):
        saliency[i] = scores[gray[i]]


@banded
def _word_frames(pixels, channels, weights, out, start, stop):
    area = out.shape[1]
    luma = np.empty(area if channels > 1 else 0, np.uint16)
    keys = np.empty((2, area), np.uint32)
    contrasts = np.empty(area, np.uint32)
    for frame in range(start, stop):
        if channels == 1:
            _sort(pixels[frame], keys[1], keys[0])
        else:
            luma_span(pixels[frame], channels, weights, luma, 0, area)
            _sort(luma, keys[1], keys[0])
        _paint_sorted(keys[0], contrasts, out[frame])


@serial
def _sort(gray, spare, keys):
    """Fill `keys` with level and index of every pixel, 16 bits each, by a radix sort of levels."""
    lows, highs = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for i in range(gray.size):
        lows[gray[i] & 255] += 1
        highs[gray[i] >> 8] += 1
    _fill_starts(lows)
    _fill_starts(highs)
    for i in range(gray.size):
        level = uint32(gray[i])
        spare[lows[level & uint32(255)]] = uint32(level << uint32(16)) | uint32(i)
        lows[level & uint32(255)] += 1
    for i in range(gray.size):
        key = spare[i]
        keys[highs[key >> uint32(24)]] = key
        highs[key >> uint32(24)] += 1


@serial
def _fill_starts(counts):
    """Replace counts by the start of each bin."""
    below = int64(0)
    for i in range(counts.size):
        counts[i], below = below, below + counts[i]


@serial
def _paint_sorted(keys, contrasts, saliency):
    count, total = keys.size, int64(0)
    for i in range(count):
        total += keys[i] >> uint32(16)
    low, high, sum_below = int64(-1), int64(-1), int64(0)
    for i in range(count):
        level = int64(keys[i] >> uint32(16))
        sum_below += level
        if i + 1 == count or level != int64(keys[i + 1] >> uint32(16)):  # the last of its level
            value = contrast(level, i + 1, sum_below, count, total)
            low = value if low < 0 else min(low, value)
            high = max(high, value)
            contrasts[i] = value
    score = stored(float32(0), saliency.itemsize)
    for i in range(count - 1, -1, -1):
        if i + 1 == count or keys[i] >> uint32(16) != keys[i + 1] >> uint32(16):
            score = stored(fraction(int64(contrasts[i]), low, high), saliency.itemsize)
        saliency[keys[i] & uint32(65535)] = score


# By the bytes of a pixel: frames from start to stop here, and the same in bands on all threads.
SMALL = {1: _byte_frames, 2: _word_frames}
