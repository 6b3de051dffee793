"""Measuring methods: every one at every size, on every backend, beside its peers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ... import runtime
from ...methods import METHODS, method_of
from ..stream import Stream
from . import inputs
from .peers import peers_of
from .sidebyside import alternate, median_ms, ratio

Row = dict[str, Any]

_OURS = "fastsal"


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes
    ----------
    sizes, methods, backends : sequence of str
        Names of sizes (see `inputs.SIZES`), keys of METHODS, "cpu" and "cuda".
    threads : sequence of int
        On how many CPU threads, one after the other; peers of OpenCV's get as many.
    kinds : sequence of {"colour", "grey"}
        What the frames are.
    with_peers : bool
        Whether peers run beside.
    seconds : float
        Per comparison.
    """

    sizes: Sequence[str]
    methods: Sequence[str]
    backends: Sequence[str]
    threads: Sequence[int]
    kinds: Sequence[str] = ("colour",)
    with_peers: bool = False
    seconds: float = 1.0

    def __len__(self) -> int:
        return sum(1 for _ in self.jobs())

    def jobs(self) -> Iterator[tuple[str, str, str, int, str]]:
        """Yield method, size, backend, threads and kind of every row."""
        for key in self.methods:
            for size in self.sizes:
                for backend in self.backends:
                    for threads in self.threads if backend == "cpu" else self.threads[-1:]:
                        for kind in self.kinds:
                            yield key, size, backend, threads, kind


def plan_of(sizes: str, methods: str, backends: str, threads: str, **more: Any) -> Plan:
    """Return a plan from comma-separated lists; "all" means what there is.

    Raises
    ------
    ValueError
        If something named does not exist.
    BackendUnavailableError
        If a backend named cannot run here.
    """
    from numba import config

    offered = [name for name, status in runtime.backends().items() if status.available]
    if runtime.is_simulated():
        offered.remove("cuda")
    most = config.NUMBA_NUM_THREADS
    keys = list(METHODS) if methods == "all" else [method_of(k).key for k in methods.split(",")]
    names: Any = offered if backends == "all" else backends.split(",")
    counts = [most] if threads == "all" else [int(n) for n in threads.split(",")]
    if min(counts) < 1 or max(counts) > most:
        raise ValueError(f"expected 1 to {most} threads, got {threads}")
    return Plan(
        inputs.sizes_of(sizes), keys, [runtime.resolve(name) for name in names], counts, **more
    )


def measure(plan: Plan, bandwidths: Mapping[int, float]) -> Iterator[Row]:
    """Yield a row per job of the plan, each beside its peers.

    `bandwidths` are the bytes per second that copying moves on each number of threads.
    """
    for key, size, backend, threads, kind in plan.jobs():
        image = inputs.photograph(size)
        image = inputs.gray(image) if kind == "grey" else image
        with _on_threads(threads):
            calls = {_OURS: _call(key, backend, image)}
            if plan.with_peers:
                calls.update(peers_of(key, image))
            rounds = alternate(calls, plan.seconds)
        row = {"method": key, "size": size, "backend": backend, "threads": threads, "kind": kind}
        yield {**row, **_figures(key, image, rounds, bandwidths[threads], backend)}


def _call(key: str, backend: Any, image: NDArray[np.uint8]) -> Callable[[], Any]:
    """Return a call that gives a stream of the method its next frame."""
    stream = Stream(key, backend=backend)
    out = np.empty(image.shape[:2], np.float32)
    frames, count = (image, inputs.moved(image)), 0

    def call() -> Any:
        nonlocal count
        count += 1
        return stream.update(frames[count % 2], out=out)

    return call


def _figures(
    key: str, image: NDArray[np.uint8], rounds: dict[str, list[float]], bandwidth: float,
    backend: str,
) -> Row:  # fmt: skip
    pixels = image.shape[0] * image.shape[1]
    ours = rounds.pop(_OURS)
    milliseconds = median_ms(ours)
    # Every method must read its frame and write its map; what it reads besides is its own affair.
    moved = image.nbytes + 4 * pixels
    figures: Row = {
        "ms": milliseconds, "fps": 1e3 / milliseconds,
        "megapixels_per_second": pixels / 1e3 / milliseconds,
        "bytes_per_pixel": moved / pixels,
        "share_of_copy": moved / (milliseconds / 1e3) / bandwidth if backend == "cpu" else None,
        "peers": {},
    }  # fmt: skip
    for name, seconds in rounds.items():
        times, low, high = ratio(ours, seconds)
        figures["peers"][name] = {
            "ms": median_ms(seconds),
            "times": times,
            "quartiles": [low, high],
        }
    return figures


@contextlib.contextmanager
def _on_threads(count: int) -> Iterator[None]:
    """Give Numba and OpenCV so many threads, and then what they had before."""
    from numba import set_num_threads

    from ...kernels import threads

    before = threads.count(), cv2.getNumThreads()
    set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def table_of(rows: Iterable[Row]) -> str:
    """Return rows as a table for the screen, peers below what they are peers of."""
    lines = [
        f"{'method':<20}{'size':<8}{'':<7}{'on':<6}{'thr':>3}{'ms':>10}{'fps':>9}{'MP/s':>8}"
        "  of copy"
    ]
    for row in rows:
        share = f"{row['share_of_copy']:>8.0%}" if row["share_of_copy"] is not None else ""
        lines.append(
            f"{row['method']:<20}{row['size']:<8}{row['kind']:<7}{row['backend']:<6}"
            f"{row['threads']:>3}{row['ms']:>10.3f}{row['fps']:>9.0f}"
            f"{row['megapixels_per_second']:>8.0f}{share}"
        )
        for name, peer in row["peers"].items():
            low, high = peer["quartiles"]
            lines.append(
                f"  {peer['times']:>6.2f}x as fast as {name} ({low:.2f} to {high:.2f}; "
                f"{peer['ms']:.3f} ms)"
            )
    return "\n".join(lines)
