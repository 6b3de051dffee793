"""Lines of text on a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_FONT, _WHITE, _RED = cv2.FONT_HERSHEY_SIMPLEX, (255, 255, 255), (40, 40, 230)
_MARGIN = 8

HELP = (
    "q or Esc: quit",
    "space: pause",
    "m: next method",
    "b: next backend",
    "v: next view",
    "c: next colours",
    "+ and -: opacity",
    "f: full screen",
    "s: snapshot",
    "r: record",
    "h: help, figures, nothing",
)


def draw_lines(
    picture: NDArray[np.uint8], lines: Sequence[str], *, at_bottom: bool = False
) -> None:
    """Draw lines in a dark box at the top left or the bottom left, into `picture`."""
    if not lines:
        return
    scale = max(0.4, min(0.7, picture.shape[0] / 900))
    step = int(28 * scale) + 4
    width = max(cv2.getTextSize(line, _FONT, scale, 1)[0][0] for line in lines) + 2 * _MARGIN
    height = step * len(lines) + _MARGIN
    top = max(0, picture.shape[0] - height) if at_bottom else 0
    # An outline would not do: OpenCV 5 draws thicker letters wider.
    box = picture[top : top + height, :width]
    np.right_shift(box, 2, out=box)
    for index, line in enumerate(lines):
        origin = (_MARGIN, top + step * (index + 1))
        cv2.putText(picture, line, origin, _FONT, scale, _WHITE, 1, cv2.LINE_AA)


def draw_recording(picture: NDArray[np.uint8]) -> None:
    """Draw the red dot of a recording at the top right, into `picture`."""
    radius = max(4, picture.shape[0] // 60)
    centre = (picture.shape[1] - 2 * radius, 2 * radius)
    cv2.circle(picture, centre, radius, _RED, -1, cv2.LINE_AA)
