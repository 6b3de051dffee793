"""Measuring methods: every one at every size, on every backend, beside its peers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np

from .. import runtime
from ..registry import BUILT_IN, method_of
from ..stream import Stream
from . import inputs
from .peers import SETTLED, Image, peers_of
from .sidebyside import median_ms, played, ratio

Row = dict[str, Any]
_Name = TypeVar("_Name")
_CONTRIB = ("cv2.saliency", "cv2.ximgproc")  # peers

OURS = "fastsal"


@dataclass(frozen=True)
class Plan:
    """Measurements to make.

    Attributes
    ----------
    sizes, methods, backends : sequence of str
        Names of sizes (see `inputs.SIZES`), keys of METHODS, "cpu" and "cuda".
    threads : sequence of int
        On how many CPU threads, one after the other; peers of OpenCV's get as many.
    kinds : sequence of {"colour", "grey"}
        Content of the frames.
    with_peers : bool
        Whether peers run beside.
    seconds : float
        Per comparison.
    """

    sizes: Sequence[str]
    methods: Sequence[str]
    backends: Sequence[str]
    threads: Sequence[int]
    kinds: Sequence[inputs.Kind] = ("colour",)
    with_peers: bool = False
    seconds: float = 1.0

    def __len__(self) -> int:
        return sum(1 for _ in self.jobs())

    def jobs(self) -> Iterator[tuple[str, str, str, int, inputs.Kind]]:
        """Yield method, size, backend, threads and kind of every row."""
        for key in self.methods:
            for size in self.sizes:
                for backend in self.backends:
                    for threads in self.threads if backend == "cpu" else self.threads[-1:]:
                        for kind in self.kinds:
                            yield key, size, backend, threads, kind


def plan_of(sizes: str, methods: str, backends: str, threads: str, **more: Any) -> Plan:
    """Return a plan from comma-separated lists; "all" means all available.

    Raises
    ------
    ValueError
        If something named does not exist.
    BackendUnavailableError
        If a backend named cannot run here.
    """
    offered = [name for name, status in runtime.backends().items() if status.available]
    if runtime.is_simulated():
        offered.remove("cuda")
    keys = list(BUILT_IN) if methods == "all" else [method_of(k).key for k in methods.split(",")]
    names: Any = offered if backends == "all" else backends.split(",")
    return Plan(
        _once(inputs.sizes_of(sizes)), _once(keys), _once(map(runtime.resolve, names)),
        _once(threads_of(threads)), **more,
    )  # fmt: skip


def _once(names: Iterable[_Name]) -> list[_Name]:
    """Remove repeated names: two rows of one name could not be distinguished."""
    return list(dict.fromkeys(names))


def threads_of(threads: str) -> list[int]:
    """Return the numbers of threads in a comma-separated list; "all" is the maximum.

    Raises
    ------
    ValueError
        If one is not a number from 1 to the maximum.
    """
    from numba import config

    most: int = config.NUMBA_NUM_THREADS
    names = [str(most)] if threads == "all" else threads.split(",")
    counts = [int(name) if name.isdecimal() else 0 for name in names]
    if min(counts) < 1 or max(counts) > most:
        raise ValueError(f"`threads` must be integers from 1 to {most}, or 'all'; got {threads!r}")
    return counts


def measure(plan: Plan, bandwidths: Mapping[int, float]) -> Iterator[Row]:
    """Yield a row per job of the plan, each beside its peers.

    `bandwidths` are the bytes per second that copying moves on each number of threads.
    """
    for key, size, backend, threads, kind in plan.jobs():
        frames = inputs.frames_of(key, size, kind)
        with on_threads(threads):
            calls: dict[str, Callable[[], Any]] = {OURS: call_of(key, backend, frames)}
            peers = peers_of(key, frames) if plan.with_peers else {}
            calls.update({name: call for name, call in peers.items() if call is not None})
            game = played(calls, plan.seconds)
        pixels = frames[0].shape[0] * frames[0].shape[1]
        # Every method must read its frame and write its map; further reads are not counted.
        moved = frames[0].nbytes + 4 * pixels
        bandwidth = bandwidths[threads] if backend == "cpu" else None
        row: Row = {
            "method": key, "size": size, "backend": backend, "threads": threads, "kind": kind,
        }  # fmt: skip
        row |= times_of(game.rounds) | {"disturbed": game.share_disturbed}
        row |= throughput_of(row["ms"], pixels, moved, bandwidth)
        yield row | {"missing": [name for name, call in peers.items() if call is None]}


def call_of(key: str, backend: Any, frames: list[Image]) -> Callable[[], Any]:
    """Return a call that gives a stream of the method its next frame, once it is in use."""
    stream = Stream(key, backend=backend)
    following, out = inputs.in_turn(frames), np.empty(frames[0].shape[:2], np.float32)
    for _ in range(SETTLED if method_of(key).learns else 0):
        stream.update(following(), out=out)
    return lambda: stream.update(following(), out=out)


def times_of(rounds: Mapping[str, list[float]]) -> Row:
    """Return our median time, and our ratios to the peers, from the seconds of all rounds."""
    ours = rounds[OURS]
    peers = {name: _against(ours, rounds[name]) for name in rounds if name != OURS}
    return {"ms": median_ms(ours), "rounds": len(ours), "peers": peers}


def throughput_of(ms: float, pixels: int, moved: int, bandwidth: float | None) -> Row:
    """Return the rates that correspond to `ms` milliseconds per frame.

    `moved` are the bytes that any implementation has to read and write, `bandwidth` those that
    copying reads and writes per second.
    """
    return {
        "fps": 1e3 / ms,
        "megapixels_per_second": pixels / 1e3 / ms,
        "bytes_per_pixel": moved / pixels,
        "share_of_copy": moved / (ms / 1e3) / bandwidth if bandwidth else None,
    }


def _against(ours: list[float], peer: list[float]) -> Row:
    times = ratio(ours, peer)
    return {"ms": median_ms(peer), "times": times.median, "interval": [times.low, times.high]}


@contextlib.contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Set the number of threads of Numba and OpenCV, and restore it afterwards."""
    from numba import set_num_threads

    from ..kernels import threads

    before = threads.count(), cv2.getNumThreads()
    set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def table_of(rows: Iterable[Row]) -> str:
    """Return rows as a table for the screen, peers below their method."""
    lines = [
        f"{'method':<20}{'size':<8}{'':<7}{'on':<6}{'thr':>3}{'ms':>10}{'fps':>9}{'MP/s':>8}"
        "  of copy"
    ]
    for row in rows:
        share = f"{row['share_of_copy']:>8.0%}" if row["share_of_copy"] is not None else ""
        lines.append(
            f"{row['method']:<20}{row['size']:<8}{row['kind']:<7}{row['backend']:<6}"
            f"{row['threads']:>3}{row['ms']:>10.3f}{row['fps']:>9.0f}"
            f"{row['megapixels_per_second']:>8.0f}{share}{_disturbed(row)}"
        )
        lines += [_told(name, peer) for name, peer in row["peers"].items()]
        lines += [f"     --  {name} is not installed" for name in row["missing"]]
    if any(name.startswith(_CONTRIB) for row in rows for name in row["missing"]):
        lines.append(
            "cv2.saliency and cv2.ximgproc are in opencv-contrib-python, which replaces "
            "opencv-python. An environment for it:\n"
            "  python -m venv peers\n"
            "  peers/bin/pip install '.[bench]'\n"
            "  peers/bin/pip install --force-reinstall --no-deps opencv-contrib-python\n"
            "  peers/bin/fastsal bench --peers"
        )
    return "\n".join(lines)


def _disturbed(row: Row) -> str:
    return f"  {row['disturbed']:.0%} disturbed" if row["disturbed"] else ""


def _told(name: str, peer: Row) -> str:
    low, high = peer["interval"]
    return (
        f"  {peer['times']:>6.2f}x as fast as {name} ({low:.2f} to {high:.2f}; {peer['ms']:.3f} ms)"
    )
