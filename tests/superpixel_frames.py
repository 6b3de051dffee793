"""Frames that follow each other, for the tests of superpixel contrast."""

import cv2
import numpy as np
from skimage import data


def panned_photos():
    """Return four frames of a photograph that a camera pans over, uint8 (120, 130, 3)."""
    whole = cv2.resize(data.astronaut(), (160, 160), interpolation=cv2.INTER_AREA)
    return [np.ascontiguousarray(whole[k : k + 120, 2 * k : 2 * k + 130]) for k in range(4)]


def tiny_scene(rng):
    """Return three frames that even the simulator gets through, uint8 (3, 6, 7, 3)."""
    frames = rng.integers(0, 256, (3, 6, 7, 3), dtype=np.uint8)
    frames[:, :3] //= 5
    frames[:, 2:, :3, 1:] //= 3
    return frames


def as_bytes(saliency):
    """Return a map as uint8 holds it."""
    return np.rint(255 * saliency).astype(np.uint8)
