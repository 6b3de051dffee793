from functools import partial

import numpy as np
import pytest

import fastsal
from fastsal.bench import inputs
from fastsal.bench.peers import peers_of


@pytest.mark.benchmark(group="luminance_contrast")
def bench_luminance_contrast(timed, image, photo, backend, out):
    timed(
        "lc",
        lambda: fastsal.luminance_contrast(image, out=out, backend=backend),
        partial(peers_of, "lc", [photo]),
    )


@pytest.mark.benchmark(group="luminance_contrast")
def bench_luminance_contrast_out_of_cache(timed, frames, scene, placed, backend):
    """Time per pixel with frames and maps out of the caches, at 1080p and at 16 MP."""
    maps = inputs.in_turn([placed(np.ones(frame.shape[:2], np.float32)) for frame in scene])
    timed(
        "lc out of cache",
        lambda: fastsal.luminance_contrast(frames(), out=maps(), backend=backend),
    )


@pytest.mark.benchmark(group="luminance_contrast")
def bench_luminance_contrast_of_noise(timed, size, kind, placed, backend, out):
    """The worst case: all levels, and none beside itself."""
    noise = inputs.gray(inputs.noise(size)) if kind == "grey" else inputs.noise(size)
    image = placed(noise)
    timed(
        "lc of noise",
        lambda: fastsal.luminance_contrast(image, out=out, backend=backend),
        partial(peers_of, "lc", [noise]),
    )
