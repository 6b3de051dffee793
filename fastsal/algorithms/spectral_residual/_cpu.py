"""The spectral residual on the CPU: a few source pixels, a small transform, one up-sampling."""

import numpy as np

from ...kernels import launch
from ...kernels.postprocess._cpu import enlarge
from ._cpu_saliency import fill_small
from ._cpu_shrink import shrink, shrink_floats


def spectral_residual(pixels, channels, weights, width, size, scale, out):
    """Fill `out`, (N, H * width), from `pixels`, (N, H * width * channels), times `scale`.

    `size` is that of the spectrum, rows and columns.
    """
    image = launch.scratch("spectral-residual image", size, np.float64)
    doubles = launch.scratch("spectral-residual doubles", (6, size[0] * size[1]), np.float64)
    singles = launch.scratch("spectral-residual singles", (2, size[0] * size[1]), np.float32)
    small = launch.scratch("spectral-residual small", (len(pixels), *size), np.float32)
    for frame, target in zip(pixels, small, strict=True):
        if pixels.dtype.kind == "f":
            shrink_floats(frame, channels, weights, width, scale, image)
        else:
            shrink(frame, channels, weights, width, image)
        fill_small(image, doubles, singles, target)
    enlarge(small, width, out)
