"""``python -m benchmarks.memory [KEY ...] --size 1080p``: bytes per pixel that methods take.

This is the peak growth of a process while a method scores colour frames, without the frames and the
map. It counts scratch arrays and the state between frames. Linux only.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from fastsal import Stream
from fastsal.bench.inputs import SIZES, moved, photograph
from fastsal.registry import BUILT_IN

_TO_THE_PAGE = {
    # Freed memory goes back to the system at once, or the next method would reuse it uncounted.
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    # How many pages of 2 MB an array touches depends on where it happens to begin.
    "NUMPY_MADVISE_HUGEPAGE": "0",
}
_FRAMES = 3  # the first, one that has a frame before it, and one that finds all arrays there


def bytes_per_pixel(key: str, size: str) -> float:
    """Return the bytes of memory that one method takes per pixel of a frame."""
    frames = [photograph(size), moved(photograph(size))]
    out = np.zeros(frames[0].shape[:2], np.float32)
    _score(key, frames, out)  # its compiled code, modules and threads stay
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    _score(key, frames, out)
    return (_status("VmHWM") - before) / out.size


def _score(key: str, frames: list[np.ndarray], out: np.ndarray) -> None:
    """Score some frames in a thread, which takes its scratch along when it ends."""

    def work() -> None:
        stream = Stream(key, backend="cpu")
        for index in range(_FRAMES):
            stream.update(frames[index % len(frames)], out=out)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
    gc.collect()


def _status(name: str) -> int:
    """Return a line of the process's status, which is in kB, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return 1024 * found


def main() -> None:
    """Measure in a process that takes no more than it touches, and print JSON."""
    if any(os.environ.get(name) != value for name, value in _TO_THE_PAGE.items()):
        command = [sys.executable, "-m", "benchmarks.memory", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **_TO_THE_PAGE})
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY", help="default: all methods")
    parser.add_argument("--size", default="1080p", choices=SIZES)
    options = parser.parse_args()
    keys = options.keys or BUILT_IN
    print(json.dumps({key: round(bytes_per_pixel(key, options.size), 2) for key in keys}))


if __name__ == "__main__":
    main()
