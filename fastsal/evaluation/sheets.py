"""A picture per model with its best and its worst samples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.masks import MaskSample
from ..datasets.sample import Sample, inside
from ..io.pictures import write_image
from ..registry import METHODS
from ..render.views import render
from .models import MethodModel, Model

if TYPE_CHECKING:
    from ..datasets.dataset import Dataset
    from .result import Evaluation

Picture = NDArray[np.uint8]

_COUNT = 4  # best, and as many worst
_WIDTH, _HEIGHT, _CAPTION, _MARGIN = 320, 240, 24, 4
_BEFORE = 10  # frames that a motion method sees before the one that is drawn
_INK, _FIXATION, _RIM = (20, 20, 20), (80, 255, 80), (0, 0, 0)


def write_sheets(
    evaluation: Evaluation, dataset: Dataset, models: Sequence[Model], folder: Path
) -> list[Path]:
    """Write ``sheet-MODEL.jpg`` for each model that has scores."""
    samples = {sample.name: sample for sample in dataset}
    written = []
    for model in models:
        best, worst = evaluation.best_and_worst(model.name, _COUNT)
        if not best:
            continue
        rows = [_row(evaluation, model, samples, names) for names in (best, worst) if names]
        green = "outline of the mask" if isinstance(dataset[0], MaskSample) else "fixations"
        best_title = f"{model.name}: best {evaluation.metrics[0]} (green: {green})"
        titles = (best_title, f"{model.name}: worst")
        parts = []
        for title, row in zip(titles, rows, strict=False):
            parts += [_caption(title, row.shape[1], bold=True), row]
        width = max(part.shape[1] for part in parts)
        sheet = np.concatenate([_wide(part, width) for part in parts])
        path = folder / f"sheet-{_file_name(model.name)}.jpg"
        write_image(path, sheet)
        written.append(path)
    return written


def _file_name(model: str) -> str:
    return re.sub(r"[^\w.=-]+", "-", model).strip("-") or "model"


def _row(
    evaluation: Evaluation, model: Model, samples: dict[str, Sample], names: list[str]
) -> Picture:
    tiles = [_tile(model, samples[name]) for name in names]
    height = max(tile.shape[0] for tile in tiles)
    columns = []
    for name, tile in zip(names, tiles, strict=True):
        score = evaluation.scores[model.name][name][evaluation.metrics[0]]
        caption = _caption(f"{name}  {score:.3f}", tile.shape[1])
        columns.append(np.concatenate([_high(tile, height), caption]))
    return np.concatenate(columns, axis=1)


def _tile(model: Model, sample: Sample) -> Picture:
    """Return the overlay of a map with the fixations, or with the outline of the mask."""
    frame, saliency, index = _drawn(model, sample)
    percentile = METHODS[model.key].display_percentile if isinstance(model, MethodModel) else None
    picture = render(frame, _in_unit_range(saliency), view="overlay", percentile=percentile)
    scale = min(_WIDTH / picture.shape[1], _HEIGHT / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    small: Any = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    if isinstance(sample, MaskSample):
        mask = sample.mask(index)
        if mask is not None:
            little = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            outlines, _ = cv2.findContours(little, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(small, outlines, -1, _FIXATION, 1)
    else:
        for row, col in inside(sample.fixations_at(index), sample.size):
            place = int(col * scale), int(row * scale)
            cv2.circle(small, place, 3, _RIM, -1, cv2.LINE_AA)
            cv2.circle(small, place, 2, _FIXATION, -1, cv2.LINE_AA)
    tile: Picture = np.full((size[1] + _MARGIN, _WIDTH + _MARGIN, 3), 255, np.uint8)
    tile[: size[1], : size[0]] = small
    return tile


def _drawn(model: Model, sample: Sample) -> tuple[Picture, NDArray[Any], int]:
    """Return a frame, its map and its index: the image, or a frame in the middle of a video."""
    last = 0 if sample.kind == "image" else (sample.frame_count or 2) // 2
    first = max(0, last - _BEFORE)
    run = model.start(sample)
    frames: dict[int, Picture] = {}
    saliency: NDArray[Any] | None = None
    for index, frame in enumerate(sample.frames()):
        if index < first:
            continue
        frames[index] = frame
        frames.pop(index - 2, None)
        saliency = run.update(frame, index)
        if index - model.late >= last:
            break
    assert saliency is not None  # the sample has scores, so that it has frames
    shown = max(index - model.late, min(frames))
    return frames[shown], saliency, shown


def _in_unit_range(saliency: NDArray[Any]) -> NDArray[Any]:
    """Return a map of any range as it can be drawn."""
    if saliency.dtype == np.uint8:
        return saliency.astype(np.float32) / 255
    values = saliency.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        return values
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _caption(text: str, width: int, *, bold: bool = False) -> Picture:
    bar: Any = np.full((_CAPTION, width, 3), 255, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    (wide, _), _ = cv2.getTextSize(text, font, 0.5, 1 + bold)
    scale = 0.5 * min(1.0, max(1, width - 8) / wide)
    cv2.putText(bar, text, (4, 16), font, scale, _INK, 1 + bold, cv2.LINE_AA)
    picture: Picture = bar
    return picture


def _high(part: Picture, height: int) -> Picture:
    high: Picture = np.full((height, part.shape[1], 3), 255, np.uint8)
    high[: part.shape[0]] = part
    return high


def _wide(part: Picture, width: int) -> Picture:
    wide: Picture = np.full((part.shape[0], width, 3), 255, np.uint8)
    wide[:, : part.shape[1]] = part
    return wide
