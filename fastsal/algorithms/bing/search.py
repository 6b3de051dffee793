"""BING's first stage over an image: the best windows of every scale, with their scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import devices, images, runtime
from ...kernels.levels import in_levels
from .model import BingModel
from .plan import PICKED, Plan, boxes_of, filters_of, plan_of


class Found(NamedTuple):
    """The windows found in one colour space, scale after scale and best first in each."""

    scales: NDArray[np.int64]  # (n,) of the plan
    boxes: NDArray[np.int32]  # (n, 4) x, y, w, h
    scores: NDArray[np.float32]  # (n,) not calibrated


def search(
    frames: images.Frames, model: BingModel, spaces: tuple[str, ...], nss: int,
    target: runtime.Backend,
) -> tuple[Plan, list[Found]]:  # fmt: skip
    """Return the plan of an image, and what is found in it by each colour space."""
    height, width = frames.shape
    plan = plan_of((height, width), model.sizes)
    picked = np.full((len(spaces), len(plan.numbers), PICKED), -1, np.int32)
    keys = np.zeros(picked.shape, np.int32)
    if picked.size:
        is_staged = target == "cuda" and frames.owner is None
        pixels = devices.upload(frames.pixels, "bing image") if is_staged else frames.pixels
        pixels = in_levels(frames._replace(pixels=pixels), target, np.uint8).pixels
        rows = pixels.reshape(height, width * frames.channels)
        args = (rows, frames.channels, blue_of(frames), plan, filters_of(model, spaces), nss)
        runtime.backend_module(__package__, target).pick_windows(*args, picked, keys)
    shape = (height, width)
    return plan, [_found(plan, shape, *each) for each in zip(picked, keys, strict=True)]


def blue_of(frames: images.Frames) -> int:
    """Return which channel is blue."""
    return 0 if frames.weights[0] < frames.weights[2] else 2


def _found(
    plan: Plan, shape: tuple[int, int], picked: NDArray[np.int32], keys: NDArray[np.int32]
) -> Found:
    scale, place = np.nonzero(picked >= 0)
    window, key = picked[scale, place], keys[scale, place]
    row, col = np.divmod(window, plan.scales[scale, 1])
    score = (key ^ ((key >> 31) & np.int32(0x7FFFFFFF))).view(np.float32)
    return Found(scale, boxes_of(plan, shape, scale, row, col), score)
