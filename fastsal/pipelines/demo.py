"""The demo: every method on scikit-image's photographs and a clip drawn here, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..algorithms.superpixels import draw_boundaries, slic
from ..methods import METHODS
from .bench import suite
from .bench.sidebyside import copy_bandwidth
from .pictures import write_image
from .progress import progress_bar
from .stream import Stream
from .video import process_video
from .videos import VideoWriter
from .views import render

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
SIZES = "VGA,720p,1080p"
CLIP_SIZE = (480, 320)
CLIP_FRAMES, CLIP_FPS = 75, 25.0

_CELL = (300, 200)
_MARGIN = 6
_CAPTION = 22
_SECONDS = 0.1  # per row

Picture = NDArray[np.uint8]


def photographs() -> dict[str, Picture]:
    """Return scikit-image's photographs by name, uint8 RGB."""
    from skimage import data

    return {name: getattr(data, name)() for name in PHOTOGRAPHS}


def clip() -> Iterator[Picture]:
    """Draw a clip, uint8 RGB: a textured, still ground and three things that move over it."""
    width, height = CLIP_SIZE
    rng = np.random.default_rng(7)
    ground = cv2.GaussianBlur(rng.integers(0, 110, (height, width, 3), dtype=np.uint8), (9, 9), 0)
    for index in range(CLIP_FRAMES):
        phase = index / CLIP_FRAMES
        frame = ground.copy()
        across = int(-40 + (width + 80) * phase)
        down = int(height * (0.5 - 0.35 * np.cos(4 * np.pi * phase)))
        cv2.circle(frame, (across, height // 3), 26, (250, 120, 60), -1, cv2.LINE_AA)
        cv2.rectangle(frame, (width - 90, down - 20), (width - 50, down + 20), (120, 190, 250), -1)
        cv2.circle(frame, (width - across, 3 * height // 4), 12, (250, 250, 210), -1, cv2.LINE_AA)
        yield frame


def write_pictures(folder: Path) -> Iterator[Path]:
    """Write the contact sheet and a side-by-side video per motion method; yield their paths."""
    sheet = folder / "contact-sheet.png"
    write_image(sheet, contact_sheet())
    yield sheet
    source = folder / "clip.mp4"
    with VideoWriter(source, CLIP_FPS, CLIP_SIZE) as writer:
        for frame in clip():
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
    yield source
    for key in _keys("motion"):
        target = folder / f"{key}.mp4"
        process_video(source, target, key, view="side-by-side", progress=False)
        yield target


def contact_sheet() -> Picture:
    """Return input, map and overlay of every method, a row per picture; last the superpixels."""
    pictures, keys = photographs(), _keys("static") + _keys("objectness")
    rows = [_cells(image, name, keys) for name, image in pictures.items()]
    frames = list(clip())[15:25]  # where the square has sped up
    rows.append(_cells(frames[-1], "built-in clip", _keys("motion"), frames[:-1]))
    pictures["built-in clip"] = frames[-1]
    rows.append([_superpixels(image, name) for name, image in pictures.items()])
    width = max(len(row) for row in rows)
    blank = np.full_like(rows[0][0], 255)
    return np.vstack([np.hstack(row + [blank] * (width - len(row))) for row in rows])


def measure() -> list[suite.Row]:
    """Time every method at every size, as ``fastsal bench`` does, only shorter."""
    plan = suite.plan_of(SIZES, "all", "auto", "all", seconds=_SECONDS)
    bandwidths = {threads: copy_bandwidth(threads) for threads in plan.threads}
    rows = suite.measure(plan, bandwidths)
    return list(progress_bar(rows, desc="timing", total=len(plan), unit="row"))


def _keys(kind: str) -> list[str]:
    return [key for key, method in METHODS.items() if method.kind == kind]


def _cells(
    image: Picture, name: str, keys: list[str], before: Iterable[Picture] = ()
) -> list[Picture]:
    cells = [_cell(image, name)]
    for key in keys:
        stream = Stream(key)
        for frame in before:
            stream.update(frame)
        saliency = stream.update(image)
        cells.append(_cell(render(image, saliency, view="map"), key))
        cells.append(_cell(render(image, saliency, view="overlay"), f"{key}, overlay"))
    return cells


def _superpixels(image: Picture, name: str) -> Picture:
    """Return a cell that shows where superpixels meet: all pictures at one size, for one line."""
    scale = 2 * _CELL[0] / image.shape[1]
    scaled = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    labels = slic(scaled, region_size=24, regularizer=0.1)
    return _cell(draw_boundaries(scaled, labels), f"{name}, superpixels")


def _cell(picture: Picture, caption: str) -> Picture:
    """Return `picture` fitted into a cell of the sheet, its caption above it."""
    width, height = _CELL
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    rows, cols = height + _CAPTION + _MARGIN, width + 2 * _MARGIN
    cell: Picture = np.full((rows, cols, 3), 255, np.uint8)
    left = _MARGIN + (width - size[0]) // 2
    cell[_CAPTION : _CAPTION + size[1], left : left + size[0]] = small
    cv2.putText(
        cell, caption, (left, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA
    )
    return cell
