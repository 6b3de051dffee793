"""``python -m benchmarks.accuracy DIR``: the tables of accuracy in ``benchmarks/README.md``.

`DIR` has ``osie`` (40 photographs with fixations) and ``davis`` (two sequences with masks). The
scores are those of `fastsal.evaluate`; they are kept in ``benchmarks/results/accuracy``. For other
data there is ``fastsal evaluate``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import fastsal
from benchmarks.tables import ROOT, with_table
from fastsal.bench import machine
from fastsal.datasets import open_dataset, open_masks

Results = dict[str, Any]

RECORD = ROOT / "benchmarks" / "results" / "accuracy" / "scores.json"
PAGE = ROOT / "benchmarks" / "README.md"

PHOTOGRAPHS = {"nss": "NSS", "auc": "AUC", "sauc": "shuffled AUC"}
SEQUENCES = {"auc": "AUC", "max_f": "max F"}
VARIANTS = ("boolean-map:warm=1", "boolean-map:size=240", "boolean-map:variant=published",
            "boolean-map:warm=1:size=512:step=4", "boolean-map:warm=1:size=240",
            "boolean-map:center_bias=0.5", "whitened:size=64",
            "itti-koch:preset=fixation", "center-surround:variant=vocus2")  # fmt: skip
MOTION_VARIANTS = ("flow:bidirectional=True",)
SETTINGS = ("smooth=0", "smooth=0.02", "", "center_bias=0.5", "center_bias=1")
SMOOTHED = ("signature", "center-surround")
NOTES = {"bin-wang": "needs a still camera"}


def keys(kind: str) -> list[str]:
    """Return the keys of the methods of a kind."""
    return [key for key, method in fastsal.METHODS.items() if method.kind == kind]


def with_option(key: str, setting: str) -> str:
    """Return a method with an option, or without one."""
    return f"{key}:{setting}" if setting else key


def photograph_methods() -> list[str]:
    """Return all methods that are scored on photographs, each once."""
    options = [with_option(key, setting) for key in SMOOTHED for setting in SETTINGS]
    return list(dict.fromkeys((*keys("static"), *VARIANTS, *options)))


def measure(folder: Path, methods: list[str] | None = None) -> Results:
    """Score the methods, all by default, on both sets."""
    photographs = open_dataset("osie", folder / "osie")
    sequences = open_masks(folder / "davis", folder / "davis")
    motion = [*keys("motion"), *MOTION_VARIANTS]
    parts = {
        "photographs": (photographs, photograph_methods(), PHOTOGRAPHS),
        "sequences": (sequences, motion, SEQUENCES),
    }
    results: Results = {"machine": machine.description()}
    for title, (dataset, all_methods, metrics) in parts.items():
        chosen = [name for name in all_methods if methods is None or name in methods]
        if not chosen:
            continue
        found = fastsal.evaluate(dataset, chosen, metrics=list(metrics))
        if found.failures:
            raise SystemExit(f"{folder}: {found.failures[0]}")
        results[title] = {
            model: {
                metric: [found.mean(model, metric), found.standard_error(model, metric)]
                for metric in metrics
            }
            for model in found.scores
        }
    return results


def table(scores: dict[str, Any], metrics: dict[str, str], models: list[str]) -> str:
    """Return a Markdown table of means and standard errors, best first."""
    first = next(iter(metrics))
    lines = [
        "| method | " + " | ".join(metrics.values()) + " |", "|---" * (len(metrics) + 1) + "|"
    ]  # fmt: skip
    for model in sorted(models, key=lambda model: -scores[model][first][0]):
        cells = [f"{mean:.3f} ± {error:.3f}" for mean, error in map(scores[model].get, metrics)]
        lines.append(f"| {named(model)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def table_of_options(scores: dict[str, Any]) -> str:
    """Return a Markdown table of the means with each setting of the postprocessing."""
    heads = [f"`{setting}`" if setting else "default" for setting in SETTINGS]
    lines = [f"| method | {' | '.join(heads)} |", "|---" * (len(SETTINGS) + 1) + "|"]
    for key in SMOOTHED:
        cells = []
        for setting in SETTINGS:
            found = scores[with_option(key, setting)]
            cells.append(" / ".join(f"{found[metric][0]:.2f}" for metric in PHOTOGRAPHS))
        lines.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def named(model: str) -> str:
    """Return a method with its options as the table shows it.

    >>> named("boolean-map:variant=published")
    '`boolean-map`, `variant="published"`'
    """
    key, *options = model.split(":")
    shown = [key]
    for option in options:
        name, _, value = option.partition("=")
        is_text = value.isidentifier() and value not in ("True", "False", "None")
        shown.append(f'{name}="{value}"' if is_text else option)
    text = ", ".join(f"`{each}`" for each in shown)
    return f"{text} ({NOTES[model]})" if model in NOTES else text


def page_of(text: str, results: Results) -> str:
    """Return the page with the tables of these results."""
    photographs = [*keys("static"), *VARIANTS]
    tables = {
        "photographs": table(results["photographs"], PHOTOGRAPHS, photographs),
        "sequences": table(results["sequences"], SEQUENCES, list(results["sequences"])),
        "options": table_of_options(results["photographs"]),
    }
    for name, lines in tables.items():
        text = with_table(text, f"accuracy on {name}" if name != "options" else name, lines)
    return text


def main(arguments: list[str] | None = None) -> None:
    """Score, record, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, metavar="DIR", help="with osie and davis")
    options = parser.parse_args(arguments)
    try:
        results = measure(options.folder)
    except fastsal.FastsalError as error:
        parser.exit(1, f"{parser.prog}: error: {error}\n")
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(page_of(PAGE.read_text(), results))
    print(f"wrote {RECORD.relative_to(ROOT)} and the tables of {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
