"""What training learns: stage I, a filter per colour space; stage II, how to trust each size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._formulas import BRIGHTEST
from .iou import ENOUGH, overlaps
from .model import SPACES, BingModel
from .plan import WINDOW
from .samples import Samples, View
from .search import search
from .svm import Fit

_FEWEST = 4  # windows of objects, mirror images included, from which on a size is used
_NSS = 2
# How much lower boxes score in each further colour space. Most of them repeat boxes of the spaces
# before, and near the top of the merged list a new place is worth more than a repeat.
_REPEATS = 0.2

Floats = NDArray[np.float32]


class Tally(NamedTuple):
    """What stage I finds in one view by one colour space."""

    sizes: NDArray[np.int64]  # (n,) which of the model's
    scores: Floats  # (n,)
    is_hit: NDArray[np.bool_]  # (n,) whether it fits an object


def learnt_sizes(samples: list[Samples]) -> NDArray[np.int32]:
    """Return the window sizes that enough objects fit."""
    counts = np.bincount(np.concatenate([each.sizes for each in samples]), minlength=1)
    if counts.max() < _FEWEST:
        raise ValueError(
            f"`boxes` must have at least {_FEWEST // 2} boxes of one window size (16, 32, ... 512 "
            f"pixels wide and high); got {counts.max() // 2}; add images with boxes"
        )
    if not any(len(each.background) for each in samples):
        raise ValueError(
            "`boxes` must leave some background in the images; got boxes that fill all of them"
        )
    return np.flatnonzero(counts >= _FEWEST).astype(np.int32)


def learnt_filters(samples: list[Samples], fit: Fit) -> dict[str, Floats]:
    """Return stage I: how much each gradient of a window speaks for an object."""
    objects = np.concatenate([each.objects for each in samples])
    background = np.concatenate([each.background for each in samples])
    windows = np.concatenate([objects, background]) / BRIGHTEST
    is_object = np.arange(len(windows)) < len(objects)
    filters = {}
    for i, space in enumerate(SPACES):
        weights, _ = fit(windows[:, i], is_object, 0.01)
        filters[space] = weights.reshape(WINDOW, WINDOW).astype(np.float32)
    return filters


def tally_of(view: View, filters: dict[str, Floats], sizes: NDArray[np.int32]) -> list[Tally]:
    """Return, per colour space, what the filters find in a view."""
    unused = dict.fromkeys(filters, np.zeros((len(sizes), 2), np.float32))
    plan, found = search(view.frames, BingModel(filters, sizes, unused), SPACES, _NSS, "cpu")
    return [
        Tally(
            plan.numbers[each.scales],
            each.scores,
            (overlaps(each.boxes, view.boxes) >= ENOUGH).any(axis=1),
        )
        for each in found
    ]


def learnt_calibrations(tallies: list[list[Tally]], sizes: int, fit: Fit) -> dict[str, Floats]:
    """Return stage II: weight and bias of the score, per colour space and size."""
    calibrations = {}
    for i, space in enumerate(SPACES):
        size, score, is_hit = map(np.concatenate, zip(*[each[i] for each in tallies], strict=True))
        rows = [
            _calibration(score[size == each], is_hit[size == each], fit) for each in range(sizes)
        ]
        calibrations[space] = np.float32(rows) - np.float32([0, i * _REPEATS])
    return calibrations


def _calibration(score: Floats, is_hit: NDArray[np.bool_], fit: Fit) -> tuple[float, float]:
    """Return weight and bias of one size; what never or always hits needs no weight."""
    if is_hit.all() or not is_hit.any():
        return 0.0, 1.0 if is_hit.any() else -1.0
    middle, spread = float(score.mean()), float(score.std()) or 1.0
    (weight,), bias = fit((score[:, None] - middle) / spread, is_hit, 1.0)
    return weight / spread, bias - weight * middle / spread
