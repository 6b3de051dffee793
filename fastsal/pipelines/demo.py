"""The demo: every method on photographs and on a clip of a moving scene, and how fast."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..algorithms.superpixels import draw_boundaries, slic
from ..bench import suite
from ..bench.sidebyside import copy_bandwidth
from ..io.pictures import write_image
from ..io.videos import VideoWriter
from ..registry import METHODS
from ..render.views import render
from ..stream import Stream
from . import scene
from .progress import progress_bar

PHOTOGRAPHS = ("coffee", "rocket")
SIZES = "VGA,720p,1080p"
CLIP_SIZE, CLIP_FPS = (480, 320), 25.0

_SHOWN = 24  # the frame of the clip on the contact sheet
_COLUMNS = 3
_PICTURE = (258, 172)  # of the two in a cell; three cells are as wide as a screen
_MARGIN = 4
_CAPTION, _HEADS = 26, 18  # pixels for the method's name, and for the names of its pictures
_GRAY = (90, 90, 90)
_SECONDS = 0.1  # per row

Picture = NDArray[np.uint8]


def photographs() -> dict[str, Picture]:
    """Return scikit-image's photographs by name, uint8 RGB."""
    from skimage import data

    return {name: getattr(data, name)() for name in PHOTOGRAPHS}


def clip(*, shakes: bool = True) -> list[Picture]:
    """Return the frames of a clip, uint8 RGB, which can be played in a loop."""
    frames = itertools.islice(scene.drawn(CLIP_SIZE, shakes=shakes), scene.PERIOD)
    return [np.ascontiguousarray(frame[..., ::-1]) for frame in frames]


def write_pictures(folder: Path) -> Iterator[Path]:
    """Write the contact sheet, the clip, and a side-by-side video per motion method.

    The path of the contact sheet comes twice: when it shows the methods for images, and when those
    for motion have been added. So there is something to look at while these are compiled.
    """
    sheet = folder / "contact-sheet.png"
    keys = _keys("static") + _keys("objectness")
    sections = [_section(image, name, keys) for name, image in photographs().items()]
    write_image(sheet, np.vstack(sections))
    yield sheet
    # A model of the background needs a camera at rest.
    shaken, still = clip(), clip(shakes=False)
    clips = {key: still if METHODS[key].learns else shaken for key in _keys("motion")}
    sections.append(_section(shaken[_SHOWN], "built-in clip", list(clips), clips))
    write_image(sheet, np.vstack(sections))
    yield sheet
    source = folder / "clip.mp4"
    _write_video(source, shaken)
    yield source
    for key, frames in clips.items():
        target = folder / f"{key}.mp4"
        _write_video(target, _pictures_of_clip(key, frames))
        yield target


def _write_video(target: Path, pictures: Iterable[Picture]) -> None:
    pictures = iter(pictures)
    first = next(pictures)
    with VideoWriter(target, CLIP_FPS, (first.shape[1], first.shape[0])) as writer:
        for picture in itertools.chain([first], pictures):
            writer.write(np.ascontiguousarray(picture[..., ::-1]))


def _pictures_of_clip(key: str, frames: list[Picture]) -> Iterator[Picture]:
    """Yield the frames beside their maps, once the method's background model, if any, is in use."""
    stream = Stream(key)
    for frame in frames:
        stream.update(frame)
    for frame in frames:
        yield render(
            frame, stream.update(frame), view="side-by-side",
            percentile=stream.method.display_percentile,
        )  # fmt: skip


def measure() -> list[suite.Row]:
    """Time every method at every size, as ``fastsal bench`` does, only shorter."""
    plan = suite.plan_of(SIZES, "all", "auto", "all", seconds=_SECONDS)
    bandwidths = {threads: copy_bandwidth(threads) for threads in plan.threads}
    rows = suite.measure(plan, bandwidths)
    return list(progress_bar(rows, desc="timing", total=len(plan), unit="row", lines=True))


def _keys(kind: str) -> list[str]:
    return [key for key, method in METHODS.items() if method.kind == kind]


def _section(
    image: Picture, name: str, keys: list[str], clips: Mapping[str, list[Picture]] | None = None
) -> Picture:
    """Return a cell with a picture and its superpixels, and one per method, in rows."""
    cells = [_cell(name, {"input": image, "superpixels": _superpixels(image)})]
    for key in progress_bar(keys, lines=True, desc=name, unit="method"):
        cells.append(_method_cell(key, [image] if clips is None else clips[key]))
    return _grid(cells)


def _method_cell(key: str, frames: list[Picture]) -> Picture:
    """Return a cell with the map and the overlay of an image, or of a frame of a clip."""
    stream = Stream(key)
    index = min(_SHOWN, len(frames) - 1)
    if len(frames) > 1:
        for frame in frames + frames[:index]:
            stream.update(frame)
    saliency = stream.update(frames[index])
    percentile = stream.method.display_percentile
    note = ", camera at rest" if stream.method.learns else ""
    views = {
        f"{view}{note}": render(frames[index], saliency, view=view, percentile=percentile)
        for view in ("map", "overlay")
    }
    return _cell(f"{key}: {stream.method.title}", views)


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


def _cell(caption: str, pictures: dict[str, Picture]) -> Picture:
    """Return named pictures side by side, fitted into a cell of the sheet, under a caption."""
    width, height = _PICTURE
    step, top = width + _MARGIN, _CAPTION + _HEADS
    rows, cols = top + height + _MARGIN, len(pictures) * step + 3 * _MARGIN
    cell: Picture = np.full((rows, cols, 3), 255, np.uint8)
    for index, (name, picture) in enumerate(pictures.items()):
        scale = min(width / picture.shape[1], height / picture.shape[0])
        size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        left = 2 * _MARGIN + index * step
        at = left + (width - size[0]) // 2
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        cell[top : top + size[1], at : at + size[0]] = small
        _write_text(cell, name, (left, top - 5), 0.42, _GRAY)
    _write_text(cell, caption, (2 * _MARGIN, _CAPTION - 8), 0.55, (0, 0, 0))
    return cell


def _write_text(
    cell: Picture, text: str, place: tuple[int, int], scale: float, color: tuple[int, int, int]
) -> None:
    cv2.putText(cell, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, color, 1, cv2.LINE_AA)
