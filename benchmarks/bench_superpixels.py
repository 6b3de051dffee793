import pytest

from fastsal.algorithms.superpixels import region_stats, slic, slic_like_skimage


@pytest.mark.benchmark(group="slic")
@pytest.mark.parametrize(
    ("region_size", "max_iter"), [(10, 100), (20, 10)], ids=["vl_slic", "10 rounds of 20 x 20"]
)
def bench_slic(timed, image, backend, region_size, max_iter):
    options = {"region_size": region_size, "max_iter": max_iter, "relabel": False}
    timed(lambda: slic(image, **options, backend=backend))


@pytest.mark.benchmark(group="slic")
def bench_slic_from_the_last_frame(timed, image, backend):
    labels = slic(image, backend=backend)
    timed(lambda: slic(image, initial=labels, max_iter=2, backend=backend))


@pytest.mark.benchmark(group="slic")
def bench_slic_like_skimage(timed, image):
    axis = -1 if image.ndim == 3 else None
    count = image.shape[0] * image.shape[1] // 400
    timed(lambda: slic_like_skimage(image, count, channel_axis=axis))


@pytest.mark.benchmark(group="region_stats")
def bench_region_stats(timed, image, backend):
    labels = slic(image, backend=backend)
    timed(lambda: region_stats(image, labels, backend=backend))
