from functools import partial

import pytest

from fastsal.algorithms.superpixels import region_stats, slic, slic_like_skimage
from fastsal.bench.peers import slic_peers


@pytest.mark.benchmark(group="slic")
def bench_slic_to_its_end(timed, image, backend):
    """Iterate to convergence like vl_slic; no peer for Python does."""
    options = {"region_size": 10, "max_iter": 100, "relabel": False, "backend": backend}
    timed("slic to its end", lambda: slic(image, **options), moved=_moved(image))


@pytest.mark.benchmark(group="slic")
def bench_slic_in_ten_rounds(timed, image, photo, backend):
    options = {"region_size": 20, "max_iter": 10, "relabel": False, "backend": backend}
    timed(
        "slic in ten rounds",
        lambda: slic(image, **options),
        partial(slic_peers, [photo], 20),
        moved=_moved(image),
    )


@pytest.mark.benchmark(group="slic")
def bench_slic_from_the_last_frame(timed, image, backend):
    labels = slic(image, backend=backend)
    timed(
        "slic from the last frame",
        lambda: slic(image, initial=labels, max_iter=2, backend=backend),
        moved=_moved(image),
    )


@pytest.mark.benchmark(group="slic")
def bench_slic_like_skimage(timed, photo):
    axis = -1 if photo.ndim == 3 else None
    count = photo.shape[0] * photo.shape[1] // 400
    timed(
        "slic like skimage",
        lambda: slic_like_skimage(photo, count, channel_axis=axis),
        moved=_moved(photo),
    )


@pytest.mark.benchmark(group="region_stats")
def bench_region_stats(timed, image, backend):
    labels = slic(image, backend=backend)
    timed(
        "region-stats",
        lambda: region_stats(image, labels, backend=backend),
        moved=_moved(image),
    )


def _moved(image):
    """Return the bytes per pixel of a frame and of labels."""
    return 4 + (3 if len(image.shape) == 3 else 1)
