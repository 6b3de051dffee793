"""A moving scene made of scikit-image's photographs: the demo's clip, and a camera for none.

Coins and a cat cross a table with a cup, and the camera shakes or rests. The scene repeats after
`PERIOD` frames, so a clip of that length can be played in a loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

PERIOD = 75
_SHAKE = 1 / 300  # of the shorter side, in each direction: a camera held by hand
_COIN = (187, 345, 29)  # row, column and radius, in pixels of the photograph
_FACE = (138, 234, 100, 108)  # the cat: row, column, and half the height and width
_BRONZE = np.array([0.55, 0.8, 1.0], np.float32)  # BGR

Picture = NDArray[np.uint8]


class _CutOut(NamedTuple):
    """A part of a photograph, and the opacity of its pixels from 0 to 1."""

    picture: NDArray[np.float32]
    opacity: NDArray[np.float32]


def drawn(size: tuple[int, int], *, shakes: bool = True) -> Iterator[Picture]:
    """Draw frames without end.

    Parameters
    ----------
    size : (int, int)
        Width and height of a frame.
    shakes : bool, default True
        Whether the camera shakes; otherwise it rests.

    Yields
    ------
    ndarray of uint8, (H, W, 3), BGR
    """
    from skimage import data

    width, height = size
    side = min(size)
    reach = max(1, round(side * _SHAKE))
    table = _covering(data.coffee()[..., ::-1], (width + 2 * reach, height + 2 * reach))
    row, col, radius = _COIN
    square = data.coins()[row - radius : row + radius, col - radius : col + radius]
    coin = np.rint(square[..., None] * _BRONZE).astype(np.uint8)
    row, col, down, across = _FACE
    face = data.chelsea()[row - down : row + down, col - across : col + across, ::-1]
    large, small = (_ellipse(coin, (each, each)) for each in (side // 6, side // 9))
    cat = _ellipse(face, (max(1, side * across // (3 * down)), max(1, side // 3)))
    index = 0
    while True:
        angle = 2 * np.pi * (index % PERIOD) / PERIOD
        frame = table.copy()
        phase = (index % PERIOD) / PERIOD
        _paste(frame, large, (0.24 * height, -0.15 * width + 1.3 * width * phase))
        _paste(frame, small, (0.85 * height, 1.1 * width - 1.2 * width * phase))
        _paste(frame, cat, ((0.5 - 0.3 * np.cos(2 * angle)) * height, 0.85 * width))
        top = reach + round(shakes * reach * np.sin(5 * angle))
        left = reach + round(shakes * reach * np.sin(7 * angle + 1))
        yield np.ascontiguousarray(frame[top : top + height, left : left + width])
        index += 1


def _covering(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return the middle of a picture, scaled until it covers `size`."""
    scale = max(size[0] / picture.shape[1], size[1] / picture.shape[0])
    wide, high = (max(1, round(each / scale)) for each in size)
    top, left = (picture.shape[0] - high) // 2, (picture.shape[1] - wide) // 2
    part = np.ascontiguousarray(picture[top : top + high, left : left + wide])
    resized: Picture = cv2.resize(part, size, interpolation=_interpolation(scale))
    return resized


def _ellipse(picture: Picture, size: tuple[int, int]) -> _CutOut:
    """Return the ellipse that fits into a picture, resized, with a soft edge."""
    size = max(2, size[0]), max(2, size[1])
    part = np.ascontiguousarray(picture)
    small = cv2.resize(part, size, interpolation=_interpolation(size[0] / picture.shape[1]))
    across, down = (np.linspace(-1, 1, each, dtype=np.float32) for each in size)
    distance = np.hypot(across[None, :], down[:, None])
    opacity = np.clip((1 - distance) * min(size) / 3, 0, 1).astype(np.float32)
    return _CutOut(small.astype(np.float32), opacity[..., None])


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def _paste(frame: Picture, part: _CutOut, center: tuple[float, float]) -> None:
    """Draw a cut-out around a place given as row and column, clipped to the frame."""
    rows, cols = part.opacity.shape[:2]
    top, left = round(center[0] - rows / 2), round(center[1] - cols / 2)
    first, start = max(0, top), max(0, left)
    last, end = min(frame.shape[0], top + rows), min(frame.shape[1], left + cols)
    if first >= last or start >= end:
        return
    inside = slice(first - top, last - top), slice(start - left, end - left)
    target = frame[first:last, start:end]
    opacity = part.opacity[inside]
    target[:] = np.rint(target + opacity * (part.picture[inside] - target))
