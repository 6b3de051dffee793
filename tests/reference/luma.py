"""Grey levels of colours by OpenCV's formula, in plain NumPy: three channels in their order."""

import numpy as np

RED, GREEN, BLUE = 9798, 19235, 3735  # of 2**15


def luma(image, color="rgb"):
    """Return the grey levels of (..., 3) or (..., 4) integers, or of floats in [0, 1]."""
    first, green, last = (image[..., channel] for channel in range(3))
    red, blue = (first, last) if color == "rgb" else (last, first)
    if image.dtype.kind == "f":
        weighted = 0.299 * np.float64(red) + 0.587 * np.float64(green) + 0.114 * np.float64(blue)
        return weighted.astype(np.float32)
    weighted = RED * np.int64(red) + GREEN * np.int64(green) + BLUE * np.int64(blue)
    return ((weighted + (1 << 14)) >> 15).astype(image.dtype)
