"""Evaluate methods on a data set: checked options, jobs, results."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import validation
from ..datasets.dataset import Dataset
from ..datasets.masks import MaskSample
from ..datasets.opening import open_dataset
from ..datasets.sample import Sample
from ..errors import DatasetError
from ..registry import METHODS, method_of
from .models import FunctionModel, MapsModel, MethodModel, Model, stamp_of
from .others import Others, no_others, others_of
from .result import Evaluation
from .scoring import NEEDS_OTHERS, FixationScorer, Job, MaskScorer, Outcome, Scores, check_truth
from .store import Store, code_digest
from .workers import Answer, Workers, attempt, default_count

FIXATION_METRICS = (
    "nss", "auc", "sauc", "cc", "similarity", "kl_divergence", "information_gain",
)  # fmt: skip
# Random or slow ones, or nearly the same as another; only by name.
ON_REQUEST = ("auc_judd", "auc_borji", "auc_shuffled", "emd")
MASK_METRICS = ("max_f", "mean_f", "adaptive_f", "mean_absolute_error", "s_measure", "max_e",
                "mean_e", "adaptive_e", "weighted_f_measure", "auc")  # fmt: skip

Methods = str | Sequence[str] | Mapping[str, Callable[[Any], Any]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """The checked options of an evaluation."""

    dataset: Dataset
    models: tuple[Model, ...]
    metrics: tuple[str, ...]
    center_bias: float
    workers: int

    @property
    def has_masks(self) -> bool:
        """Whether the truth are masks."""
        return isinstance(self.dataset[0], MaskSample)


def evaluate(
    dataset: Dataset | str | os.PathLike[str],
    methods: Methods = "all",
    *,
    metrics: str | Sequence[str] | None = None,
    limit: int | None = None,
    center_bias: float = 0.0,
    maps: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    results: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Evaluation:
    r"""Score saliency methods on a data set.

    Parameters
    ----------
    dataset : Dataset or path
        From `fastsal.datasets.open_dataset` or `fastsal.datasets.open_masks`; or a folder, and its
        layout is recognised.
    methods : str, sequence of str, or mapping of str to callable, default "all"
        Keys of `METHODS`, with options as in "itti-koch:preset=fixation", separated by commas.
        "all" stands for all static methods, and on videos also for all motion methods. A mapping
        has functions from a uint8 RGB image to a map; they run in this process. "" stands for no
        method, to score `maps` alone.
    metrics : str or sequence of str, optional
        Default: "nss", "auc", "sauc" (exact shuffled AUC), "cc", "similarity", "kl_divergence" and
        "information_gain". Also "auc_judd", "auc_borji", "auc_shuffled" and "emd". With masks:
        "max_f", "mean_f", "adaptive_f", "mean_absolute_error", "s_measure", "max_e", "mean_e",
        "adaptive_e", "weighted_f_measure" and "auc". `fastsal.metrics` describes them. The first
        one ranks the methods.
    limit : int, optional
        Number of samples, from the first on. Default: all.
    center_bias : float, default 0
        Fraction of every map that is multiplied by a Gaussian around the centre, 0 to 1.
    maps : path or sequence of paths, optional
        Folders with the maps of other models: a file per image with the image's name, a folder per
        video with a file per frame. Maps of another size are scaled linearly.
    results : path, optional
        A folder for the scores. Scores that are there already are not computed again, if data,
        options and code are the same. Default: nothing is stored.
    workers : int, optional
        Processes with one thread each; 0 computes in this process. Default: one per core; 0 with
        networks, which use all cores.
    progress : bool, default True
        Show a progress bar where stderr is a terminal.

    Returns
    -------
    Evaluation
        Scores, ``table()``, ``write_csv``, ``write_json``, ``write_plot`` and ``write_sheets``.
        Samples that cannot be read are listed in ``failures``, and all others are scored.

    Raises
    ------
    DatasetError
        If the data set cannot be opened, or has no fixations.
    FastsalError
        If the scores cannot be stored.
    TypeError, ValueError
        If a method, an option or a metric is wrong.

    Notes
    -----
    A video's score is the mean over its frames with fixations. The first frame is not scored, since
    motion methods have no map for it. The negatives of "sauc" are all fixations in the other
    samples, scaled to the size of the sample. Beyond 100,000 fixations, samples are drawn at
    random. "information_gain" follows MIT's code; its baseline is the density of the
    fixations in the other samples.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> from PIL import Image
    >>> rng = np.random.default_rng(0)
    >>> rows = ["image,x_px,y_px"]
    >>> for name in ("a.png", "b.png"):
    ...     picture = rng.integers(0, 90, (60, 80, 3), dtype=np.uint8)
    ...     picture[20:30, 40:50] = 255
    ...     Image.fromarray(picture).save(name)
    ...     rows += [f"{name},45,25", f"{name},44,22"]
    >>> with open("fixations.csv", "w") as file:
    ...     _ = file.write("\n".join(rows))
    >>> found = fastsal.evaluate(".", "lc,fine-grained", metrics="auc,nss", workers=0)
    >>> round(found.mean("lc", "auc"), 2), found.failures
    (0.99, [])
    """
    plan = plan_of(
        dataset, methods, metrics=metrics, limit=limit, center_bias=center_bias, maps=maps,
        workers=workers,
    )  # fmt: skip
    folder = None if results is None else Path(results)
    return run(plan, folder, progress=progress)


def plan_of(
    dataset: Dataset | str | os.PathLike[str],
    methods: Methods,
    *,
    metrics: str | Sequence[str] | None = None,
    limit: int | None = None,
    center_bias: float = 0.0,
    maps: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    workers: int | None = None,
) -> Plan:
    """Check everything that can be checked before any work."""
    data = dataset if isinstance(dataset, Dataset) else open_dataset("auto", dataset)
    if limit is not None:
        data = data[: validation.integer("limit", limit, 1)]
    if not len(data):
        raise DatasetError(f"{data.folder}: the data set has no samples")
    check_truth(data[0])
    has_masks = isinstance(data[0], MaskSample)
    default, others = (MASK_METRICS, ()) if has_masks else (FIXATION_METRICS, ON_REQUEST)
    names = _metrics(metrics, default, (*default, *others))
    models = (*_methods(methods, data), *_maps(maps))
    if not models:
        raise ValueError("`methods` must name a method unless `maps` is given; got none")
    twice = [model.name for i, model in enumerate(models) if model.name in
             {other.name for other in models[:i]}]  # fmt: skip
    if twice:
        raise ValueError(f"two models have the name {twice[0]!r}; rename one of them")
    has_functions = any(isinstance(model, FunctionModel) for model in models)
    # One network keeps all cores busy, and takes gigabytes.
    usual = 0 if any(getattr(model, "weights", None) for model in models) else default_count()
    count = usual if workers is None else validation.integer("workers", workers, 0, 1024)
    return Plan(
        data, models, names, validation.number("center_bias", center_bias, 0, 1),
        0 if has_functions else min(count, len(data)),
    )  # fmt: skip


def _metrics(
    metrics: str | Sequence[str] | None, default: tuple[str, ...], known: tuple[str, ...]
) -> tuple[str, ...]:
    if metrics is None or metrics == "all":
        return default
    names = metrics.split(",") if isinstance(metrics, str) else list(metrics)
    for name in names:
        validation.choice("metrics", name, known)
    if not names:
        raise ValueError("`metrics` must name one metric or more; got none")
    return tuple(dict.fromkeys(names))


def _methods(methods: Methods, data: Dataset) -> list[Model]:
    if isinstance(methods, Mapping):
        for function in methods.values():
            if not callable(function):
                raise TypeError(f"`methods` must map names to functions; got {function!r}")
        return [FunctionModel(str(name), function) for name, function in methods.items()]
    names = methods.split(",") if isinstance(methods, str) else [str(each) for each in methods]
    kinds = ("static", "motion") if data.kind == "video" else ("static",)
    found: list[Model] = []
    for name in dict.fromkeys(name for name in names if name):
        if name == "all":
            found += [MethodModel(key) for key, row in METHODS.items() if row.kind in kinds]
            continue
        model = MethodModel(name)
        if model.kind in ("motion", "network") and data.kind == "image":
            raise ValueError(f"{method_of(model.key).key} compares frames; {data.title} has images")
        found.append(model)
    return list({model.name: model for model in found}.values())


def _maps(
    maps: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
) -> list[Model]:
    if maps is None:
        return []
    folders = [maps] if isinstance(maps, str | os.PathLike) else list(maps)
    for folder in folders:
        if not Path(folder).is_dir():
            raise DatasetError(f"`maps` must be a folder; got {os.fspath(folder)}")
    return [MapsModel(Path(folder)) for folder in folders]


def run(
    plan: Plan, folder: Path | None, *, progress: bool = True, say: Say | None = None
) -> Evaluation:
    """Score every sample that has no scores yet, and return all scores.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, saying how many samples are stored.
    """
    # A folder that cannot be written to is refused before the fixations are read.
    if folder is not None:
        Store(folder, {}).close()
    others = _others(plan, progress)
    settings = _settings(plan, others)
    session = _Session(plan, others, progress, say)
    if folder is None or any(isinstance(model, FunctionModel) for model in plan.models):
        session.score(None)
    else:
        with Store(folder, settings) as store:
            session.score(store)
    return session.result(settings)


def _others(plan: Plan, progress: bool) -> Others:
    from ..pipelines.progress import progress_bar

    if plan.has_masks or not NEEDS_OTHERS & set(plan.metrics):
        return no_others()
    shown = progress and len(plan.dataset) > 1
    with progress_bar(
        shown=shown, total=len(plan.dataset), desc="fixations", unit=plan.dataset.kind, leave=False
    ) as bar:
        return others_of(plan.dataset, bar.update)


def _settings(plan: Plan, others: Others) -> dict[str, Any]:
    return {
        "dataset": plan.dataset.name, "folder": str(plan.dataset.folder.resolve()),
        "metrics": list(plan.metrics), "center_bias": plan.center_bias,
        "others": others.digest, "code": code_digest(),
    }  # fmt: skip


class _Session:
    """The scores of a plan while they come."""

    def __init__(self, plan: Plan, others: Others, progress: bool, say: Say | None) -> None:
        self._plan, self._progress, self._say = plan, progress, say
        self._scores: dict[str, dict[str, Mapping[str, float]]] = {
            model.name: {} for model in plan.models
        }
        self._faults: dict[str, list[str]] = {}
        self._done = self._fresh = 0
        self._scorer: Callable[[Job], dict[str, Outcome]] = (
            MaskScorer(plan.metrics, plan.center_bias)
            if plan.has_masks
            else FixationScorer(plan.metrics, others, plan.center_bias)
        )

    def score(self, store: Store | None) -> None:
        """Score all samples, with a bar; store scores as they come."""
        from ..pipelines.progress import progress_bar

        kind = self._plan.dataset.kind
        total = len(self._plan.dataset)
        with progress_bar(
            shown=self._progress, total=total, desc="evaluating", unit=kind, smoothing=0
        ) as bar:
            try:
                for answer in self._answers(store):
                    self._take(answer, store)
                    bar.update(self._finished())
            except KeyboardInterrupt:
                kept = "; run the same command again to continue" if store is not None else ""
                raise KeyboardInterrupt(f"after {self._done} of {total} {kind}s{kept}") from None
            bar.update(self._finished())

    def _finished(self) -> int:
        """Return how many samples were finished since the last call."""
        fresh, self._fresh = self._fresh, 0
        self._done += fresh
        return fresh

    def _answers(self, store: Store | None) -> Iterator[Answer]:
        """Yield answers as they come."""
        if not self._plan.workers:
            for job in self._jobs(store):
                yield Answer(job, *attempt(self._scorer, job))
            return
        has_said = self._say is None
        with Workers(self._plan.workers, self._scorer) as workers:
            for answer in workers.run(self._jobs(store)):
                if isinstance(answer, Answer):
                    yield answer
                elif not has_said and self._say is not None:
                    has_said = True
                    self._say("compiling kernels, once per machine")

    def _jobs(self, store: Store | None) -> Iterator[Job]:
        """Yield the samples that lack scores; take stored scores, whoever has computed them."""
        for index, sample in enumerate(self._plan.dataset):
            missing = []
            for model in self._plan.models:
                stamp = _stamp(model, sample)
                found = store.get(model.name, sample.name, stamp) if store is not None else None
                if found is None:
                    missing.append(model)
                else:
                    self._scores[model.name][sample.name] = found
            if missing:
                yield Job(index, sample, tuple(missing))
            else:
                self._fresh += 1

    def _take(self, answer: Answer, store: Store | None) -> None:
        job: Job = answer.job
        name = job.sample.name
        self._fresh += 1
        if answer.fault:
            self._faults[name] = [_named(answer.fault, name)]
            return
        models = {model.name: model for model in job.models}
        new: dict[str, tuple[str, Scores]] = {}
        outcomes: dict[str, Outcome] = answer.result
        for model, outcome in outcomes.items():
            if outcome.scores is None:
                line = _named(outcome.fault, name, model)
                self._faults.setdefault(name, []).append(line)
            else:
                self._scores[model][name] = outcome.scores
                new[model] = (_stamp(models[model], job.sample), outcome.scores)
        if store is not None and new:
            store.put(name, new)

    def result(self, settings: dict[str, Any]) -> Evaluation:
        """Return the scores in the order of the data set."""
        names = [sample.name for sample in self._plan.dataset]
        scores = {
            model: {name: rows[name] for name in names if name in rows}
            for model, rows in self._scores.items()
        }
        failures = [line for name in names for line in dict.fromkeys(self._faults.get(name, ()))]
        public = {key: settings[key] for key in ("folder", "center_bias")}
        return Evaluation(
            self._plan.dataset.name, self._plan.metrics, scores, failures, public,
            self._plan.dataset, self._plan.models,
        )  # fmt: skip


def _stamp(model: Model, sample: Sample) -> str:
    """Return a text that changes with the files of a sample and of its map."""
    files = {*sample.files[:1], *sample.files[-1:]}
    own = ",".join(sorted(stamp_of(path) for path in files))
    return f"{own};{len(sample.files)};{model.stamp(sample)}"


def _named(fault: str, *names: str) -> str:
    """Return a fault with the names of its sample and its model, unless it names the sample."""
    is_named = re.search(rf"(^|[/\\]){re.escape(names[0])}[.:/\\]", fault)
    return fault if is_named else ": ".join((*names, fault))
