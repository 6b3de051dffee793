import pytest

import fastsal


@pytest.mark.benchmark(group="image_signature")
def bench_image_signature(timed, image, backend, out):
    timed("signature", lambda: fastsal.image_signature(image, out=out, backend=backend))
