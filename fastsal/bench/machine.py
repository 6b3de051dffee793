"""Describe the machine of a result in general terms, so that results can be compared."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2

from .. import __version__


def description() -> dict[str, Any]:
    """Return versions, processor, threads, threading layer, load and commit."""
    from numba import threading_layer

    from ..kernels import threads

    count = threads.count()  # starts the layer, so that Numba can name the one that runs
    return {
        "fastsal": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in ("numba", "numpy", "scikit-image")}
        | {"opencv": cv2.__version__},
        "processor": _processor(),
        "threads": count,
        "threading layer": threading_layer(),
        "load before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _commit() -> str:
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():  # installed, not checked out
        return "unknown"
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"
