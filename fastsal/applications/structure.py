"""Local structural similarity: means over windows that lie inside the image.

Strips of rows run on several threads, and their arrays stay in the second-level cache.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ._windows import fill_terms

Window = Literal["gaussian", "uniform"]
Image = NDArray[Any]  # (H, W)
Values = NDArray[np.float64]  # (h, w)

_STRIP = 1 << 16  # pixels: one array of float64 fills half a megabyte
_K1, _K2 = 0.01, 0.03  # the constants of Wang et al. 2004


class _Kind(NamedTuple):
    """A window: its weights along one axis, and the factor that corrects its covariances."""

    taps: NDArray[np.float64]
    correction: float

    @property
    def margin(self) -> int:
        return len(self.taps) // 2


def _gaussian() -> _Kind:
    offsets = np.arange(-5, 6)
    taps = np.exp(-0.5 * (offsets / 1.5) ** 2)
    return _Kind(taps / taps.sum(), 1.0)


KINDS = {
    "gaussian": _gaussian(),
    # Sample covariance over 7 x 7 pixels, as scikit-image's default has it.
    "uniform": _Kind(np.full(7, 1 / 7), 49 / 48),
}


def mean_similarity(
    first: Image, second: Image, weights: Values | None, white: float, window: Window
) -> tuple[float, float]:
    """Return the weighted means of SSIM and of its contrast-structure term over the interior.

    Without `weights`, or if all weights of the interior are 0, all pixels count equally.
    """
    kind = KINDS[window]
    margin = kind.margin
    height, width = first.shape
    inside = None
    if weights is not None:
        inside = weights[margin : height - margin, margin : width - margin]
        if not inside.any():
            inside = None
    rows = height - 2 * margin
    step = max(16, _STRIP // width - 2 * margin)
    starts = range(0, rows, step)

    def part(start: int) -> tuple[float, float]:
        stop = min(start + step, rows)
        strip = slice(start, stop + 2 * margin)
        weighed = None if inside is None else inside[start:stop]
        return _sums(first[strip], second[strip], weighed, white, kind)

    if len(starts) == 1:
        sums = [part(0)]
    else:
        with ThreadPoolExecutor(min(len(starts), max(1, cv2.getNumThreads()))) as pool:
            sums = list(pool.map(part, starts))
    total = rows * (width - 2 * margin) if inside is None else float(inside.sum())
    similarity, structure = np.sum(sums, axis=0) / total
    return float(similarity), float(structure)


def _sums(
    first: Image, second: Image, weights: Values | None, white: float, kind: _Kind
) -> tuple[float, float]:
    """Return the weighted sums of both terms over the interior of one strip."""
    first, second = (np.ascontiguousarray(each, np.float64) for each in (first, second))
    rows, cols = (side - 2 * kind.margin for side in first.shape)
    similarity, structure = np.empty((2, rows, cols))
    c1, c2 = (_K1 * white) ** 2, (_K2 * white) ** 2
    fill_terms(first, second, kind.taps, kind.correction, c1, c2, similarity, structure)
    if weights is None:
        return float(similarity.sum()), float(structure.sum())
    # Not `vdot`: it copies views, and the threads of BLAS would compete with ours.
    sums = [np.einsum("ij,ij->", each, weights) for each in (similarity, structure)]
    return float(sums[0]), float(sums[1])
