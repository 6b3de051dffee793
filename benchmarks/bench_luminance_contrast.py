from functools import partial

import pytest

import fastsal
from fastsal.pipelines.bench import inputs
from fastsal.pipelines.bench.peers import peers_of


@pytest.mark.benchmark(group="luminance_contrast")
def bench_luminance_contrast(timed, image, photo, backend, out):
    timed(
        "lc",
        lambda: fastsal.luminance_contrast(image, out=out, backend=backend),
        partial(peers_of, "lc", [photo]),
    )


@pytest.mark.benchmark(group="luminance_contrast")
def bench_luminance_contrast_of_new_frames(timed, frames, backend, out):
    """What a pixel costs where no frame is in the caches: at 1080p as in larger ones."""
    timed(
        "lc of new frames",
        lambda: fastsal.luminance_contrast(frames(), out=out, backend=backend),
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
