"""``python -m benchmarks.recall FOLDER``: fraction of all objects that BING's first boxes find.

FOLDER holds ``images/`` and ``boxes/`` (see `benchmarks.boxes`). A box finds an object if their
intersection over union is at least 0.5. Standard errors are over photographs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

import fastsal
from benchmarks import boxes
from benchmarks.boxes import Photo
from fastsal.algorithms.bing import BingModel, bing, ranked_boxes
from fastsal.boxes import iou

COUNTS = (100, 300, 1000, 2000)
OVERLAP = 0.5
NEVER = np.iinfo(np.int64).max
PARTS = {"testing": boxes.for_testing, "training": boxes.for_training, "all": list}

Propose = Callable[[np.ndarray], np.ndarray]


def merged(model: BingModel) -> Propose:
    """Return a function that proposes boxes in the order of `fastsal.bing`: merged by score."""
    return lambda image: bing(image, training_path=model)[0]


def as_opencv(model: BingModel) -> Propose:
    """Return a function that proposes boxes in OpenCV's order: one colour space after the other."""
    return lambda image: np.concatenate(
        [each.boxes for each in ranked_boxes(image, training_path=model)]
    )


def first_hits(propose: Propose, photos: list[Photo]) -> list[np.ndarray]:
    """Return, per photograph and object, the rank from 0 of the first box that finds it."""
    return [_first_hits(propose(photo.image), photo.boxes) for photo in photos]


def _first_hits(proposed: np.ndarray, objects: np.ndarray) -> np.ndarray:
    is_hit = iou(proposed, objects) >= OVERLAP
    return np.where(is_hit.any(axis=0), is_hit.argmax(axis=0), NEVER)


def recall(hits: list[np.ndarray], count: int) -> float:
    """Return the fraction of objects that one of the first `count` boxes finds."""
    return float((np.concatenate(hits) < count).mean())


def standard_error(
    hits: list[np.ndarray], count: int, other: list[np.ndarray] | None = None
) -> float:
    """Return the standard error of a recall, or of its difference from another's.

    Objects of one photograph are found or missed together: it is photographs that are drawn.
    """
    found = np.array([(each < count).sum() for each in hits], float)
    if other is not None:
        found -= [(each < count).sum() for each in other]
    objects = np.array([len(each) for each in hits])
    residuals = found - found.sum() / objects.sum() * objects
    size = len(hits)
    return float(np.sqrt(size / (size - 1) * (residuals**2).sum()) / objects.sum())


def table(rows: dict[str, list[np.ndarray]], counts: tuple[int, ...] = COUNTS) -> str:
    """Return recalls in percent with their standard errors, as a table in Markdown."""
    heads = ["model, order of boxes", *(f"{count:,}" for count in counts), "all"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, hits in rows.items():
        cells = [
            f"{100 * recall(hits, count):.1f} ± {100 * standard_error(hits, count):.1f}"
            for count in (*counts, NEVER)
        ]
        lines += [f"| {name} | " + " | ".join(cells) + " |"]
    return "\n".join(lines)


def over_folds(photos: list[Photo], folds: int) -> list[np.ndarray]:
    """Return the hits of models on each of `folds` runs of photographs, trained on all others.

    Folds are consecutive photographs, since neighbours often show one scene.
    """
    hits = []
    for unseen in np.array_split(np.arange(len(photos)), folds):
        seen = [photos[i] for i in np.setdiff1d(np.arange(len(photos)), unseen)]
        model = fastsal.train_bing([each.image for each in seen], [each.boxes for each in seen])
        hits += first_hits(merged(model), [photos[i] for i in unseen])
    return hits


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, help="folder of another model, such as OpenCV's")
    parser.add_argument(
        "--part", choices=PARTS, default="testing", help="half; the default model is of training"
    )
    parser.add_argument("--folds", type=int, help="train anew, and test on one of so many runs")
    options = parser.parse_args(arguments)
    try:
        photos = boxes.photographs(options.folder)
        other = BingModel.load(options.model) if options.model else None
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    ours: dict[str, list[np.ndarray]] = {}
    if options.folds:
        ours["trained on the other runs, merged"] = over_folds(photos, options.folds)
    else:
        photos = PARTS[options.part](photos)
        model = BingModel.default()
        ours["default, merged"] = first_hits(merged(model), photos)
        ours["default, in OpenCV's order"] = first_hits(as_opencv(model), photos)
    theirs: dict[str, list[np.ndarray]] = {}
    if other is not None:
        name = options.model.name
        theirs[f"{name}, merged"] = first_hits(merged(other), photos)
        theirs[f"{name}, in OpenCV's order"] = first_hits(as_opencv(other), photos)
    print(f"{len(photos)} photographs, {sum(len(each.boxes) for each in photos)} objects\n")
    print(table(ours | theirs), "\n")
    first, hits = next(iter(ours.items()))
    for name, others in theirs.items():
        difference = 100 * (recall(hits, 1000) - recall(others, 1000))
        error = 100 * standard_error(hits, 1000, others)
        print(f"{first}, less {name}, at 1,000 boxes: {difference:+.1f} ± {error:.1f}")


if __name__ == "__main__":
    main()
