"""Pinned inputs: a real photograph scaled to each size, and noise as the worst case."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

SIZES = {
    "64x64": (64, 64),
    "VGA": (480, 640),
    "720p": (720, 1280),
    "1080p": (1080, 1920),
    "4K": (2160, 3840),
    "16MP": (4096, 4096),
}


@cache
def photograph(size: str) -> np.ndarray:
    """Return scikit-image's "coffee" as uint8 RGB of that size."""
    from skimage import data

    rows, cols = SIZES[size]
    return cv2.resize(data.coffee(), (cols, rows), interpolation=cv2.INTER_CUBIC)


@cache
def noise(size: str) -> np.ndarray:
    """Return uint8 RGB noise of that size."""
    return np.random.default_rng(7).integers(0, 256, (*SIZES[size], 3), dtype=np.uint8)


def gray(image: np.ndarray) -> np.ndarray:
    """Return OpenCV's luma of an RGB image."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def moved(image: np.ndarray) -> np.ndarray:
    """Return the image four columns to the right, as a frame that follows it."""
    return np.ascontiguousarray(np.roll(image, 4, axis=1))
