"""Processor seconds of the first map of a process, before and after compilation.

`python -m benchmarks.program --cold-start WHEEL` measures it. The program is ``fastsal image
photo.png -m METHOD -o map.png`` with two pictures for motion methods. Its child processes count. It
runs from an empty cache, from the cache that this run leaves, and from an empty cache with a wheel
that has machine code.
"""

from __future__ import annotations

import datetime
import json
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2

from benchmarks import kept
from fastsal.bench import machine
from fastsal.pipelines.demo import photographs
from fastsal.registry import METHODS

ROOT = Path(__file__).parents[1]
FOLDER = kept.FOLDER / "cold_start"
SIZE = (640, 480)

Row = dict[str, float]


def measure(wheel: Path, keys: Iterable[str]) -> dict[str, Any]:
    """Return the seconds of every method, and a description of the machine and the wheel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "site")
        if not (folder / "site" / "fastsal" / "kernels" / "machine_code").is_dir():
            raise ValueError(f"{wheel}: must have machine code; FASTSAL_BUILD_KERNELS=1 adds it")
        pictures = _pictures(folder)
        methods = {key: _row(key, pictures, folder) for key in keys}
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    about = {"date": now, **machine.description()}
    return {"machine": about, "methods": methods}


def _pictures(folder: Path) -> list[str]:
    """Write two pictures, the second moved, and return their names."""
    image = cv2.resize(photographs()["coffee"], SIZE, interpolation=cv2.INTER_AREA)
    names = [str(folder / f"photo-{index}.png") for index in range(2)]
    cv2.imwrite(names[0], image)
    cv2.imwrite(names[1], image[:, ::-1])
    return names


def _row(key: str, pictures: list[str], folder: Path) -> Row:
    count = 2 if METHODS[key].kind == "motion" else 1
    with tempfile.TemporaryDirectory() as own, tempfile.TemporaryDirectory() as wheels:
        return {
            "compiling": _seconds(key, pictures[:count], ROOT, own),
            "next start": _seconds(key, pictures[:count], ROOT, own),
            "wheel": _seconds(key, pictures[:count], folder / "site", wheels),
        }


def _seconds(key: str, pictures: list[str], site: Path, cache: str) -> float:
    """Return the processor seconds of a process and of those that it starts."""
    environment = {**os.environ, "PYTHONPATH": str(site), "FASTSAL_CACHE_DIR": cache}
    with tempfile.TemporaryDirectory() as out:
        before = _used()
        subprocess.run(
            [sys.executable, "-m", "fastsal", "image", *pictures, "-m", key, "-o", f"{out}/"],
            check=True, env=environment, cwd=out,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return round(_used() - before, 2)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table_of(results: dict[str, Any]) -> str:
    """Return the results as a table of Markdown."""
    lines = [
        "| method | compiling | from a wheel with machine code | next start |",
        "|---|--:|--:|--:|",
    ]
    for key, row in results["methods"].items():
        cells = f"{row['compiling']:.1f}", f"{row['wheel']:.2f}", f"{row['next start']:.2f}"
        lines.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def save(results: dict[str, Any]) -> Path:
    """Write the results; the file name has the date, the commit and the processor."""
    FOLDER.mkdir(exist_ok=True)
    about = results["machine"]
    path = FOLDER / kept.name_of(about, about["processor"] or "cpu")
    path.write_text(json.dumps(results, indent=1) + "\n")
    return path


def newest() -> dict[str, Any] | None:
    """Return the newest recorded results, if there are any."""
    found = [json.loads(path.read_text()) for path in FOLDER.glob("*.json")]
    return max(found, key=lambda results: results["machine"]["date"], default=None)
