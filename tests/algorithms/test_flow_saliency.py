import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import flow_saliency as reference
from reference.luma import luma

import fastsal
from fastsal import FlowSaliency, flow_saliency
from fastsal.algorithms.flow_saliency import plan, state
from fastsal.images import as_frames

WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535, np.dtype(np.float32): 1}
MODELS = {"translation": 2, "affine": 6, "homography": 8, True: 6, False: 0}


def texture(rng, shape, sigma=1.5):
    """Return grey levels that inverse search can follow."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), sigma)
    return np.clip(128 + 60 * noise / noise.std(), 0, 255)


def scene(rng, shape, pan=(0, 0), thing=None, motion=(0, 0), margin=12):
    """Return a frame and the one before: the ground pans, a thing (rows, columns) moves."""
    height, width = shape
    large = texture(rng, (height + 2 * margin, width + 2 * margin))
    frame = large[margin:-margin, margin:-margin].copy()
    down, across = margin + pan[0], margin + pan[1]
    previous = large[down : down + height, across : across + width].copy()
    if thing is not None:
        body = texture(rng, frame[thing].shape)
        frame[thing] = body
        before = tuple(slice(s.start - m, s.stop - m) for s, m in zip(thing, motion, strict=True))
        previous[before] = body
    return frame.astype(np.uint8), previous.astype(np.uint8)


def levels_of(image, dtype=np.uint8, color="rgb"):
    gray = luma(image, color) if image.ndim == 3 else image
    return reference.pyramid(gray.astype(np.float64), WHITE[np.dtype(dtype)])


def taken(image, previous, target="cpu"):
    """Return a flow state after two frames."""
    made = state.FlowState(target, image.shape[:2])
