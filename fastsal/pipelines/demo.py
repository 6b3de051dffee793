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
from .bench.peers import SETTLED
from .bench.sidebyside import copy_bandwidth
from .pictures import write_image
from .progress import progress_bar
from .stream import Stream
from .videos import VideoWriter
from .views import render

PHOTOGRAPHS = ("coffee", "rocket")
SIZES = "VGA,720p,1080p"
CLIP_SIZE = (480, 320)
CLIP_FRAMES, CLIP_FPS = 75, 25.0

_TURNS_BEFORE = -(-SETTLED // CLIP_FRAMES)  # of the clip, before it is recorded

_COLUMNS = 3
_PICTURE = (258, 172)  # of the two in a cell; three cells are as wide as a screen
_MARGIN = 4
_CAPTION = 28
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
        _write_map_of_clip(target, key)
        yield target


def _write_map_of_clip(target: Path, key: str) -> None:
    """Write the clip beside the method's maps of it, once a model of the background is in use.

    The clip ends as it begins, and so can be played again and again.
    """
    stream, frames = Stream(key), list(clip())
    for frame in frames * _TURNS_BEFORE:
        stream.update(frame)
    width, height = CLIP_SIZE
    with VideoWriter(target, CLIP_FPS, (2 * width, height)) as writer:
        for frame in frames:
            picture = render(
                frame, stream.update(frame), view="side-by-side",
                percentile=stream.method.display_percentile,
            )  # fmt: skip
            writer.write(np.ascontiguousarray(picture[..., ::-1]))


def contact_sheet() -> Picture:
    """Return every method's map and overlay, in sections: one per photograph, one of motion."""
    keys = _keys("static") + _keys("objectness")
    sections = [_cells(image, name, keys) for name, image in photographs().items()]
    frames = list(clip())
    before = frames * _TURNS_BEFORE + frames[:24]  # the square has sped up
    sections.append(_cells(frames[24], "built-in clip", _keys("motion"), before))
    return np.vstack([_grid(cells) for cells in sections])


def measure() -> list[suite.Row]:
    """Time every method at every size, as ``fastsal bench`` does, only shorter."""
    plan = suite.plan_of(SIZES, "all", "auto", "all", seconds=_SECONDS)
    bandwidths = {threads: copy_bandwidth(threads) for threads in plan.threads}
    rows = suite.measure(plan, bandwidths)
    return list(progress_bar(rows, desc="timing", total=len(plan), unit="row", lines=True))


def _keys(kind: str) -> list[str]:
    return [key for key, method in METHODS.items() if method.kind == kind]


def _cells(
    image: Picture, name: str, keys: list[str], before: Iterable[Picture] = ()
) -> list[Picture]:
    """Return a cell with a picture and its superpixels, and one per method."""
    cells = [_cell(f"{name}, and superpixels", image, _superpixels(image))]
    for key in progress_bar(keys, lines=True, desc=name, unit="method"):
        stream = Stream(key)
        for frame in before:
            stream.update(frame)
        saliency = stream.update(image)
        percentile = stream.method.display_percentile
        views = (
            render(image, saliency, view=view, percentile=percentile) for view in ("map", "overlay")
        )
        cells.append(_cell(f"{key}: {METHODS[key].title}", *views))
    return cells


def _superpixels(image: Picture) -> Picture:
    """Return the picture with the lines where superpixels meet, which need its full size."""
    labels = slic(image, region_size=40, regularizer=0.1)
    drawn: Picture = draw_boundaries(image, labels)
    return drawn


def _grid(cells: list[Picture]) -> Picture:
    """Return cells in rows of equal length."""
    blanks = [np.full_like(cells[0], 255)] * (-len(cells) % _COLUMNS)
    filled = cells + blanks
    rows = [filled[first : first + _COLUMNS] for first in range(0, len(filled), _COLUMNS)]
    return np.vstack([np.hstack(row) for row in rows])


def _cell(caption: str, *pictures: Picture) -> Picture:
    """Return pictures side by side, fitted into a cell of the sheet, their caption above them."""
    width, height = _PICTURE
    step = width + _MARGIN
    rows, cols = _CAPTION + height + _MARGIN, len(pictures) * step + 3 * _MARGIN
    cell: Picture = np.full((rows, cols, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        scale = min(width / picture.shape[1], height / picture.shape[0])
        size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        left = 2 * _MARGIN + index * step + (width - size[0]) // 2
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        cell[_CAPTION : _CAPTION + size[1], left : left + size[0]] = small
    place = 2 * _MARGIN, _CAPTION - 8
    cv2.putText(cell, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return cell
