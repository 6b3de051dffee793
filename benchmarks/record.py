"""``python -m benchmarks.record``: run the suites, keep the results in ``benchmarks/results``.

Takes about ten minutes on two cores; memory-bound methods beyond 1080p take one of them. The peers
in ``cv2.saliency`` and ``cv2.ximgproc`` are in opencv-contrib-python only, so an environment with
that records more. ``python -m benchmarks.tables`` then brings the tables of both READMEs up to
date.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kept import FOLDER, name_of, rounded
from fastsal.bench import inputs, machine
from fastsal.bench.compare import MOST_DISTURBED, identity
from fastsal.bench.sidebyside import copy_bandwidth
from fastsal.errors import FastsalError

SIZES = "VGA,720p,1080p"
CALLS = "64x64"  # of all methods: the fixed cost of a call
LARGE = "4K,8K,16MP"  # where nothing stays in the caches, of the methods that memory limits

# Figures that follow from a row's milliseconds and size are left out.
_KEPT = ("method", "size", "kind", "backend", "threads", "ms", "share_of_copy", "peers", "missing",
         "disturbed", "worst_over_median")  # fmt: skip


def record(sizes: str, large: str, row_seconds: float, only: str) -> dict[str, Any]:
    """Run all suites at `sizes`, and memory-bound methods at `large` ones; return the results.

    Raises
    ------
    ValueError
        If a size would be measured twice, which would give rows of one name.
    """
    every = [CALLS, *inputs.sizes_of(sizes), *(inputs.sizes_of(large) if large else [])]
    if len(set(every)) < len(every):
        raise ValueError(f"expected every size once, {CALLS} is always there, got {sizes}; {large}")
    about = {"date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    about |= machine.description()
    rows = _rows("-k", only, "--sizes", sizes, "--row-seconds", str(row_seconds))
    if large:
        memory_bound = f"(luminance_contrast or spectral_residual) and ({only or 'bench'})"
        rows += _rows("-k", memory_bound, "--sizes", large, "--row-seconds", str(row_seconds))
    return {"machine": about, "copy_bandwidth": copy_bandwidth(about["threads"]), "rows": rows}


def write(results: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Write results, one row per line; the name has the date, commit and processor."""
    about = results["machine"]
    path = folder / name_of(about, about["processor"] or "cpu")
    folder.mkdir(exist_ok=True)
    rows = ",\n".join(json.dumps(rounded(row)) for row in results["rows"])
    head = json.dumps(rounded({**results, "rows": []}), indent=1)
    path.write_text(head.replace('"rows": []', f'"rows": [\n{rows}\n]') + "\n")
    return path


def newest(folder: Path = FOLDER) -> dict[str, Any]:
    """Return the latest results that were recorded."""
    if not (found := recorded(folder)):
        raise FastsalError(f"{folder}: nothing is recorded, run python -m benchmarks.record")
    return found[-1]


def recorded(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Return all results that were recorded, the oldest first, with no row twice."""
    found = [_without_doubles(json.loads(path.read_text())) for path in folder.glob("*.json")]
    return sorted(found, key=lambda results: results["machine"]["date"])


def _without_doubles(results: dict[str, Any]) -> dict[str, Any]:
    """Keep the slower of two rows of one name: early runs measured some twice."""
    rows = {identity(row): row for row in sorted(results["rows"], key=lambda row: row["ms"])}
    return {**results, "rows": [row for row in results["rows"] if rows[identity(row)] is row]}


def _rows(*arguments: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.json")
        suites = ["-q", "-n0", "--no-header", "-p", "no:cacheprovider", str(Path(__file__).parent)]
        written = ["--benchmark-columns", "median", f"--benchmark-json={path}"]
        written += ["-W", "ignore:Not saving anything"]  # where `only` names none of large sizes
        status = pytest.main([*suites, *written, *arguments])
        if status == pytest.ExitCode.NO_TESTS_COLLECTED:
            return []
        if status:
            sys.exit(int(status))
        rows = [each["extra_info"] for each in json.loads(path.read_text())["benchmarks"]]
    nothing = (None, {}, [], 0)
    return [{key: row[key] for key in _KEPT if row.get(key) not in nothing} for row in rows]


def main() -> None:
    """Run the suites and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--sizes", default=SIZES, help="default: %(default)s")
    parser.add_argument(
        "--large", default=LARGE, help="of what memory limits too (default: %(default)s)"
    )
    parser.add_argument("--row-seconds", type=float, default=0.5, help="default: %(default)s")
    parser.add_argument("--only", default="", help="what pytest -k takes (default: all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: %(default)s")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)  # or refuse it before the ten minutes
    try:
        results = record(options.sizes, options.large, options.row_seconds, options.only)
    except ValueError as error:
        parser.error(str(error))
    busy = sum(row.get("disturbed", 0) > MOST_DISTURBED for row in results["rows"])
    print(
        f"wrote {write(results, options.folder)}: {len(results['rows'])} rows, {busy} of them "
        "while the processors were mostly not at full speed"
    )


if __name__ == "__main__":
    main()
