"""Tables that depend on the size of the image and the options only, for both backends."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...images import WHITE
from .options import IttiOptions

FIRST, LAST, SMALL = 2, 8, 4  # the finest and coarsest scale, and that of the map
PAIRS = ((2, 5), (2, 6), (3, 6), (3, 7), (4, 7), (4, 8))  # centre and surround
PLANES = 7  # intensity, two colours, four orientations
COLORS = (1, 2)
ORIENTATIONS = (3, 4, 5, 6)
REACH = 4  # of the filters of orientation
_PERIOD, _SIGMA = 7.0, 7 / 3
NEAR, FAR = 0.02, 0.25  # sigmas of excitation and inhibition in the competition, in longer sides
_UNHEARD = 1e-6  # weight below which a cosine is left out
# Noise limit in levels of 255, above rounding errors in images of one level. It is also above
# CIELab's errors in grey images, where grey is not exactly colourless.
_FLAT, _FLAT_LAB = 1e-3, 0.1


class Plan(NamedTuple):
    """Sizes, features and filters; CPU kernels take this tuple as an argument."""

    sizes: NDArray[np.int64]  # (7, 4) of scales 2 to 8: rows, columns, offset, width of the ramp
    atlas: int  # pixels of all scales
    tasks: NDArray[np.int64]  # (features, 4): plane, centre, surround, 1 if it has two signs
    taps: NDArray[np.float32]  # (6, 5): see `filters`
    energy: bool  # of the filters of orientation
    is_sum: bool  # planes of colour features, centre plus surround
    shares: bool  # the range of a modality
    promotes: bool  # whether N weighs by local maxima
    competes: bool  # whether N is a competition
    sigma: np.float32  # sigma of the near neighbourhood in it
    across: NDArray[np.float32]  # (cosines, columns): a product with a row gives its coefficients
    down: NDArray[np.float32]  # again, blur it by all around; the same for columns
    is_lab: bool
    weights: NDArray[np.float32]  # of intensity, colour and orientation; their sum is 1
    flats: NDArray[np.float32]  # minimum of a feature that is not noise; of a colour feature

    @property
    def small(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        rows, cols = self.sizes[SMALL - FIRST, :2]
        return int(rows), int(cols)


@lru_cache(maxsize=32)
def plan_of(height: int, width: int, channels: int, options: IttiOptions) -> Plan:
    """Return the plan for images of that size."""
    sizes = np.empty((LAST - FIRST + 1, 4), np.int64)
    rows, cols, offset = -(-height // 4), -(-width // 4), 0
    for level in range(len(sizes)):
        sizes[level] = rows, cols, offset, round(options.border * max(rows, cols))
        offset += rows * cols
        rows, cols = -(-rows // 2), -(-cols // 2)
    is_lab = options.color_space == "lab"
    small = sizes[SMALL - FIRST, :2]
    competes = options.norm == "iterative"
    weights = np.array(options.weights) / sum(options.weights)
    return Plan(
        sizes,
        atlas=offset,
        tasks=_tasks(min(height, width), channels, options),
        taps=filters(),
        energy=options.gabor == "energy",
        is_sum=options.opponency == "paper",
        shares=options.ranges == "modality",
        promotes=options.norm == "maxima",
        competes=competes,
        sigma=np.float32(NEAR * small.max()),
        across=cosine_basis(int(small[1]), FAR * small.max() if competes else None),
        down=cosine_basis(int(small[0]), FAR * small.max() if competes else None),
        is_lab=is_lab,
        weights=weights.astype(np.float32),
        flats=np.array([_FLAT, _FLAT_LAB if is_lab else _FLAT], np.float32),
    )


def layout_of(channels: int, is_rgb: bool) -> tuple[int, int, int, int]:
    """Return the number of channels and the positions of red, green and blue."""
    if channels == 1:
        return 1, 0, 0, 0
    return (channels, 0, 1, 2) if is_rgb else (channels, 2, 1, 0)


def unit_of(dtype: np.dtype[Any]) -> np.float32:
    """Return the factor from values to levels of 255."""
    return np.float32(255 / WHITE[dtype])


def side_of_squares(height: int, width: int, options: IttiOptions) -> int:
    """Return the side of the squares of pixels that are averaged first."""
    size = options.working_size
    return 1 if size is None else -(-max(height, width) // size)


def _tasks(side: int, channels: int, options: IttiOptions) -> NDArray[np.int64]:
    """Return the features, those with the most pixels first."""
    pairs = [(c, s) for c, s in PAIRS if side >= 2**s or (c, s) == PAIRS[0]]
    planes = [plane for plane in range(PLANES) if channels > 1 or plane not in COLORS]
    tasks: list[Any] = []
    for center in (2, 3, 4):
        for signs in (1, 0):
            tasks += [
                (plane, c - FIRST, s - FIRST, signs)
                for c, s in pairs
                for plane in planes
                if c == center and (options.on_off and plane not in ORIENTATIONS) == bool(signs)
            ]
    return np.array(tasks, np.int64)


def cosine_basis(size: int, sigma: float | None) -> NDArray[np.float32]:
    """Return the weighted cosines that a wide Gaussian does not remove; (0, size) for None.

    A line with mirrored ends is a sum of `size` cosines, and blurring scales each of them. The
    matrix times its transpose is the blur, with a number of rows that depends on sigma.
    """
    if sigma is None:
        return np.empty((0, size), np.float32)
    steps = np.arange(-int(8 * sigma + 1), int(8 * sigma + 1) + 1)
    gauss = np.exp(-(steps**2) / (2 * sigma**2))
    turns = np.pi / size * np.arange(size)[:, None]
    left = np.cos(turns * steps) @ gauss / gauss.sum()
    lengths = np.where(turns > 0, np.sqrt(2 / size), np.sqrt(1 / size))
    cosines = lengths * np.cos(turns * (np.arange(size) + 0.5))
    heard = left > _UNHEARD
    return np.ascontiguousarray(np.sqrt(left[heard, None]) * cosines[heard], np.float32)


@lru_cache(maxsize=1)
def filters() -> NDArray[np.float32]:
    """Return halves, from the middle, of the separable factors of the Gabor filters.

    The order is: the Gaussian; the cosine under it, minus the Gaussian's response to a constant;
    its sine; the diagonal cosine and sine; and factors. These factors normalise even and odd
    filters, straight and diagonal. One removes the excess of the Gaussian in the diagonals'
    product.
    """
    steps = np.arange(REACH + 1)
    gauss = np.exp(-(steps**2) / (2 * _SIGMA**2))
    fast, slow = 2 * np.pi / _PERIOD, 2 * np.pi / _PERIOD / np.sqrt(2)
    cosine, sine = np.cos(fast * steps) * gauss, np.sin(fast * steps) * gauss
    slow_cosine, slow_sine = np.cos(slow * steps) * gauss, np.sin(slow * steps) * gauss
    cosine = cosine - _total(cosine) / _total(gauss) * gauss
    excess = (_total(slow_cosine) / _total(gauss)) ** 2
    g, c, s = _both(gauss), _both(slow_cosine), _both(slow_sine, -1)
    even = np.outer(c, c) - np.outer(s, s) - excess * np.outer(g, g)
    odd = np.outer(s, c) + np.outer(c, s)
    lengths = [
        np.linalg.norm(each)
        for each in (np.outer(g, _both(cosine)), np.outer(g, _both(sine, -1)), even, odd)
    ]
    factors = [1 / each for each in lengths] + [excess]
    return np.array([gauss, cosine, sine, slow_cosine, slow_sine, factors], np.float32)


def _both(half: NDArray[np.float64], sign: int = 1) -> NDArray[np.float64]:
    return np.concatenate([sign * half[:0:-1], half])


def _total(half: NDArray[np.float64]) -> float:
    return float(_both(half).sum())
