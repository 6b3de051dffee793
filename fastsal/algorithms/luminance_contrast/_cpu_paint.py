"""The score of every pixel of a large image, looked up in bands."""

import numpy as np
from numba import prange, uint64

from ...kernels import simd
from ...kernels.jit import parallel, serial
from ._cpu_simd import look_up_blocks
from ._cpu_swar import BLOCK, span_of, words_of

BYTE = uint64(255)


def paint(gray, scores, saliency, bands):
    """Fill `saliency` with the entry of `scores` for every pixel of `gray`."""
    bits = np.uint8 if saliency.itemsize == 1 else np.uint32
    args = gray, scores.view(bits), saliency.view(bits), bands
    if gray.itemsize > 1:
        _paint_bands(*args)
    elif simd.are_here():
        _paint_vector_bands(*args)
    else:
        _paint_word_bands(*args)


@parallel
def _paint_bands(gray, scores, saliency, bands):
    for band in prange(bands):
        start, stop = span_of(gray.size, band, bands)
        _look_up(gray, scores, saliency, start, stop)


@parallel
def _paint_word_bands(gray, scores, saliency, bands):
    for band in prange(bands):
        start, stop = span_of(gray.size, band, bands)
        words, whole = words_of(gray[start:stop])
        _look_up_words(words, scores, saliency[start : start + whole])
        _look_up(gray, scores, saliency, start + whole, stop)


@parallel
def _paint_vector_bands(gray, scores, saliency, bands):
    for band in prange(bands):
        start, stop = span_of(gray.size, band, bands)
        whole = start + (stop - start) // BLOCK * BLOCK
        planes = _planes_of(scores)
        look_up_blocks(gray[start:whole], planes, saliency[start:whole])
        _look_up(gray, scores, saliency, whole, stop)


@serial
def _look_up(gray, scores, saliency, start, stop):
    for i in range(start, stop):
        saliency[i] = scores[gray[i]]


@serial
def _look_up_words(words, scores, saliency):
    # Eight pixels by one load and shifts: loads limit this loop.
    for i in range(words.size):
        word = words[i]
        for k in range(8):
            saliency[8 * i + k] = scores[word & BYTE]
            word = word >> uint64(8)


@serial
def _planes_of(scores):
    """Return the first bytes of all scores, then all second ones, and so on."""
    planes = np.empty((scores.itemsize, 256), np.uint8)
    for byte in range(scores.itemsize):
        for level in range(256):
            planes[byte, level] = (uint64(scores[level]) >> uint64(8 * byte)) & BYTE
    return planes
