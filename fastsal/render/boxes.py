"""The best boxes of a picture: proposals of its method, or boxes around salient regions."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..algorithms.binary_map import salient_boxes
from ..stream import Stream

BEST = 5
_COLOR, _EDGE = (0, 220, 120), (0, 0, 0)

Boxes = NDArray[np.int32]


def best_boxes(stream: Stream, saliency: NDArray[Any]) -> Boxes:
    """Return the best boxes of the last frame of a stream, (N, 4) x, y, w, h.

    A method for boxes gives its proposals; otherwise the boxes lie around salient regions of the
    map.
    """
    if stream.boxes is not None:
        own: Boxes = stream.boxes[:BEST]
        return own
    boxes, _ = salient_boxes(saliency, max_boxes=BEST)
    return boxes


def draw_boxes(picture: NDArray[np.uint8], boxes: Boxes, width: int) -> None:
    """Draw boxes, the best last, into the last `width` columns of a picture of three channels."""
    shift = picture.shape[1] - width
    thick = max(1, round(min(picture.shape[0], width) / 200))
    for x, y, w, h in boxes[::-1].tolist():
        corners = (shift + x, y), (shift + x + w - 1, y + h - 1)
        cv2.rectangle(picture, *corners, _EDGE, thick + 2)  # to be seen on any ground
        cv2.rectangle(picture, *corners, _COLOR, thick)
