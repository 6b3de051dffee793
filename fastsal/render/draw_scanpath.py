"""A scan path drawn on a picture: numbered circles, and lines from one to the next."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

_INK, _PAPER = (255, 255, 255), (0, 0, 0)
_RIM = 2  # of a circle
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_scanpath(
    picture: NDArray[np.uint8], foci: NDArray[np.int64], *, copies: int = 1
) -> NDArray[np.uint8]:
    """Draw the foci, (n, 2) rows and columns, into `picture`; again on each copy to its right.

    Circles lie whole within their copy, which near its border is beside their focus.
    """
    height, width = picture.shape[0], picture.shape[1] // copies
    radius = max(7, min(height, width) // 20)
    for copy in range(copies):
        places = [
            (_inside(col, width, radius) + copy * width, _inside(row, height, radius))
            for row, col in foci
        ]
        for first, second in pairwise(places):
            cv2.line(picture, first, second, _PAPER, 4, cv2.LINE_AA)
            cv2.line(picture, first, second, _INK, 2, cv2.LINE_AA)
        for number, place in enumerate(places, 1):
            cv2.circle(picture, place, radius, _PAPER, -1, cv2.LINE_AA)
            cv2.circle(picture, place, radius, _INK, _RIM, cv2.LINE_AA)
            _write(picture, str(number), place, radius)
    return picture


def _inside(place: int, length: int, radius: int) -> int:
    """Return the nearest place where the circle and its rim are not cut off, if there is any."""
    margin = min(radius + _RIM, (length - 1) // 2)
    return min(max(int(place), margin), length - 1 - margin)


def _write(picture: NDArray[np.uint8], text: str, place: tuple[int, int], radius: int) -> None:
    (wide, high), _ = cv2.getTextSize(text, _FONT, 1, 1)
    scale = 1.2 * radius / max(wide, high)
    at = round(place[0] - scale * wide / 2), round(place[1] + scale * high / 2)
    cv2.putText(picture, text, at, _FONT, scale, _INK, max(1, radius // 10), cv2.LINE_AA)
