"""Pinned inputs: a real photograph scaled to each size, and noise as the worst case."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIZES = {
    "64x64": (64, 64),
    "320x240": (240, 320),
    "VGA": (480, 640),
    "720p": (720, 1280),
    "1080p": (1080, 1920),
    "4K": (2160, 3840),
    "16MP": (4096, 4096),
    "8K": (4320, 7680),
}


@cache
def photograph(size: str) -> NDArray[np.uint8]:
    """Return scikit-image's "coffee" as uint8 RGB of that size."""
    from skimage import data

    rows, cols = SIZES[size]
    scaled: NDArray[np.uint8] = cv2.resize(
        data.coffee(), (cols, rows), interpolation=cv2.INTER_CUBIC
    )
    return scaled


@cache
def noise(size: str) -> NDArray[np.uint8]:
    """Return uint8 RGB noise of that size."""
    return np.random.default_rng(7).integers(0, 256, (*SIZES[size], 3), dtype=np.uint8)


def gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return OpenCV's luma of an RGB image."""
    levels: NDArray[np.uint8] = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return levels


def moved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the image four columns to the right, as a frame that follows it."""
    return np.ascontiguousarray(np.roll(image, 4, axis=1))


def sizes_of(names: str) -> list[str]:
    """Return the sizes that a comma-separated list names, in any case.

    Raises
    ------
    ValueError
        If there is no such size.
    """
    known = {size.lower(): size for size in SIZES}
    chosen = []
    for name in names.split(","):
        if name.strip().lower() not in known:
            raise ValueError(f"expected sizes among {', '.join(SIZES)}, got {name!r}")
        chosen.append(known[name.strip().lower()])
    return chosen
