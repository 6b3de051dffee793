import itertools

import numpy as np
import pytest

import fastsal
from fastsal.pipelines.bench import inputs

STREAMS = ("superpixel", "superpixel-motion", "superpixel-change")


@pytest.mark.benchmark(group="superpixel_contrast")
@pytest.mark.parametrize("method", ["exact", "fast"])
def bench_superpixel_contrast(timed, image, backend, out, method):
    timed(lambda: fastsal.superpixel_contrast(image, method=method, out=out, backend=backend))


@pytest.mark.benchmark(group="superpixel_streams")
@pytest.mark.parametrize("smooth", [False, True], ids=["painted", "smooth"])
@pytest.mark.parametrize("key", STREAMS)
def bench_superpixel_stream(timed, image, backend, out, key, smooth):
    stream = fastsal.Stream(key, smooth=smooth, backend=backend)
    frames = itertools.cycle((image, inputs.moved(image)))
    timed(lambda: stream.update(next(frames), out=out))


@pytest.mark.benchmark(group="superpixel_terms")
@pytest.mark.parametrize("count", [4_000, 20_736])
@pytest.mark.parametrize("method", ["exact", "fast"])
def bench_terms_of_superpixels(benchmark, method, count):
    """Uniqueness and distribution alone, on the CPU, of random points."""
    from fastsal.algorithms.superpixel_contrast import _cpu_fast, _cpu_pairs

    bench = {"exact": _cpu_pairs, "fast": _cpu_fast}[method]
    rng = np.random.default_rng(5)
    color = rng.random((count, 3), np.float32) * np.float32([100, 60, 60])
    place = rng.random((count, 2), np.float32)
    terms = bench.uniqueness_and_distribution
    benchmark(lambda: terms(color, place, color, place, (20.0, 0.25)))
