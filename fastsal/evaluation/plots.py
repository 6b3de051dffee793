"""A plot of an evaluation: one panel per metric, one bar per model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ..bench.plots import pyplot
from ..errors import FastsalError
from ..io.atomic_write import reason_of, whole_file
from .result import LOWER_IS_BETTER

if TYPE_CHECKING:
    from .result import Evaluation

_TITLES = {"nss": "NSS", "auc": "AUC", "sauc": "shuffled AUC", "cc": "CC", "emd": "EMD",
           "kl_divergence": "KL divergence", "max_f": "maximum F", "mean_f": "mean F",
           "adaptive_f": "adaptive F", "max_e": "maximum E", "mean_e": "mean E",
           "adaptive_e": "adaptive E", "s_measure": "S", "weighted_f_measure": "weighted F",
           "auc_judd": "AUC (Judd)", "auc_borji": "AUC (Borji)",
           "auc_shuffled": "shuffled AUC (sampled)"}  # fmt: skip
_COLUMNS = 4
_COLOR = "#4477aa"


def write_plot(evaluation: Evaluation, path: Path) -> None:
    """Write the plot in the format that the name of `path` says."""
    module = pyplot()
    models = evaluation.ranking
    metrics = evaluation.metrics
    columns = min(_COLUMNS, len(metrics))
    rows = math.ceil(len(metrics) / columns)
    figure, axes = module.subplots(
        rows, columns, figsize=(2.2 + 3.1 * columns, rows * (1.1 + 0.28 * len(models))),
        squeeze=False, sharey=True, layout="constrained",
    )  # fmt: skip
    for axis in axes.ravel()[len(metrics) :]:
        axis.axis("off")
    for metric, axis in zip(metrics, axes.ravel(), strict=False):
        means = [evaluation.mean(model, metric) for model in models]
        errors = [evaluation.standard_error(model, metric) for model in models]
        bars = axis.barh(
            range(len(models)), means, color=_COLOR,
            xerr=[error if math.isfinite(error) else 0 for error in errors],
            error_kw={"lw": 1, "ecolor": "#333333"},
        )  # fmt: skip
        axis.bar_label(bars, fmt="%.3f", padding=4, fontsize="small")
        axis.set_yticks(range(len(models)), models, fontsize="small")
        axis.set_ylim(len(models) - 0.4, -0.6)  # the best at the top
        axis.margins(x=0.25)
        direction = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
        title = _TITLES.get(metric, metric.replace("_", " "))
        axis.set_title(f"{title}\n({direction})", fontsize="medium")
    count = max((len(rows) for rows in evaluation.scores.values()), default=0)
    figure.suptitle(f"{evaluation.dataset}: {count} {evaluation.kind}s, mean and standard error")
    try:
        with whole_file(path) as partial:
            figure.savefig(partial, format=path.suffix[1:].lower(), dpi=130)
    except OSError as error:
        raise FastsalError(f"{path}: {reason_of(error)}") from error
    except ValueError as error:
        raise FastsalError(f"{path}: {error}") from error
    finally:
        module.close(figure)
