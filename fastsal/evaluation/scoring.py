"""Scores of one sample by each model; this runs in the worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..datasets.masks import MaskSample
from ..datasets.sample import Sample, inside
from ..errors import DatasetError, FastsalError
from .others import Others
from .workers import reason_of

if TYPE_CHECKING:
    from .models import Model, Run

Map = NDArray[Any]
Scores = dict[str, float]
ScoreFrame = Callable[[Map, Any], Scores]

_GAIN = "information_gain"
_NEED_DENSITY = {"cc", "similarity", "kl_divergence", "emd"}
NEEDS_OTHER = {"sauc", "auc_shuffled"}
NEEDS_OTHERS = {*NEEDS_OTHER, _GAIN}

_WIDTH = 0.25  # sigma of the centre bias, of each side


class Job(NamedTuple):
    """A sample and the models that have no scores of it yet."""

    number: int  # in the data set, from 0
    sample: Sample
    models: Sequence[Model]


class Outcome(NamedTuple):
    """Scores of a sample by one model, or the reason why there are none."""

    scores: Scores | None
    fault: str = ""


class FixationScorer:
    """Scores maps at the fixations of a sample.

    Parameters
    ----------
    metrics : sequence of str
    others : Others
        Fixations in the other samples.
    center_bias : float
    """

    def __init__(self, metrics: Sequence[str], others: Others, center_bias: float) -> None:
        self._metrics, self._others, self._bias = tuple(metrics), others, center_bias

    def __call__(self, job: Job) -> dict[str, Outcome]:
        """Return an outcome per model."""
        sample = job.sample
        size = sample.size
        wanted = set(self._metrics)
        other = self._others.of(job.number, size) if NEEDS_OTHER & wanted else None
        baseline = self._others.density(job.number, size, sample.sigma) if _GAIN in wanted else None
        needs_density = _NEED_DENSITY & wanted
        shared = [name for name in self._metrics if name != _GAIN]

        def truth_of(index: int) -> Any:
            points = inside(sample.fixations_at(index), size)
            if not len(points):
                return None
            frame = index if sample.kind == "video" else None
            return points, sample.density(frame=frame) if needs_density else None

        def score(saliency: Map, truth: Any) -> Scores:
            from .. import metrics

            points, density = truth
            scores = metrics.evaluate(
                saliency, points, density=density, other=other, metrics=shared
            )
            if _GAIN in wanted:
                # The other convention gives minus infinity for a map that is 0 at a fixation.
                scores[_GAIN] = metrics.information_gain(
                    saliency, baseline, points, convention="mit"
                )
            return {name: float(scores[name]) for name in self._metrics}

        return scores_of(job, truth_of, score, self._bias, "fixation")


class MaskScorer:
    """Scores maps against the masks of a sample."""

    def __init__(self, metrics: Sequence[str], center_bias: float) -> None:
        self._metrics, self._bias = tuple(metrics), center_bias

    def __call__(self, job: Job) -> dict[str, Outcome]:
        """Return an outcome per model."""
        sample = job.sample
        assert isinstance(sample, MaskSample)

        def truth_of(index: int) -> Any:
            mask = sample.mask(index)
            if mask is None or (sample.kind == "video" and not 0 < mask.sum() < mask.size):
                return None
            return mask

        def score(saliency: Map, mask: Any) -> Scores:
            return mask_scores(saliency, mask, self._metrics)

        return scores_of(job, truth_of, score, self._bias, "mask")


def mask_scores(saliency: Map, mask: NDArray[np.bool_], metrics: Iterable[str]) -> Scores:
    """Return the scores of one map against one mask."""
    from .. import metrics as library

    wanted = list(metrics)
    found = library.evaluate_mask(
        saliency, mask, metrics=[name for name in MASK_SOURCES if wants(name, wanted)]
    )
    scores = _plain(found)
    if "auc" in wanted and 0 < mask.sum() < mask.size:
        scores["auc"] = float(library.auc(saliency, mask, negatives="unfixated"))
    return {name: scores[name] for name in wanted if name in scores}


def scores_of(
    job: Job,
    truth_of: Callable[[int], Any],
    score: ScoreFrame,
    center_bias: float,
    kind: str,
) -> dict[str, Outcome]:
    """Return the means of the scores over the frames of a sample, for each model.

    The first frame of a video is not scored, since methods that compare frames have no map for it.
    Frames without fixations, or without a mask, are not scored either.
    """
    outcomes: dict[str, Outcome] = {}
    runs: dict[str, Run] = {}
    for model in job.models:
        try:
            runs[model.name] = model.start(job.sample)
        except FastsalError as error:
            outcomes[model.name] = Outcome(None, str(error))
    late = {model.name: model.late for model in job.models}
    found: dict[str, list[Scores]] = {name: [] for name in runs}
    first = 1 if job.sample.kind == "video" else 0
    truths: dict[int, Any] = {}
    for index, frame in enumerate(job.sample.frames()):
        truths[index] = truth_of(index) if index >= first else None
        truths.pop(index - 1 - max(late.values(), default=1), None)
        for name in list(runs):
            try:
                saliency = runs[name].update(frame, index)
                truth = truths.get(index - late[name])
                if truth is not None:
                    found[name].append(score(_to_centre(saliency, center_bias), truth))
            # A method that fails on one image must not hide the others.
            except Exception as error:
                outcomes[name] = Outcome(None, reason_of(error))
                del runs[name]
    for name in runs:
        if found[name]:
            outcomes[name] = Outcome(_mean(found[name]))
        else:
            outcomes[name] = Outcome(None, f"{job.sample.name}: no frame has a {kind}")
    return outcomes


def _mean(rows: list[Scores]) -> Scores:
    return {
        name: float(np.mean([row[name] for row in rows if name in row]))
        for name in dict.fromkeys(name for row in rows for name in row)
    }


def _to_centre(saliency: Map, bias: float) -> Map:
    """Multiply a fraction of a map by a Gaussian around the centre."""
    if not bias:
        return saliency
    down, across = (
        np.exp(-0.5 * (((np.arange(size) + 0.5) / size - 0.5) / _WIDTH) ** 2)
        for size in saliency.shape
    )
    values = saliency.astype(np.float64)
    biased: Map = (values * (1 - bias + bias * down[:, None] * across)).astype(np.float32)
    return biased


def _plain(found: Mapping[str, Any]) -> Scores:
    """Return scores as floats: a curve gives its adaptive, mean and maximum value."""
    scores: Scores = {}
    for name, value in found.items():
        if hasattr(value, "adaptive"):
            short = name.partition("_")[0]
            for part in ("adaptive", "mean", "max"):
                scores[f"{part}_{short}"] = float(getattr(value, part))
        else:
            scores[name] = float(value)
    return scores


MASK_SOURCES = {
    "mean_absolute_error": ("mean_absolute_error",),
    "f_measure": ("max_f", "mean_f", "adaptive_f"),
    "e_measure": ("max_e", "mean_e", "adaptive_e"),
    "s_measure": ("s_measure",),
    "weighted_f_measure": ("weighted_f_measure",),
}


def wants(source: str, metrics: Iterable[str]) -> bool:
    """Return whether one of the scores of a metric is asked for."""
    return bool(set(MASK_SOURCES[source]) & set(metrics))


def check_truth(sample: Sample) -> None:
    """Refuse a sample that has no fixations and no masks."""
    if not sample.has_fixations and not isinstance(sample, MaskSample):
        raise DatasetError(f"{sample.name}: the data set has no fixations for this sample")
