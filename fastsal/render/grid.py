"""Overlays of several methods in one picture, each under the key of its method."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..images import Color
from ..registry import METHODS
from .views import render

GRID = "grid"  # the view
_WIDEST, _HIGHEST = 3840, 2160  # of the whole picture; cells are scaled down to fit
_CAPTION = 28  # rows above each cell
_ROW = 3  # as many methods stand in one row

Picture = NDArray[np.uint8]


class Grid:
    """Draws one cell per method.

    Parameters
    ----------
    keys : sequence of str
        Keys of the methods, in the order of the cells.
    size : (int, int)
        Width and height of the frames.

    Attributes
    ----------
    size : (int, int)
        Width and height of the pictures.
    """

    def __init__(self, keys: Sequence[str], size: tuple[int, int]) -> None:
        count = len(keys)
        columns = count if count <= _ROW else math.ceil(math.sqrt(count))
        rows = math.ceil(count / columns)
        scale = min(1.0, _WIDEST / (columns * size[0]), (_HIGHEST / rows - _CAPTION) / size[1])
        self._cell = max(1, round(scale * size[0])), max(1, round(scale * size[1]))
        width, height = self._cell
        self._places = {
            key: (index // columns * (height + _CAPTION), index % columns * width)
            for index, key in enumerate(keys)
        }
        self.size = (columns * width, rows * (height + _CAPTION))

    def picture(
        self,
        frame: NDArray[Any],
        maps: Mapping[str, NDArray[Any]],
        *,
        alpha: float,
        color: Color,
        colormap: str = "inferno",
    ) -> Picture:
        """Return the overlay of every map on its frame, uint8 ``(H, W, 3)``.

        Parameters
        ----------
        frame : ndarray
        maps : mapping of str to ndarray
            A map for each key.
        alpha : float
            Strength of the overlay.
        color : {"rgb", "bgr"}
            Order of the channels.
        colormap : str
            Colours of the overlay: OpenCV's name.
        """
        picture: Picture = np.full((self.size[1], self.size[0], 3), 255, np.uint8)
        width, height = self._cell
        for key, (top, left) in self._places.items():
            percentile = METHODS[key].display_percentile
            drawn = render(
                frame, maps[key], view="overlay", alpha=alpha, colormap=colormap,
                percentile=percentile, color=color,
            )  # fmt: skip
            if drawn.shape[:2] != (height, width):
                drawn = cv2.resize(drawn, self._cell, interpolation=cv2.INTER_AREA)
            below = top + _CAPTION
            picture[below : below + height, left : left + width] = drawn
            _write_caption(picture[top:below, left : left + width], key)
        return picture


def _write_caption(bar: Picture, text: str) -> None:
    """Write a text into the white bar above a cell, small enough for the cell's width."""
    font, margin = cv2.FONT_HERSHEY_SIMPLEX, 4
    (width, _), _ = cv2.getTextSize(text, font, 0.6, 1)
    scale = 0.6 * min(1.0, max(1, bar.shape[1] - 2 * margin) / width)
    line: Any = np.ascontiguousarray(bar)
    cv2.putText(line, text, (margin, _CAPTION - 9), font, scale, (0, 0, 0), 1, cv2.LINE_AA)
    bar[:] = line
