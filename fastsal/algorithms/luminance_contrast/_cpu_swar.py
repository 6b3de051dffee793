"""Pixels in bands, and read a 64-bit word at a time."""

import numpy as np

from ...kernels.jit import serial

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
