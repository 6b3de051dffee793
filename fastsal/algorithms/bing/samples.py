"""Training windows of BING's first stage: objects and background, by intersection over union."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import images
from ...boxes import iou
from . import _cpu_pictures
from .model import SPACES
from .plan import WINDOW, Plan, boxes_of, plan_of

ENOUGH = 0.5  # a box is found from this overlap on


_EVERY_SIZE = np.arange(36, dtype=np.int32)


class View(NamedTuple):
    """An image, or its mirror image, and the boxes (n, 4) of the objects in it."""

    frames: images.Frames
    boxes: NDArray[np.int32]


class Samples(NamedTuple):
    """Normed gradients of windows, by their upper halves, in all colour spaces."""

    objects: NDArray[np.uint8]  # (n, 3, 64)
    sizes: NDArray[np.int64]  # (n,) of each of these
    background: NDArray[np.uint8]  # (m, 3, 64)


def mirrored(view: View) -> View:
    """Return a horizontally flipped view."""
    (height, width), channels = view.frames.shape, view.frames.channels
    pixels = view.frames.pixels.reshape(height, width, channels)[:, ::-1].reshape(1, -1)
    boxes = view.boxes.copy()
    boxes[:, 0] = width - boxes[:, 0] - boxes[:, 2]
    return View(view.frames._replace(pixels=images.read_only(pixels)), boxes)


def samples_of(view: View, background: int, rng: np.random.Generator) -> Samples:
    """Return the windows of a view that fit an object, and up to `background` that fit none."""
    shape = height, width = view.frames.shape
    plan = plan_of((height, width), _EVERY_SIZE)
    if not len(plan.numbers):
        none = np.zeros((0, len(SPACES), WINDOW**2), np.uint8)
        return Samples(none, np.zeros(0, np.int64), none)
    halves = _gradients(view.frames, plan)
    fitting = _fitting(plan, shape, view.boxes)
    scale, row, col = _anywhere(plan, background, rng)
    boxes = boxes_of(plan, shape, scale, row, col)
    free = (iou(boxes, view.boxes) < ENOUGH).all(axis=1)
    return Samples(
        _windows(halves, plan, *fitting),
        plan.numbers[fitting[0]],
        _windows(halves, plan, scale[free], row[free], col[free]),
    )


def _gradients(frames: images.Frames, plan: Plan) -> NDArray[np.uint8]:
    rows = frames.pixels.reshape(frames.shape[0], -1)
    spaces = np.arange(len(SPACES))
    blue = 2 if frames.is_rgb else 0
    return _cpu_pictures.gradients_of(rows, frames.channels, blue, plan, spaces)


def _fitting(plan: Plan, shape: tuple[int, int], boxes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return scale, row and column of the window of each size that fits each box best, if any."""
    found = [
        (scale, *place)
        for scale in range(len(plan.numbers))
        for box in boxes
        if (place := _best_place(plan, scale, shape, box)) is not None
    ]
    return np.array(found, np.int64).reshape(-1, 3).T


def _best_place(
    plan: Plan, scale: int, shape: tuple[int, int], box: NDArray[np.int32]
) -> tuple[int, int] | None:
    window = plan.windows[scale]
    if window.prod() < ENOUGH * box[2] * box[3]:
        return None
    cols, widths, across = _along(plan.scales[scale, 1], window[0], shape[1], box[0], box[2])
    rows, heights, down = _along(plan.scales[scale, 0], window[1], shape[0], box[1], box[3])
    shared = np.outer(down, across)
    overlap = shared / (np.outer(heights, widths) + box[2] * box[3] - shared)
    if not overlap.size or overlap.max() < ENOUGH:
        return None
    row, col = np.unravel_index(overlap.argmax(), overlap.shape)
    return int(rows[row]), int(cols[col])


def _along(places: int, window: int, limit: int, start: int, extent: int) -> tuple[Any, ...]:
    """Return windows that meet a box along one axis: places, extents and overlaps."""
    first = np.arange(places - WINDOW + 1) * (window // WINDOW)
    own = np.minimum(window, limit - first)
    shared = np.minimum(first + own, start + extent) - np.maximum(first, start)
    near = np.flatnonzero(shared > 0)
    return near, own[near], shared[near]


def _anywhere(plan: Plan, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], ...]:
    """Return scale, row and column of windows drawn at random, every scale as often."""
    scale = rng.integers(len(plan.numbers), size=count)
    row = rng.integers(plan.scales[scale, 0] - WINDOW + 1)
    col = rng.integers(plan.scales[scale, 1] - WINDOW + 1)
    return scale, row, col


def _windows(
    halves: NDArray[np.uint8], plan: Plan, scale: Any, row: Any, col: Any
) -> NDArray[np.uint8]:
    """Return the windows at these places, (n, 3, 64)."""
    cols, at = plan.scales[scale, 1], plan.scales[scale, 2]
    tap_row, tap_col = np.divmod(np.arange(WINDOW**2), WINDOW)
    taps = (at + row * cols + col)[:, None] + tap_row * cols[:, None] + tap_col
    return halves[:, taps].swapaxes(0, 1)
