from functools import partial

import pytest

import fastsal
from fastsal.bench.peers import peers_of

STREAMS = ("superpixel", "superpixel-motion", "superpixel-change")


@pytest.mark.benchmark(group="superpixel_contrast")
@pytest.mark.parametrize("method", ["exact", "fast"])
def bench_superpixel_contrast(timed, image, backend, out, method):
    timed(
        f"superpixel of one frame, {method}",
        lambda: fastsal.superpixel_contrast(image, method=method, out=out, backend=backend),
    )


@pytest.mark.benchmark(group="superpixel_streams")
@pytest.mark.parametrize("key", STREAMS)
def bench_superpixel_stream(timed, frames, scene, backend, out, key):
    stream = fastsal.Stream(key, backend=backend)
    timed(key, lambda: stream.update(frames(), out=out), partial(peers_of, key, scene))


@pytest.mark.benchmark(group="superpixel_streams")
@pytest.mark.parametrize("key", STREAMS)
def bench_smooth_superpixel_stream(timed, frames, backend, out, key):
    stream = fastsal.Stream(key, smooth=True, backend=backend)
    timed(f"{key} smooth", lambda: stream.update(frames(), out=out))
