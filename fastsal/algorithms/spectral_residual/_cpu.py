"""The spectral residual on the CPU: a few source pixels, a small transform, one enlargement."""

import numpy as np

from ...kernels import launch
from ...kernels.finish._cpu import enlarge
from ._cpu_shrink import shrink, shrink_floats
from ._cpu_spectrum import fill_small


def spectral_residual(pixels, channels, weights, width, size, scale, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), times `scale`.

    `size` is that of the spectrum, rows and columns.
    """
    work = launch.scratch("spectral-residual work", (6, *size), np.float64)
    small = launch.scratch("spectral-residual small", (len(pixels), *size), np.float32)
    for frame, target in zip(pixels, small, strict=True):
        if pixels.dtype.kind == "f":
            shrink_floats(frame, channels, weights, width, scale, work[0])
        else:
            shrink(frame, channels, weights, width, work[0])
        fill_small(work, target)
    enlarge(small, width, out)
