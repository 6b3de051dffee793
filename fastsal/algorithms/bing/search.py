"""BING's first stage over an image: the best windows of every scale, with their scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...call import Call
from ...kernels.levels import in_levels
from .model import BingModel
from .plan import PICKED, Plan, boxes_of, filters_of, plan_of


class Found(NamedTuple):
    """The windows found in one colour space, scale after scale and best first in each."""

    scales: NDArray[np.int64]  # (n,) of the plan
    boxes: NDArray[np.int32]  # (n, 4) x, y, w, h
    scores: NDArray[np.float32]  # (n,) not calibrated


def search(
    call: Call, model: BingModel, spaces: tuple[str, ...], nss: int
) -> tuple[Plan, list[Found]]:
    """Return the plan of an image, and the windows found in each colour space."""
    frames = call.inputs[0]
    height, width = frames.shape
    plan = plan_of((height, width), model.sizes)
    picked = np.full((len(spaces), len(plan.numbers), PICKED), -1, np.int32)
    keys = np.zeros(picked.shape, np.int32)
    if picked.size:
        rows = in_levels(call, frames, np.uint8).pixels.reshape(height, width * frames.channels)
        blue = 2 if frames.is_rgb else 0
        args = (rows, frames.channels, blue, plan, filters_of(model, spaces), nss)
        call.kernels(__package__).pick_windows(*args, picked, keys)
    shape = (height, width)
    return plan, [_found(plan, shape, *each) for each in zip(picked, keys, strict=True)]


def _found(
    plan: Plan, shape: tuple[int, int], picked: NDArray[np.int32], keys: NDArray[np.int32]
) -> Found:
    scale, place = np.nonzero(picked >= 0)
    window, key = picked[scale, place], keys[scale, place]
    row, col = np.divmod(window, plan.scales[scale, 1])
    score = (key ^ ((key >> 31) & np.int32(0x7FFFFFFF))).view(np.float32)
    return Found(scale, boxes_of(plan, shape, scale, row, col), score)
