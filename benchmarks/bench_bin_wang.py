import statistics
import time

import numpy as np
import pytest

import fastsal
from fastsal.pipelines.bench import inputs
from fastsal.pipelines.bench.peers import SETTLED, peers_of


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

    OpenCV then decides pixel by pixel whether what stands still belongs to the background, over a
    second for a frame of VGA.
    """
    scene = inputs.scene(size, "grey")
    stream, out = fastsal.BinWang(), np.empty(scene[0].shape, np.uint8)
    following = inputs.in_turn(scene)
    for _ in range(SETTLED):
        stream.update(following(), out=out)
    stopped = scene[0].copy()
    rows, cols = (length // 4 for length in stopped.shape)
    stopped[rows : 2 * rows, cols : 2 * cols] = scene[0][2 * rows : 3 * rows, 2 * cols : 3 * cols]
    seconds = []

    def update():
        began = time.perf_counter()
        stream.update(stopped, out=out)
        seconds.append(time.perf_counter() - began)

    benchmark.pedantic(update, rounds=300)
    if not benchmark.stats:
        return
    median = statistics.median(seconds)
    benchmark.extra_info.update(
        method="bin-wang, worst frame", size=size, backend="cpu", kind="grey",
        ms=1e3 * max(seconds), worst_over_median=max(seconds) / median,
    )  # fmt: skip
