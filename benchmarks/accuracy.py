"""``python -m benchmarks.accuracy``: how well the methods' maps fit people's eyes, and what moves.

``--images DIR --fixations CSV`` scores static methods on photographs with fixations (columns image,
subject, order, x_px, y_px, duration_ms): NSS, AUC, and AUC against the fixations of the other
images, which lying in the middle does not raise. ``--sequences DIR`` scores motion methods on
folders of ``frames/NNNNN.jpg`` and ``masks/NNNNN.png``: AUC and the greatest F measure over all
thresholds of a frame. Prints means and standard errors, and writes them as JSON with ``--json``.
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import fastsal
from benchmarks import metrics
from fastsal.pipelines.bench import machine
from fastsal.pipelines.pictures import find_images, read_image

FIXATION_SCORES = ("NSS", "AUC", "shuffled AUC")
MASK_SCORES = ("AUC", "max F")

Scores = NDArray[np.float64]


def fixations_in(path: Path) -> dict[str, NDArray[np.int64]]:
    """Return per image the pixels that were fixated, (n, 2): row and column, rounded down."""
    found = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            try:
                found[row["image"]].append((float(row["y_px"]), float(row["x_px"])))
            except KeyError as error:
                raise ValueError(f"{path}: expected a column {error}") from error
    return {name: np.floor(places).astype(np.int64) for name, places in found.items()}


def scores_on_images(
    method: str, images: Path, fixations: dict[str, NDArray[np.int64]]
) -> Iterator[list[float]]:
    """Yield NSS, AUC and shuffled AUC of each image that was looked at."""
    key, options = parsed(method)
    stream = fastsal.Stream(key, **options)
    for path in _looked_at(images, fixations):
        saliency = stream.update(read_image(path))
        here = _within(fixations[path.name], saliency.shape)
        others = [places for name, places in fixations.items() if name != path.name]
        elsewhere = _within(np.concatenate([*others, here[:0]]), saliency.shape)
        yield [
            metrics.nss(saliency, here),
            metrics.auc(saliency, here),
            metrics.shuffled_auc(saliency, here, elsewhere) if len(elsewhere) else np.nan,
        ]


def scores_on_sequences(method: str, folder: Path) -> Iterator[list[float]]:
    """Yield AUC and greatest F of each sequence: means over its frames but the first.

    Frames are fed in order; those without a mask, or whose mask is empty or full, do not count.
    Maps that are late by a frame, as with ``bidirectional``, are compared with their own masks.
    """
    key, options = parsed(method)
    late = int(bool(options.get("bidirectional")))
    for sequence in _sequences(folder):
        stream, scores = fastsal.Stream(key, **options), []
        paths = find_images(sequence / "frames")
        for index, path in enumerate(paths):
            saliency, own = stream.update(read_image(path)), index - late
            mask = _mask(sequence / "masks" / f"{paths[own].stem}.png") if own > 0 else None
            if mask is not None:
                scores.append([metrics.mask_auc(saliency, mask), metrics.max_f(saliency, mask)])
        if scores:
            yield [float(mean) for mean in np.mean(scores, axis=0)]


def parsed(method: str) -> tuple[str, dict[str, Any]]:
    """Return key and options of "key" or "key:option=value:option=value"."""
    key, *options = method.split(":")
    pairs = (option.partition("=") for option in options)
    return key, {name: _literal(value) for name, _, value in pairs}


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def summary(scores: list[list[float]]) -> tuple[Scores, Scores]:
    """Return means and their standard errors, a column per score."""
    values = np.array(scores)
    count = len(values)
    errors = (
        values.std(0, ddof=1) / np.sqrt(count) if count > 1 else np.full(values.shape[1], np.nan)
    )
    return values.mean(0), errors


def table_of(rows: dict[str, list[list[float]]], names: tuple[str, ...]) -> str:
    """Return a Markdown table of means and standard errors, best first."""
    lines = ["| method | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for method, scores in sorted(rows.items(), key=lambda row: -np.mean(row[1], axis=0)[0]):
        cells = [f"{mean:.3f} ± {error:.3f}" for mean, error in zip(*summary(scores), strict=True)]
        lines.append(f"| `{method}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def measured(
    methods: list[str], score: Callable[[str], Iterator[list[float]]], count: int, title: str
) -> dict[str, list[list[float]]]:
    """Return the scores of all methods, with a bar on stderr."""
    found: dict[str, list[list[float]]] = {}
    with tqdm(total=len(methods) * count, desc=title, unit="map", disable=None) as bar:
        for method in methods:
            bar.set_postfix_str(method)
            found[method] = []
            for scores in score(method):
                found[method].append(scores)
                bar.update()
    return found


def _looked_at(images: Path, fixations: dict[str, NDArray[np.int64]]) -> list[Path]:
    return [path for path in find_images(images) if path.name in fixations]


def _sequences(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/frames"))


def _within(places: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    return places[((places >= 0) & (places < shape)).all(1)]


def _mask(path: Path) -> NDArray[np.bool_] | None:
    if not path.exists():
        return None
    values = read_image(path)
    mask = (values if values.ndim == 2 else values.max(-1)) > 127
    return mask if 0 < mask.sum() < mask.size else None


def keys_of(kind: str) -> list[str]:
    """Return the keys of all methods of a kind."""
    return [key for key, method in fastsal.METHODS.items() if method.kind == kind]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="folder of photographs")
    parser.add_argument("--fixations", type=Path, help="CSV of what was looked at in them")
    parser.add_argument("--sequences", type=Path, help="folder of sequences with masks")
    parser.add_argument("--methods", help="comma-separated KEY[:OPTION=VALUE...]; default: all")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if (options.images is None) != (options.fixations is None):
        parser.error("--images and --fixations go together")
    if options.images is None and options.sequences is None:
        parser.error("nothing to measure on: give --images and --fixations, or --sequences")
    try:
        _check(options)
    except (OSError, ValueError, TypeError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    results: dict[str, Any] = {"machine": machine.description()}
    for title, names, rows in _parts(options):
        print(f"\n{title}\n\n{table_of(rows, names)}")
        results[title] = {"scores": names, "rows": rows}
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be read or made, before anything is measured."""
    for method in options.methods.split(",") if options.methods else ():
        key, its_options = parsed(method)
        fastsal.Stream(key, **its_options)
    if options.images is not None:
        find_images(options.images)
        if not fixations_in(options.fixations):
            raise ValueError(f"{options.fixations}: no fixations in this file")
    if options.sequences is not None and not _sequences(options.sequences):
        raise FileNotFoundError(f"{options.sequences}: no folder of sequences with frames/")


def _parts(
    options: argparse.Namespace,
) -> Iterator[tuple[str, tuple[str, ...], dict[str, list[list[float]]]]]:
    chosen = options.methods.split(",") if options.methods else None
    kinds = {key: method.kind for key, method in fastsal.METHODS.items()}
    static = chosen and [each for each in chosen if kinds.get(parsed(each)[0]) != "motion"]
    motion = chosen and [each for each in chosen if kinds.get(parsed(each)[0]) == "motion"]
    if options.images and static != []:
        fixations = fixations_in(options.fixations)
        count = len(_looked_at(options.images, fixations))
        rows = measured(
            static or keys_of("static"),
            lambda method: scores_on_images(method, options.images, fixations), count, "images",
        )  # fmt: skip
        yield f"{count} images", FIXATION_SCORES, rows
    if options.sequences and motion != []:
        count = len(_sequences(options.sequences))
        rows = measured(
            motion or keys_of("motion"),
            lambda method: scores_on_sequences(method, options.sequences), count, "sequences",
        )  # fmt: skip
        yield f"{count} sequences", MASK_SCORES, rows


if __name__ == "__main__":
    main()
