"""Luminance contrast on the CPU: count the levels, score each, look every pixel's score up.

Large images are counted and painted in bands, one per thread. Small frames, which may come in
stacks, are processed by one thread each.
"""

import numpy as np

from ...images import read_only
from ...kernels import launch, threads
from ._cpu_count import CODES, count_levels, count_luma_levels
from ._cpu_paint import paint
from ._cpu_scores import fill_scores
from ._cpu_small import SMALL

# Pixels of a frame that all threads share, by the bytes of a pixel (measured).
_LARGE_FROM = {1: launch.PARALLEL_FROM, 2: 1 << 15}


def luminance_contrast(pixels, channels, weights, out):
    """Fill `out`, (N, P), from `pixels`, (N, P * channels)."""
    frames, area = out.shape
    if area < _LARGE_FROM[pixels.itemsize]:
        args = (pixels, channels, weights, out)
        launch.over_bands(SMALL[pixels.itemsize], frames, *args, pixels=out.size)
        return
    with threads.safe_section():
        for frame, saliency in zip(pixels, out, strict=True):
            _large_frame(frame, channels, weights, saliency, threads.count())


def _large_frame(pixels, channels, weights, saliency, bands):
    levels = 1 << 8 * pixels.itemsize
    codes = launch.scratch("codes", (bands, CODES), np.uint32)
    # A code is two 8-bit pixels, which are separated at the end, or one of 16 bits.
    counts = codes if levels == CODES else launch.scratch("counts", (bands, levels), np.uint32)
    gray = pixels
    if channels == 1:
        count_levels(gray, codes, counts, bands)
    else:
        luma = launch.scratch("luma", saliency.shape, pixels.dtype)
        count_luma_levels(pixels, channels, weights, luma, codes, counts, bands)
        gray = read_only(luma)  # as grey input is
    scores = launch.scratch("scores", (levels,), saliency.dtype)
    fill_scores(counts, launch.scratch("contrasts", (levels,), np.int64), scores)
    paint(gray, scores, saliency, bands)
