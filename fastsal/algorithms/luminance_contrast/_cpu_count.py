"""Histogram of a large image, counted in bands.

Pixels are counted as 16-bit codes, each two 8-bit pixels or one of 16 bits. For bytes that halves
the accesses to the table. Splitting 65,536 codes afterwards costs a tenth of this gain.
"""

import numpy as np
from numba import prange, uint32, uint64

from ...kernels.color._cpu import luma_span
from ...kernels.jit import parallel, serial

BLOCK = 64  # pixels that bands are cut at: as many bytes as the widest registers and cache lines


@serial
def span_of(size, band, bands):
    """Return where a band of pixels starts and stops; only the last one holds an open block."""
    blocks = size // BLOCK
    stop = size if band == bands - 1 else (band + 1) * blocks // bands * BLOCK
    return band * blocks // bands * BLOCK, stop


@serial
def words_of(gray):
    """Return the words of `gray`, and how many of its pixels they hold."""
    whole = gray.size * gray.itemsize // 8 * 8 // gray.itemsize
    return gray[:whole].view(np.uint64), whole


CODES = 1 << 16
CODE = uint64(CODES - 1)
ONE = uint32(1)
CHUNK = 1 << 13  # pixels with luma that is still in the first-level cache when it is counted


@parallel
def count_levels(gray, codes, counts, bands):
    """Fill `counts`, (bands, levels); `codes`, (bands, CODES), is work space or `counts` itself."""
    for band in prange(bands):
        start, stop = span_of(gray.size, band, bands)
        codes[band, :] = 0
        _tally(gray[start:stop], codes[band])
        _fold(gray[start:stop], codes[band], counts[band])


@parallel
def count_luma_levels(pixels, channels, weights, luma, codes, counts, bands):
    """Fill `luma` from coloured pixels, and `counts` from that, as `count_levels` does."""
    for band in prange(bands):
        start, stop = span_of(luma.size, band, bands)
        codes[band, :] = 0
        for at in range(start, stop, CHUNK):
            end = min(at + CHUNK, stop)
            luma_span(pixels, channels, weights, luma, at, end)
            _tally(luma[at:end], codes[band])
        _fold(luma[start:stop], codes[band], counts[band])


@serial
def _tally(gray, codes):
    # Four distant places at a time: neighbours are often equal, and the second of two equal codes
    # waits until the first is stored.
    words, _ = words_of(gray)
    part = words.size // 4
    first, second = words[:part], words[part : 2 * part]
    third, fourth = words[2 * part : 3 * part], words[3 * part : 4 * part]
    for i in range(part):
        a, b, c, d = first[i], second[i], third[i], fourth[i]
        for _ in range(4):
            codes[a & CODE] += ONE
            codes[b & CODE] += ONE
            codes[c & CODE] += ONE
            codes[d & CODE] += ONE
            a, b = a >> uint64(16), b >> uint64(16)
            c, d = c >> uint64(16), d >> uint64(16)
    for i in range(4 * part, words.size):
        word = words[i]
        for _ in range(4):
            codes[word & CODE] += ONE
            word = word >> uint64(16)


@serial
def _fold(gray, codes, counts):
    """Convert counts of codes to counts of levels, and add the pixels that filled no word."""
    if counts.size < CODES:
        _split_pairs(codes, counts)
    _, whole = words_of(gray)
    for i in range(whole, gray.size):
        counts[gray[i]] += ONE


@serial
def _split_pairs(codes, counts):
    lows = np.zeros(256, np.uint32)
    for high in range(256):
        total = uint32(0)
        for low in range(256):
            pairs = codes[256 * high + low]
            lows[low] = uint32(lows[low] + pairs)
            total = uint32(total + pairs)
        counts[high] = total
    for low in range(256):
        counts[low] += lows[low]
