"""``python -m benchmarks.program``: costs of a program: import, first maps, memory, compiling.

Every figure comes from separate processes, because these costs arise once per process. A first map
is timed from before ``import fastsal`` on: cold with nothing compiled, warm with all of it on disk.
Compiling is the processor time that the cold start spent in Numba, each kernel without those it
calls.

    python -m benchmarks.program --cold-start WHEEL

measures and records the cost of first maps with and without a wheel that has machine code.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import cold_start
from fastsal.bench import machine
from fastsal.registry import BUILT_IN

MEMORY_SIZES = ("VGA", "1080p", "4K")
_ROUNDS = 5
_SLOWEST = 12  # kernels that the screen shows

_FIRST_MAP = """
import json, sys, time
began = time.perf_counter()
import numpy as np, fastsal
imported = time.perf_counter()
from fastsal.kernels import jit
from numba.core import event

class Listener(event.Listener):
    open, compiled = [], []
    def on_start(self, _):
        self.open.append([time.process_time(), 0.0])
    def on_end(self, about):
        start, inner = self.open.pop()
        seconds = time.process_time() - start
        if self.open:
            self.open[-1][1] += seconds
        function = about.data["dispatcher"].py_func
        name = f"{function.__module__}.{function.__name__}".removeprefix("fastsal.")
        self.compiled.append((name.removeprefix("algorithms."), seconds - inner))

with event.install_listener("numba:compile", Listener()):
    stream = fastsal.Stream(sys.argv[1], backend="cpu")
    frames = np.random.default_rng(7).integers(0, 256, (2, 480, 640, 3), dtype=np.uint8)
    for frame in frames[: 2 if fastsal.METHODS[sys.argv[1]].kind == "motion" else 1]:
        stream.update(frame)
    done = time.perf_counter()
print(json.dumps({"seconds": done - began, "compiled": Listener.compiled}))
"""


def import_ms() -> dict[str, float]:
    """Return how long imports take, in milliseconds, beyond an empty program."""
    programs = {"nothing": "pass", "numpy": "import numpy", "fastsal": "import fastsal",
                "fastsal, numba and cv2": "import fastsal.kernels.jit, cv2"}  # fmt: skip
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(_ROUNDS):
        for name, code in programs.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            seconds[name].append(time.perf_counter() - began)
    medians = {name: 1e3 * statistics.median(each) for name, each in seconds.items()}
    nothing = medians.pop("nothing")
    return {name: round(each - nothing, 1) for name, each in medians.items()}


def first_maps(key: str) -> dict[str, Any]:
    """Return the seconds to a method's first map, cold and warm, and the kernels it compiled."""
    with tempfile.TemporaryDirectory() as folder:
        cold, *warm = (_first_map(key, folder) for _ in range(1 + _ROUNDS))
        kept = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
    kernels: dict[str, float] = {}
    for name, seconds in cold["compiled"]:
        kernels[name] = round(kernels.get(name, 0.0) + seconds, 3)
    return {
        "cold s": round(cold["seconds"], 2),
        "warm s": round(statistics.median(each["seconds"] for each in warm), 2),
        "compiling s": round(sum(kernels.values()), 2),
        "cache kB": sum(kept) // 1000,
        "kernels s": kernels,
    }


def _first_map(key: str, folder: str) -> Any:
    environment = {**os.environ, "FASTSAL_CACHE_DIR": folder}
    return _answer("-c", _FIRST_MAP, key, env=environment)


def bytes_per_pixel(keys: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return the results of `benchmarks.memory` by size."""
    return {
        size: _answer("-m", "benchmarks.memory", *keys, "--size", size) for size in MEMORY_SIZES
    }


def _answer(*arguments: str, env: Any = None) -> Any:
    done = subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True, env=env
    )
    return json.loads(done.stdout)


def table_of(results: dict[str, Any]) -> str:
    """Return the results as tables for the screen."""
    sizes = "".join(f"{f'B/px {size}':>12}" for size in MEMORY_SIZES)
    lines = ["import, ms beyond an empty program"]
    lines += [f"  {name:<28}{ms:>8.1f}" for name, ms in results["import ms"].items()]
    lines += [
        "",
        f"{'method':<20}{'cold s':>8}{'warm s':>8}{'compiling':>11}{'cache kB':>10}{sizes}",
    ]
    for key, row in results["methods"].items():
        memory = "".join(f"{row['bytes per pixel'][size]:>12.1f}" for size in MEMORY_SIZES)
        lines.append(
            f"{key:<20}{row['cold s']:>8.2f}{row['warm s']:>8.2f}{row['compiling s']:>11.2f}"
            f"{row['cache kB']:>10}{memory}"
        )
    kernels: dict[str, float] = {}
    for row in results["methods"].values():
        kernels |= row["kernels s"]
    slowest = sorted(kernels.items(), key=lambda each: -each[1])[:_SLOWEST]
    lines += ["", f"compiling, s: the slowest of {len(kernels)} kernels"]
    return "\n".join([*lines, *(f"  {name:<56}{seconds:>7.2f}" for name, seconds in slowest)])


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", default=",".join(BUILT_IN), help="comma-separated keys")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cold-start", type=Path, metavar="WHEEL")
    options = parser.parse_args()
    keys = options.methods.split(",")
    if options.cold_start:
        results = cold_start.measure(options.cold_start, keys)
        print(cold_start.table_of(results))
        print(f"wrote {cold_start.save(results)}")
        return
    memory = bytes_per_pixel(keys)
    methods = {
        key: {
            "bytes per pixel": {size: memory[size][key] for size in MEMORY_SIZES},
            **first_maps(key),
        }
        for key in keys
    }
    results = {"machine": machine.description(), "import ms": import_ms(), "methods": methods}
    print(table_of(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
