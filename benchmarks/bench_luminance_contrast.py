import pytest

import fastsal


@pytest.mark.benchmark(group="luminance_contrast")
def bench_luminance_contrast(timed, image, backend, out):
    timed(lambda: fastsal.luminance_contrast(image, out=out, backend=backend))
