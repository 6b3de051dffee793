"""The scores of an evaluation: means, standard errors, tables and files."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets.sample import inside
from ..io.atomic_write import write_text

if TYPE_CHECKING:
    from ..datasets.dataset import Dataset
    from .models import Model

Scores = Mapping[str, float]

LOWER_IS_BETTER = {"kl_divergence", "mean_absolute_error", "emd"}


@dataclass
class Evaluation:
    """Scores of every model on every sample.

    Attributes
    ----------
    dataset : str
        Name of the data set.
    metrics : tuple of str
    scores : dict
        ``scores[model][sample][metric]``, in the order of the data set.
    failures : list of str
        A line for each sample that could not be scored.
    settings : dict
        Options that the scores depend on.
    """

    dataset: str
    metrics: tuple[str, ...]
    scores: dict[str, dict[str, Scores]]
    failures: list[str]
    settings: dict[str, Any]
    _data: Dataset | None = field(default=None, repr=False)
    _models: Sequence[Model] = field(default=(), repr=False)

    def mean(self, model: str, metric: str) -> float:
        """Return the mean over the samples; NaN if there are none."""
        values = self._values(model, metric)
        return float(np.mean(values)) if values else math.nan

    def standard_error(self, model: str, metric: str) -> float:
        """Return the standard error of the mean; NaN for fewer than two samples."""
        values = self._values(model, metric)
        if len(values) < 2:
            return math.nan
        return float(np.std(values, ddof=1) / math.sqrt(len(values)))

    def _values(self, model: str, metric: str) -> list[float]:
        found = (scores.get(metric, math.nan) for scores in self.scores[model].values())
        return [value for value in found if math.isfinite(value)]

    @property
    def kind(self) -> str:
        """Whether the samples are images or videos: "image" or "video"."""
        return "image" if self._data is None else self._data.kind

    @cached_property
    def fixations_outside(self) -> int:
        """Number of fixations outside their images, which are not scored.

        Samples that cannot be read, and videos, do not count.
        """
        if self._data is None or self.kind != "image":
            return 0
        names = {name for rows in self.scores.values() for name in rows}
        samples = [sample for sample in self._data if sample.name in names]
        return sum(
            len(sample.fixations) - len(inside(sample.fixations, sample.size))
            for sample in samples
            if sample.has_fixations
        )

    @property
    def ranking(self) -> list[str]:
        """Models by the mean of the first metric, best first."""
        first = self.metrics[0]
        sign = 1 if first in LOWER_IS_BETTER else -1

        def key(model: str) -> float:
            mean = self.mean(model, first)
            return sign * mean if math.isfinite(mean) else math.inf

        return sorted(self.scores, key=key)

    def table(self) -> str:
        """Return a Markdown table of means and standard errors, best first."""
        lines = [
            "| method | " + " | ".join(self.metrics) + " |", "|---" * (len(self.metrics) + 1) + "|"
        ]  # fmt: skip
        for model in self.ranking:
            cells = [self._cell(model, metric) for metric in self.metrics]
            lines.append(f"| `{model}` | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def _cell(self, model: str, metric: str) -> str:
        mean, error = self.mean(model, metric), self.standard_error(model, metric)
        if not math.isfinite(mean):
            return "-"
        return f"{mean:.3f} ± {error:.3f}" if math.isfinite(error) else f"{mean:.3f}"

    def best_and_worst(self, model: str, count: int) -> tuple[list[str], list[str]]:
        """Return the samples with the best and the worst scores of the first metric."""
        first = self.metrics[0]
        rows = [
            (scores[first], name)
            for name, scores in self.scores[model].items()
            if math.isfinite(scores.get(first, math.nan))
        ]
        rows.sort(reverse=first not in LOWER_IS_BETTER)
        names = [name for _, name in rows]
        count = min(count, (len(names) + 1) // 2)
        return names[:count], names[::-1][:count] if len(names) > 1 else []

    def write_csv(self, path: str | Path) -> None:
        """Write a row per model and sample, and a column per metric.

        Raises
        ------
        FastsalError
            If it cannot be written.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["method", "sample", *self.metrics])
        for model, rows in self.scores.items():
            for name, scores in rows.items():
                writer.writerow([model, name, *(scores.get(each, "") for each in self.metrics)])
        write_text(Path(path), text.getvalue())

    def as_dict(self) -> dict[str, Any]:
        """Return settings, means, standard errors, all scores and failures, for JSON."""
        summary = {
            model: {
                metric: {
                    "mean": _finite(self.mean(model, metric)),
                    "standard_error": _finite(self.standard_error(model, metric)),
                    "samples": len(self._values(model, metric)),
                }
                for metric in self.metrics
            }
            for model in self.scores
        }
        scores = {
            model: {
                name: {metric: _finite(value) for metric, value in row.items()}
                for name, row in rows.items()
            }
            for model, rows in self.scores.items()
        }
        return {
            "dataset": self.dataset, "settings": self.settings, "metrics": list(self.metrics),
            "summary": summary, "scores": scores, "failures": self.failures,
            "fixations_outside": self.fixations_outside,
        }  # fmt: skip

    def write_json(self, path: str | Path) -> None:
        """Write `as_dict` as JSON; NaN becomes null.

        Raises
        ------
        FastsalError
            If it cannot be written.
        """
        write_text(Path(path), json.dumps(self.as_dict(), indent=1) + "\n")

    def write_plot(self, path: str | Path) -> None:
        """Draw a bar per model and metric, with standard errors: .png, .svg, .pdf and others.

        Raises
        ------
        FastsalError
            If matplotlib is missing, or the file cannot be written.
        """
        from .plots import write_plot

        write_plot(self, Path(path))

    def write_sheets(self, folder: str | Path) -> list[Path]:
        """Draw the best and the worst samples of each model, one JPEG file per model.

        Returns
        -------
        list of Path
            ``sheet-MODEL.jpg`` in `folder`.

        Raises
        ------
        FastsalError
            If a file cannot be written.
        """
        from .sheets import write_sheets

        if self._data is None:
            return []
        return write_sheets(self, self._data, self._models, Path(folder))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
