"""BING: box proposals for objects, from binarised normed gradients."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images, runtime, validation
from ...call import Call
from ...images import Color
from .model import SPACES, BingModel, load_once
from .search import Found, search

_MOST_NSS = 1 << 10
Path = str | os.PathLike[str]


class RankedBoxes(NamedTuple):
    """The boxes of one colour space, best first, as OpenCV ranks them."""

    space: str
    boxes: NDArray[np.int32]  # (n, 4) x, y, w, h
    scores: NDArray[np.float32]  # (n,)


def bing(
    image: ArrayLike,
    *,
    training_path: Path | BingModel | None = None,
    nss: int = 2,
    color_spaces: Sequence[str] = SPACES,
    max_boxes: int | None = None,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    backend: runtime.Choice = "auto",
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Propose object boxes with BING (binarised normed gradients).

    The result is up to several thousand proposals for a detector, best first. For the main object
    of an image, use `salient_boxes` on a map of `minimum_barrier`.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. uint16 and floats in [0, 1] are
        rounded to 8 bits.
    training_path : path or BingModel
        Folder with model files of OpenCV's format (``ObjNessB2W8*.yml.gz``), or a model from
        `train_bing`. Files are read once. Default: the model that comes with fastsal.
    nss : int, default 2
        Radius of non-maximum suppression, in windows, at each scale.
    color_spaces : sequence of {"maxbgr", "hsv", "i"}
        Colour spaces to search: maximum gradient of the channels, hue-saturation-value, intensity.
    max_boxes : int, optional
        Maximum number of boxes. Default: all.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two axes.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    boxes : array of int32, (N, 4)
        x, y, width and height in pixels, best first. Boxes of several colour spaces are merged
        without duplicates. The array is on the host for device images too.
    scores : array of float32, (N,)
        Calibrated scores in descending order; comparable between images with the same model.

    Raises
    ------
    ImageError
        If `image` is not one image of these forms.
    ModelError
        If a file in `training_path` is missing or damaged.
    ValueError
        If `nss` or `max_boxes` is negative or not an integer, or `color_spaces`, `color` or
        `backend` is not one of the listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    Each window of 8 x 8 normed gradients, reduced to their upper four bits, is scored by a linear
    filter (Eq. 1 of [1]_). The score is calibrated per window size (Eq. 3).

    Boxes and ranks within each colour space equal those of ``cv2.saliency.ObjectnessBING`` bit for
    bit, on every backend. OpenCV returns one colour space after the other, with ranks instead of
    scores.

    The default model was trained on 22 photographs of a flat (`BingModel.default`), OpenCV's model
    on PASCAL VOC 2007. For other scenes, train a model with `train_bing` or pass OpenCV's model.

    References
    ----------
    .. [1] M.-M. Cheng, Z. Zhang, W.-Y. Lin and P. Torr, "BING: Binarized normed gradients for
       objectness estimation at 300fps", CVPR, 2014. https://doi.org/10.1109/CVPR.2014.414

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> ring = np.ones((8, 8), np.float32)
    >>> ring[2:6, 2:6] = -1  # gradients at the rim raise the score, others lower it
    >>> model = fastsal.BingModel({"i": ring}, np.array([14]), {"i": np.array([[1, 0]])})
    >>> image = np.zeros((128, 128), np.uint8)
    >>> image[32:96, 40:104] = 200
    >>> boxes, scores = fastsal.bing(image, training_path=model, color_spaces=["i"], max_boxes=1)
    >>> boxes
    array([[40, 32, 64, 64]], dtype=int32)
    """
    limit = None if max_boxes is None else _natural("max_boxes", max_boxes, 1 << 31)
    ranked = ranked_boxes(
        image, training_path=training_path, nss=nss, color_spaces=color_spaces, color=color,
        channel_axis=channel_axis, backend=backend,
    )  # fmt: skip
    boxes = np.concatenate([each.boxes for each in ranked])
    scores = np.concatenate([each.scores for each in ranked])
    order = np.argsort(-scores, kind="stable")
    order = _firsts(boxes, order, limit)
    return boxes[order], scores[order]


def ranked_boxes(
    image: ArrayLike,
    *,
    training_path: Path | BingModel | None = None,
    nss: int = 2,
    color_spaces: Sequence[str] = SPACES,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    backend: runtime.Choice = "auto",
) -> list[RankedBoxes]:
    """Return the boxes of each colour space separately: see `bing`."""
    model = _model_of(training_path)
    spaces = _checked_spaces(color_spaces, model)
    radius = _natural("nss", nss, _MOST_NSS)
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, stacks=False)
    with Call(backend, None, frames) as call:
        plan, found = search(call, model, spaces, radius)
    return [
        _ranked(space, each, model.calibrations[space][plan.numbers[each.scales]])
        for space, each in zip(spaces, found, strict=True)
    ]


def _ranked(space: str, found: Found, calibration: NDArray[np.float32]) -> RankedBoxes:
    """Return the boxes of windows by their calibrated scores, the later of equal first."""
    weight, bias = calibration.T
    score = (found.scores * weight + bias)[::-1]  # each step in float32, as OpenCV rounds
    order = np.argsort(-score, kind="stable")
    return RankedBoxes(space, found.boxes[::-1][order], score[order])


def _firsts(
    boxes: NDArray[np.int32], order: NDArray[np.intp], limit: int | None
) -> NDArray[np.intp]:
    """Return the first `limit` of `order` with boxes that have not occurred before."""
    count = len(order) if limit is None else 2 * limit
    while True:
        head = order[:count]
        head = head[_is_first(boxes[head])][:limit]
        if len(head) == limit or count >= len(order):
            return head
        count *= 2


def _is_first(boxes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which boxes have not occurred before."""
    corners, sizes = np.ascontiguousarray(boxes, np.int32).view(np.int64).T
    order = np.lexsort((sizes, corners))  # stable: of equal boxes the first stays first
    is_new = np.ones(len(boxes), bool)
    is_new[1:] = (np.diff(corners[order]) != 0) | (np.diff(sizes[order]) != 0)
    first = np.empty(len(boxes), bool)
    first[order] = is_new
    return first


def _model_of(training_path: Any) -> BingModel:
    if isinstance(training_path, BingModel):
        return training_path
    if training_path is None:
        return BingModel.default()
    return load_once(training_path)


def _checked_spaces(color_spaces: Sequence[str], model: BingModel) -> tuple[str, ...]:
    spaces = [color_spaces] if isinstance(color_spaces, str) else color_spaces
    try:
        found = [str(space) for space in spaces]
    except TypeError:
        found = []
    if not found or len(set(found)) < len(found) or set(found) - set(model.spaces):
        raise ValueError(
            f"`color_spaces` must be some of {validation.listed(model.spaces)}, each once; "
            f"got {validation.shown(color_spaces)}"
        )
    return tuple(found)


def _natural(name: str, value: Any, most: int) -> int:
    return min(validation.integer(name, value, 0), most)
