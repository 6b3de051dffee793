"""``python -m benchmarks.gpu``: everything about a CUDA device in one go.

Compares every method with the CPU, measures the limits of the device, counts launches and lists
kernels by time. Then it measures the throughput of every method per resolution and stack. Stacks
are resident on the device, or come from pageable or pinned host memory, at once or in halves on two
streams. For resident stacks it gives the fractions of the copy bandwidth and of the arithmetic
peak. They count the minimum that a map must move and compute (see `work`); the larger one is the
bound. Prints tables; writes JSON (into benchmarks/results/cuda unless --json says where) and a
plot. Without a device it says so and exits 2; where the device differs from the CPU it exits 1.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastsal
from fastsal import runtime
from fastsal.bench import machine

from . import calls, report

Results = dict[str, Any]

_CHECKED = [(1, 5), (7, 5), (480, 640), (1081, 1919)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Check, measure, print, write."""
    options = _parser().parse_args(arguments)
    if reason := why_no_device():
        print(f"benchmarks.gpu: no CUDA device to measure: {reason}", file=sys.stderr)
        raise SystemExit(2)
    try:
        results = measure(options)
    except ValueError as error:
        print(f"benchmarks.gpu: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    path = options.json or report.path_of(results)
    report.write(results, path)
    report.plot(results, options.plot or path.with_suffix(".svg"))
    print(f"written: {path}")
    if faults := faults_of(results):
        print(report.table(faults), file=sys.stderr)
        raise SystemExit(f"benchmarks.gpu: {len(faults)} faults")


def faults_of(results: Results) -> list[dict[str, Any]]:
    """Return the rows where the device differs from the CPU, and those that failed."""
    parts = ("check", "launches", "kernels", "work", "rows")
    every = [{"part": part, **row} for part in parts for row in results[part]]
    return [row for row in every if "failed" in row or not row.get("passes", True)]


def why_no_device() -> str | None:
    """Return the reason why there is nothing to measure, or None."""
    return "CUDA is simulated" if runtime.is_simulated() else runtime.why_no_cuda()


def measure(options: argparse.Namespace) -> Results:
    """Return all results; print each part when it is there."""
    from . import check, limits, profile, throughput

    rows = list(calls.chosen(options.methods))
    sizes, counts = options.sizes.split(","), [int(each) for each in options.frames.split(",")]
    checked = [calls.shape_of(each) for each in options.checked.split(",")]
    shape = calls.shape_of(options.profiled)
    results: Results = {"machine": _machine(), "device": fastsal.backends()["cuda"].detail}
    print(results["device"])
    results["limits"] = limits.limits(options.megabytes, options.blocks, options.seconds)
    _show("limits", [results["limits"]])
    results["check"] = [each for row in rows for each in check.check(row, checked)]
    _show("device against CPU", results["check"])
    results["launches"] = [_launched(profile, row, shape) for row in rows]
    _show("launches for stacks of 1 and 8 frames", results["launches"])
    results["kernels"] = [each for row in rows for each in _profiled(profile, row, shape)]
    _show(f"kernels of a frame of {options.profiled}", results["kernels"])
    results["work"] = [_worked(throughput, row, shape) for row in rows]
    _show(f"what a pixel of {options.profiled} must cost", _without(results["work"], "parts"))
    results["rows"] = []
    for row in rows:
        args = (row, sizes, counts, options.seconds, results["limits"])
        found = list(throughput.measured(*args))
        results["rows"] += found
        _show(row.name, found)
    return results


def _launched(profile: Any, row: calls.Row, shape: tuple[int, int]) -> dict[str, Any]:
    counts = calls.attempted(
        lambda: {f"of {n}": len(profile.launches(row, shape, n)) for n in (1, 8)}
    )
    return {"method": row.name, **counts}


def _profiled(profile: Any, row: calls.Row, shape: tuple[int, int]) -> list[dict[str, Any]]:
    found = calls.attempted(lambda: {"kernels": profile.kernels(row, shape)})
    return [{"method": row.name, **each} for each in found.get("kernels", [found])]


def _worked(throughput: Any, row: calls.Row, shape: tuple[int, int]) -> dict[str, Any]:
    return {"method": row.name, **calls.attempted(lambda: throughput.work_of(row, shape))}


def _machine() -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"date": now, **machine.description()}


def _without(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != name} for row in rows]


def _show(title: str, rows: list[dict[str, Any]]) -> None:
    print(f"\n{title}\n{report.table(rows)}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--sizes", default="720p,1080p,4K,8K", help="names or WIDTHxHEIGHT")
    parser.add_argument("--frames", default="1,8,64", help="of the stacks")
    parser.add_argument("--methods", default="all")
    parser.add_argument("--seconds", type=float, default=0.5, help="per row")
    parser.add_argument("--profiled", default="1080p", help="size for the list of kernels")
    parser.add_argument("--checked", default=",".join(f"{w}x{h}" for h, w in _CHECKED))
    parser.add_argument("--megabytes", type=int, default=256, help="that are copied")
    parser.add_argument("--blocks", type=int, default=4096, help="of threads that multiply and add")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    return parser


if __name__ == "__main__":
    main()
