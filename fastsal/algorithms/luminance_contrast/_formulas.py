"""The formula of luminance contrast, for both backends. Scalars only.

It is the pixel saliency of Zhai and Shah (2006), computed from a histogram.
"""

from numba import int64

from ...kernels.jit import serial


@serial
def contrast(level, count_below, sum_below, count, total):
    """Return the sum of |level - other| over all pixels.

    `count_below` and `sum_below` are the number of pixels at or below `level` and the sum of their
    levels. `count` and `total` are the number of all pixels and the sum of all levels.
    """
    below = int64(level) * count_below - sum_below
    above = (total - sum_below) - int64(level) * (count - count_below)
    return below + above
