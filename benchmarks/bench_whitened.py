import pytest

import fastsal


@pytest.mark.benchmark(group="whitened")
@pytest.mark.parametrize("size", [128, 64])
def bench_whitened(timed, image, backend, out, size):
    method = "whitened" + ("" if size == 128 else f" {size}")
    timed(method, lambda: fastsal.whitened(image, size=size, out=out, backend=backend))
