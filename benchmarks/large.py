"""``python -m benchmarks.large``: speed of every method on 4K and 8K frames, without peers.

Takes about two minutes on two cores. ``python -m benchmarks.tables`` brings the results into both
READMEs.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import kept
from fastsal.bench import machine, suite
from fastsal.bench.sidebyside import copy_bandwidth
from fastsal.registry import METHODS

FOLDER = kept.FOLDER / "large"
SIZES = ("4K", "8K")

Results = dict[str, Any]


def measure(seconds: float = 1.0, sizes: tuple[str, ...] = SIZES) -> Results:
    """Return milliseconds per colour frame: method, then size."""
    keys = [key for key, method in METHODS.items() if method.kind != "network"]
    plan = suite.plan_of(",".join(sizes), ",".join(keys), "cpu", "all", seconds=seconds)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    about = {"date": now, **machine.description()}
    threads = plan.threads[0]
    rows: dict[str, dict[str, float]] = {key: {} for key in keys}
    measured = suite.measure(plan, {threads: copy_bandwidth(threads)})
    for row in tqdm(measured, total=len(plan), unit="row", disable=None):
        rows[row["method"]][row["size"]] = row["ms"]
    results: Results = kept.rounded({"machine": about, "methods": rows})
    return results


def fps_of(results: Results | None, key: str, size: str) -> str:
    """Return frames per second of a method as text, empty if it was not measured."""
    ms = results["methods"].get(key, {}).get(size) if results else None
    return f"{1e3 / ms:,.0f}" if ms else ""


def table_of(results: Results | None) -> str:
    """Return the results as a table of Markdown."""
    if results is None:
        return "Not measured yet."
    about: Mapping[str, Any] = results["machine"]
    head = " | ".join(f"{size}, ms | {size}, fps" for size in SIZES)
    lines = [
        f"Colour. Measured {about['date'][:10]} at commit {about['commit']}: "
        f"{about['processor']}, {about['threads']} threads.",
        "",
        f"| method | {head} |",
        "|---" * (1 + 2 * len(SIZES)) + "|",
    ]
    for key, row in results["methods"].items():
        cells = [f"{row[size]:.3g} | {fps_of(results, key, size)}" for size in SIZES]
        lines.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def save(results: Results, folder: Path = FOLDER) -> Path:
    """Write the results; the file name has the date, the commit and the processor."""
    folder.mkdir(exist_ok=True)
    about = results["machine"]
    path = folder / kept.name_of(about, about["processor"] or "cpu")
    path.write_text(json.dumps(results, indent=1) + "\n")
    return path


def newest() -> Results | None:
    """Return the newest recorded results, if there are any."""
    found = [json.loads(path.read_text()) for path in FOLDER.glob("*.json")]
    return max(found, key=lambda results: results["machine"]["date"], default=None)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--row-seconds", type=float, default=1.0, help="default: %(default)s")
    results = measure(parser.parse_args().row_seconds)
    print(table_of(results))
    print(f"wrote {save(results)}")


if __name__ == "__main__":
    main()
