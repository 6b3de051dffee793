"""Local structural similarity: means over windows that lie inside the image.

Strips of rows run on several threads, and their arrays stay in the second-level cache.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ._windows import gaussian_sum, uniform_sum

Window = Literal["gaussian", "uniform"]
Image = NDArray[Any]  # (H, W)
Values = NDArray[np.float64]  # (h, w)

_STRIP = 1 << 16  # pixels: one array of float64 fills half a megabyte
_K1, _K2 = 0.01, 0.03  # the constants of Wang et al. 2004
_TAPS = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
_TAPS /= _TAPS.sum()
_UNWEIGHTED = np.empty((1, 1))

MARGINS: dict[str, int] = {"gaussian": len(_TAPS) // 2, "uniform": 3}  # pixels around the centre


def mean_similarity(
    first: Image,
    second: Image,
    weights: Values | None,
    white: float,
    window: Window,
    *,
    is_structure: bool = False,
) -> float:
    """Return the weighted mean of SSIM, or of its contrast-structure term, over the interior.

    Without `weights`, or if all weights of the interior are 0, all pixels count equally.
    """
    margin = MARGINS[window]
    height, width = first.shape
    inside = None
    if weights is not None:
        inside = weights[margin : height - margin, margin : width - margin]
        if not inside.any():
            inside = None
    rows = height - 2 * margin
    step = max(16, _STRIP // width - 2 * margin)
    starts = range(0, rows, step)
    constants = (_K1 * white) ** 2, (_K2 * white) ** 2

    def part(start: int) -> float:
        stop = min(start + step, rows)
        strip = slice(start, stop + 2 * margin)
        weighed = _UNWEIGHTED if inside is None else np.ascontiguousarray(inside[start:stop])
        rest = weighed, inside is not None, is_structure, *constants
        if window == "gaussian":
            pair = (np.ascontiguousarray(each[strip], np.float64) for each in (first, second))
            return float(gaussian_sum(*pair, _TAPS, *rest))
        is_bytes = first.dtype == second.dtype == np.uint8
        read, sums = (np.uint8, np.int32) if is_bytes else (np.float64, np.float64)
        pair = (np.ascontiguousarray(each[strip], read) for each in (first, second))
        work = np.empty((4, width), sums), np.empty((4, width - 2 * margin), sums)
        return float(uniform_sum(*pair, *work, *rest))

    if len(starts) == 1:
        sums = [part(0)]
    else:
        with ThreadPoolExecutor(min(len(starts), max(1, cv2.getNumThreads()))) as pool:
            sums = list(pool.map(part, starts))
    total = rows * (width - 2 * margin) if inside is None else float(inside.sum())
    return sum(sums) / total
