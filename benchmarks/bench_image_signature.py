import pytest

from fastsal.algorithms.image_signature import image_signature


@pytest.mark.benchmark(group="image_signature")
def bench_image_signature(timed, image, backend, out):
    timed(lambda: image_signature(image, out=out, backend=backend))
