"""``python -m benchmarks.objects FOLDER``: how well maps, and boxes of them, fit masks of objects.

FOLDER holds ``images/`` and ``masks/`` with files of the same names; a mask is at least 128 on the
object. Maps are stretched to [0, 1] first. The scores are:

* max F: the greatest F measure, over 256 thresholds, of the mean precision and the mean recall of
  all photographs (Achanta et al., CVPR 2009).
* MAE: mean absolute difference of map and mask.
* weighted F (Margolin et al., CVPR 2014) and S-measure (Fan et al., ICCV 2017).
* box IoU: intersection over union of the first box of `salient_boxes` and the bounding box of the
  mask; 0 where there is no box.

Prints a table, and writes it as JSON with ``--json``. Files in ``results/objects`` are recorded
results: ``python -m benchmarks.tables`` brings the newest into README.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import fastsal
from benchmarks.kept import FOLDER, rounded
from fastsal import metrics
from fastsal.bench import machine
from fastsal.boxes import iou
from fastsal.datasets import open_masks
from fastsal.datasets.masks import MaskSample
from fastsal.evaluation.models import parsed

MEANS = ("MAE", "weighted F", "S-measure", "box IoU")
RECORDED = FOLDER / "objects"
_THRESHOLDS = 256
_BETA2 = 0.3  # precision counts more than recall

Values = NDArray[Any]
Results = dict[str, Any]


class Photo(NamedTuple):
    """A photograph and the mask of its objects."""

    image: Values
    mask: NDArray[np.bool_]


class Scores(NamedTuple):
    """The scores of one map."""

    precisions: Values  # at each threshold, from 0 to 255
    recalls: Values
    values: list[float]  # of `MEANS`


def photographs(folder: Path) -> list[Photo]:
    """Return the photographs in `folder` that have a mask.

    Raises
    ------
    DatasetError
        If no photograph has a mask.
    ValueError
        If a mask has another shape than its photograph, or marks nothing.
    """
    samples = open_masks(folder / "images", folder / "masks")
    return [_photo(sample) for sample in samples if isinstance(sample, MaskSample)]


def _photo(sample: MaskSample) -> Photo:
    name, image, mask = sample.name, sample.image(), sample.mask()
    if mask is None:
        raise ValueError(f"{name}: the first frame must have a mask; got none")
    if mask.shape != image.shape[:2]:
        raise ValueError(
            f"{name}: a mask must have the shape {image.shape[:2]} of its image; got {mask.shape}"
        )
    if not mask.any():
        raise ValueError(f"{name}: a mask must be at least 128 on the object; it is below")
    return Photo(image, mask)


def scored(saliency: Values, mask: NDArray[np.bool_]) -> Scores:
    """Return the scores of a map, (H, W), against a mask."""
    stretched = _stretched(saliency)
    boxes, _ = fastsal.salient_boxes(stretched, max_boxes=1)
    values = [
        metrics.mean_absolute_error(stretched, mask),
        metrics.weighted_f_measure(stretched, mask),
        metrics.s_measure(stretched, mask),
        iou(boxes[:1], bounding_box(mask)).max(initial=0),
    ]
    return Scores(*curves(stretched, mask), values)


def curves(saliency: Values, mask: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Return precision and recall where a map in [0, 1] is at least threshold / 255.

    The precision of nothing is 1.
    """
    levels = np.rint(255 * saliency).astype(np.int64)
    hits, found = (_at_least(levels[mask]), _at_least(levels.ravel()))
    return np.where(found > 0, hits / np.maximum(found, 1), 1.0), hits / mask.sum()


def max_f(scores: list[Scores]) -> float:
    """Return the greatest F measure of the mean precision and the mean recall."""
    precision = np.mean([each.precisions for each in scores], axis=0)
    recall = np.mean([each.recalls for each in scores], axis=0)
    weighted = np.maximum(_BETA2 * precision + recall, np.finfo(np.float64).tiny)
    return float(((1 + _BETA2) * precision * recall / weighted).max())


def bounding_box(mask: NDArray[np.bool_]) -> Values:
    """Return x, y, width and height of the bounding box of a mask."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([cols[0], rows[0], cols[-1] + 1 - cols[0], rows[-1] + 1 - rows[0]])


def scores_of(method: str, photos: list[Photo]) -> Iterator[Scores]:
    """Yield the scores of a method on each photograph."""
    key, options = parsed(method)
    for photo in photos:
        yield scored(fastsal.Stream(key, **options).update(photo.image), photo.mask)


def default_methods() -> list[str]:
    """Return all methods of single images, and minimum barrier with its centre cone."""
    static = [key for key, method in fastsal.METHODS.items() if method.kind == "static"]
    return [*static, "minimum-barrier:center=True"]


def row_of(scores: list[Scores]) -> dict[str, Any]:
    """Return max F, and the means of the other scores with their standard errors."""
    values = np.array([each.values for each in scores])
    means, errors = values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))
    return {
        "max F": max_f(scores),
        "means": dict(zip(MEANS, means.tolist(), strict=True)),
        "standard errors": dict(zip(MEANS, errors.tolist(), strict=True)),
    }


def table_of(results: Results) -> str:
    """Return a Markdown table of results, the best max F first."""
    lines = ["| method | max F | " + " | ".join(MEANS) + " |", "|---" * (len(MEANS) + 2) + "|"]
    for method, row in sorted(results["rows"].items(), key=lambda item: -item[1]["max F"]):
        means, errors = row["means"], row["standard errors"]
        cells = [f"{means[name]:.3f} ± {errors[name]:.3f}" for name in MEANS]
        lines.append(f"| {_name(method)} | {row['max F']:.3f} | {' | '.join(cells)} |")
    about = results["machine"]
    title = f"{results['photographs']} photographs, {about['date'][:10]}, commit {about['commit']}."
    return "\n".join([title, "", *lines])


def newest(folder: Path = RECORDED) -> Results:
    """Return the latest results that were recorded."""
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    latest: Results = max(found, key=lambda results: results["machine"]["date"])
    return latest


def _name(method: str) -> str:
    key, *options = method.split(":")
    return ", ".join(f"`{part}`" for part in (key, *options))


def _stretched(saliency: Values) -> Values:
    values = saliency.astype(np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _at_least(levels: Values) -> Values:
    """Return how many levels are at least 0, 1, ..., 255."""
    return np.bincount(levels, minlength=_THRESHOLDS)[::-1].cumsum()[::-1]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--methods", help="comma-separated KEY[:OPTION=VALUE...]; default: static")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    methods = options.methods.split(",") if options.methods else default_methods()
    try:
        for method in methods:
            key, its_options = parsed(method)
            fastsal.Stream(key, **its_options)
        photos = photographs(options.folder)
    except (OSError, ValueError, TypeError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    about = {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    results: Results = {"machine": about | machine.description(), "photographs": len(photos)}
    results["rows"] = rows = {}
    for method in tqdm(methods, unit="method", disable=None):
        rows[method] = row_of([*scores_of(method, photos)])
    results = rounded(results)
    print(table_of(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
