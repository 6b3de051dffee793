"""Run any detector on the salient regions of a frame instead of on the whole frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..algorithms.binary_map import salient_boxes
from ..boxes import iou
from ..errors import ImageError
from ..metrics.inputs import Map, as_host
from .inputs import (
    Saliency,
    as_picture,
    as_saliency,
    check_shape,
    map_of,
    reduced,
    shaped,
)

_CANDIDATES = 8  # salient regions per region to search, before they are merged
_MIN_AREA = 0.0002  # of a region as a fraction of the frame: 20 x 20 pixels of 1080p
_LONGEST = 640  # pixels of the map in which regions are found
_SAME = 0.5  # intersection over union of two boxes of one object


class _Region(NamedTuple):
    """A rectangle to search, from the first row and column to those after the last."""

    left: int
    top: int
    right: int
    bottom: int
    score: float  # fraction of all saliency

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


class _Found(NamedTuple):
    """Results of a detector on one region."""

    boxes: NDArray[Any]  # (n, 4)
    scores: NDArray[Any] | None  # (n,)


def detect_salient(
    frame: ArrayLike,
    detector: Callable[[Any], Any],
    *,
    saliency: Saliency,
    max_boxes: int = 8,
    pad: float = 0.2,
    min_size: tuple[int, int] = (1, 1),
    align: int = 1,
) -> Any:
    """Run a detector on the salient regions of a frame, and return its boxes in the frame.

    Parameters
    ----------
    frame : array_like, (H, W) or (H, W, channels)
        The frame, of any dtype and colour order that the detector takes.
    detector : callable
        Called with a C-contiguous part of `frame`, once per region. It returns boxes of shape
        (n, 4) as x, y, width and height, or a pair of boxes and scores of shape (n,). An empty
        sequence is no box. OpenCV's ``detectMultiScale`` has these forms.
    saliency : array_like (H, W), str or callable
        A map of numbers from 0 up, the key of a method for single images, or a function such as
        ``Stream("bin-wang").update``. Methods and functions get `frame` and return the map. A
        method given by key reads RGB, reduced to 640 pixels; for OpenCV's frames pass
        ``Stream(key, color="bgr").update``.
    max_boxes : int, default 8
        Maximum number of regions to search, those with most saliency.
    pad : float, default 0.2
        Each region grows on all sides by this fraction of its width and height, from 0 to 10.
        Larger values find more and take longer.
    min_size : (int, int), default (1, 1)
        Rows and columns that each region has at least, unless the frame has fewer. It should exceed
        the detector's window: OpenCV's HOG detector crashes on smaller parts.
    align : int, default 1
        Regions start at multiples of this, for example at the window stride of the detector. Its
        windows are then those of the whole frame, at the scale of the frame.

    Returns
    -------
    boxes or (boxes, scores)
        The form that the detector returns, as arrays of its dtype. Boxes from different regions
        with an intersection over union above 0.5 are one object. The box with the higher score is
        kept; without scores, the larger box.

    Raises
    ------
    ImageError
        If `frame` or the map is not as described, or is a device array.
    ValueError
        If an option is out of range, or the detector returns another form. Exceptions of the
        detector pass unchanged.

    Notes
    -----
    Regions come from `salient_boxes` on the map, reduced to 640 pixels. Two of them are merged
    where one rectangle around both has no more pixels than the two. If nothing stands out from the
    rest of the map, the whole frame is searched. To save that in a video without motion, call it
    only if ``saliency.any()``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import detect_salient
    >>> frame = np.zeros((240, 320), np.uint8)
    >>> frame[100:120, 200:230] = 255
    >>> def detector(part):
    ...     rows, cols = np.nonzero(part)
    ...     return [(cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1)]
    >>> detect_salient(frame, detector, saliency=frame)
    array([[200, 100,  30,  20]])
    """
    max_boxes = validation.integer("max_boxes", max_boxes, 1)
    pad = validation.number("pad", pad, 0, 10)
    min_size = validation.shape("min_size", min_size)
    align = validation.integer("align", align, 1)
    if not callable(detector):
        raise ValueError(
            f"`detector` must be a function of an image; got {type(detector).__name__}"
        )
    pixels = as_host(frame, "frame")
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ImageError(f"`frame` must have shape (H, W) or (H, W, channels); got {pixels.shape}")
    height, width = pixels.shape[:2]
    found = []
    small = _small_map(saliency, frame, (height, width))
    growth = _Growth(pad, min_size, align)
    for region in _regions(small, (height, width), max_boxes, growth):
        part = pixels[region.top : region.bottom, region.left : region.right]
        boxes, scores = _parsed(detector(np.ascontiguousarray(part)))
        if len(boxes):
            boxes = boxes + np.array([region.left, region.top, 0, 0], boxes.dtype)
        found.append(_Found(boxes, scores))
    return _merged(found)


class _Growth(NamedTuple):
    """How a box around a salient region becomes a region to search."""

    pad: float
    min_size: tuple[int, int]
    align: int

    def region(self, box: NDArray[np.int64], shape: tuple[int, int], score: float) -> _Region:
        """Return the region of a box (x, y, width, height) in a frame of this shape."""
        x, y, w, h = box.tolist()
        left, right = self._grown(x, w, self.min_size[1], shape[1])
        top, bottom = self._grown(y, h, self.min_size[0], shape[0])
        return _Region(left, top, right, bottom, score)

    def _grown(self, start: int, length: int, smallest: int, size: int) -> tuple[int, int]:
        """Return the first pixel and the one after the last, along one axis of `size` pixels."""
        margin = round(self.pad * length)
        missing = max(0, smallest - (length + 2 * margin))
        start, stop = start - margin - missing // 2, start + length + margin + (missing + 1) // 2
        if start < 0:  # the other side gets the missing pixels
            start, stop = 0, max(stop, smallest)
        elif stop > size:
            start, stop = min(start, size - smallest), size
        start = max(0, start)
        return start - start % self.align, min(stop, size)


def _small_map(saliency: Saliency, frame: Any, shape: tuple[int, int]) -> Map:
    """Return a map of a reduced frame for a key, else the reduced map; ones if all are 0."""
    if isinstance(saliency, str):
        small = shaped(reduced(as_picture(frame, "frame"), _LONGEST))
        found = as_saliency(map_of(saliency, small))
    else:
        whole = as_saliency(map_of(saliency, frame))
        check_shape(whole, shape)
        # Values that float32 does not hold, or above the 1 of floats in an image.
        if whole.dtype == np.float64 or (whole.dtype == np.float32 and whole.max() > 1):
            whole = (whole / (whole.max() or 1)).astype(np.float32)
        found = reduced(whole[..., None], _LONGEST)[..., 0]
    high = found.max()
    scaled: Map = found / high if high > 0 else np.ones_like(found)
    return scaled.astype(np.float32, copy=False)


def _regions(small: Map, shape: tuple[int, int], max_boxes: int, growth: _Growth) -> list[_Region]:
    """Return the rectangles to search, those with most saliency first."""
    boxes, scores = salient_boxes(small, max_boxes=_CANDIDATES * max_boxes, min_area=_MIN_AREA)
    # In pixels of the frame: each box covers the cells of the small map that it touches.
    scale = np.array([shape[1] / small.shape[1], shape[0] / small.shape[0]])
    first = np.floor(boxes[:, :2] * scale).astype(np.int64)
    last = np.minimum(np.ceil((boxes[:, :2] + boxes[:, 2:]) * scale), shape[::-1]).astype(np.int64)
    regions: list[_Region] = []
    for box, score in zip(np.hstack([first, last - first]), scores.tolist(), strict=True):
        region = growth.region(box, shape, score)
        # A merged region may be worth merging with one that was not, so the search starts again.
        while other := next((each for each in regions if _is_worth_merging(region, each)), None):
            regions.remove(other)
            region = _around(region, other)
        regions.append(region)
    regions.sort(key=lambda region: -region.score)
    return regions[:max_boxes] or [_Region(0, 0, shape[1], shape[0], 1.0)]


def _is_worth_merging(first: _Region, second: _Region) -> bool:
    return _around(first, second).area <= first.area + second.area


def _around(first: _Region, second: _Region) -> _Region:
    return _Region(
        min(first.left, second.left),
        min(first.top, second.top),
        max(first.right, second.right),
        max(first.bottom, second.bottom),
        first.score + second.score,
    )


def _parsed(result: Any) -> _Found:
    """Return boxes, and scores if there are any, or raise ValueError."""
    scores = None
    try:
        is_pair = isinstance(result, tuple) and len(result) == 2
        if is_pair and (len(result[0]) == 0 or np.ndim(result[0]) == 2):
            result, scores = result[0], np.asarray(result[1]).reshape(-1)
        boxes = np.asarray(result)
    except (TypeError, ValueError):  # rows of several lengths, or no sequence
        boxes = np.empty(1, object)
    if boxes.size == 0:
        boxes = np.empty((0, 4), boxes.dtype if boxes.ndim == 2 else np.int32)
    has_form = boxes.ndim == 2 and boxes.shape[1] == 4 and boxes.dtype.kind in "uif"
    if not has_form or (scores is not None and len(scores) != len(boxes)):
        raise ValueError(
            "`detector` must return boxes of shape (n, 4) or a pair of boxes and n scores; "
            f"got {validation.shown(result)}"
        )
    if boxes.dtype.kind == "u":
        boxes = boxes.astype(np.int64)  # to be moved, and subtracted
    return _Found(boxes, scores)


def _merged(found: list[_Found]) -> Any:
    """Return all results without the repetitions of objects that several regions hold."""
    if len({each.scores is None for each in found}) > 1:
        raise ValueError("`detector` must return scores for all regions or for none; got both")
    # Empty results have no dtype of their own.
    filled = [each for each in found if len(each.boxes)] or found[:1]
    boxes = np.concatenate([each.boxes for each in filled])
    origin = np.repeat(np.arange(len(filled)), [len(each.boxes) for each in filled])
    scores = None
    rank = boxes[:, 2].astype(np.float64) * boxes[:, 3]
    if found[0].scores is not None:
        scores = rank = np.concatenate([np.asarray(each.scores) for each in filled])
    kept: list[int] = []
    for i in np.argsort(-rank.astype(np.float64), kind="stable").tolist():
        others = [k for k in kept if origin[k] != origin[i]]
        if not (iou(boxes[i], boxes[others]) > _SAME).any():
            kept.append(i)
    kept.sort()
    return boxes[kept] if scores is None else (boxes[kept], scores[kept])
