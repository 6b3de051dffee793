import statistics
import time

import numpy as np
import pytest

import fastsal
from fastsal.bench import inputs
from fastsal.bench.peers import SETTLED, peers_of


@pytest.mark.benchmark(group="bin_wang")
def bench_bin_wang(timed, frames, scene, backend, out):
    """The steady state: of both sides a model that is in use, on a scene in which things move."""
    stream = fastsal.Stream("bin-wang", backend=backend)
    for _ in range(SETTLED):
        stream.update(frames(), out=out)
    timed("bin-wang", lambda: stream.update(frames(), out=out), lambda: peers_of("bin-wang", scene))


@pytest.mark.benchmark(group="bin_wang")
def bench_bin_wang_worst_frame(benchmark, size):
    """The slowest of the frames after which something has stopped in view, over the median one.

    OpenCV then decides pixel by pixel whether static regions belong to the background, and takes
    over a second for a VGA frame. The frames are shown three times, and a frame's time is its
    minimum, which excludes interruptions by the system.
    """
    scene = inputs.scene(size, "grey")
    out = np.empty(scene[0].shape, np.uint8)
    shown = [scene[number % len(scene)] for number in range(SETTLED)] + 300 * [_stopped(scene[0])]
    seconds = []

    def show():
        stream = fastsal.BinWang()
        seconds.append([_seconds_of(stream, frame, out) for frame in shown][SETTLED:])

    benchmark.pedantic(show, rounds=3)
    if benchmark.stats:  # not with --benchmark-disable
        shortest = [min(each) for each in zip(*seconds, strict=True)]
        benchmark.extra_info.update(
            method="bin-wang, worst frame", size=size, backend="cpu", kind="grey",
            ms=1e3 * max(shortest), worst_over_median=max(shortest) / statistics.median(shortest),
        )  # fmt: skip


def _stopped(frame):
    """Return a frame in which something is where it was not, and from now on stays."""
    stopped = frame.copy()
    rows, cols = (length // 4 for length in frame.shape)
    stopped[rows : 2 * rows, cols : 2 * cols] = frame[2 * rows : 3 * rows, 2 * cols : 3 * cols]
    return stopped


def _seconds_of(stream, frame, out):
    began = time.perf_counter()
    stream.update(frame, out=out)
    return time.perf_counter() - began
