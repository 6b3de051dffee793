"""Folders of photographs with the boxes of the objects in them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np


class Photo(NamedTuple):
    """A photograph and the boxes of its objects."""

    name: str
    image: np.ndarray  # (H, W, 3) uint8, RGB
    boxes: np.ndarray  # (n, 4) x, y, width, height


def photographs(folder: Path) -> list[Photo]:
    """Return the photographs of `folder`: ``images/NAME.*``, and ``boxes/NAME.txt`` for each.

    A line of such a file is ``class left top right bottom``, counted from 1, ends included. Boxes
    are clipped to the photograph.
    """
    images = {path.stem: path for path in sorted((folder / "images").iterdir())}
    files = sorted((folder / "boxes").glob("*.txt"))
    if not files:
        raise FileNotFoundError(f"no box files in {folder / 'boxes'}")
    return [_photograph(images[path.stem], path) for path in files]


def for_training(photos: list[Photo]) -> list[Photo]:
    """Return the half of the photographs that models are made from: the first, third, fifth."""
    return photos[::2]


def for_testing(photos: list[Photo]) -> list[Photo]:
    """Return the other half."""
    return photos[1::2]


def _photograph(path: Path, boxes: Path) -> Photo:
    image = cv2.imread(str(path))
    if image is None:
        raise OSError(f"cannot read {path}")
    lines = [line.split()[1:5] for line in boxes.read_text().splitlines() if line.strip()]
    corners = np.array(lines, int).reshape(-1, 2, 2) - [[1, 1], [0, 0]]
    start, stop = np.clip(corners, 0, image.shape[1::-1]).swapaxes(0, 1)
    return Photo(path.stem, image[..., ::-1], np.concatenate([start, stop - start], axis=1))
