import pytest

import fastsal


@pytest.mark.benchmark(group="whitened")
@pytest.mark.parametrize("longer", [128, 64])
def bench_whitened(timed, image, backend, out, longer):
    method = "whitened" + ("" if longer == 128 else f" {longer}")
    timed(method, lambda: fastsal.whitened(image, size=longer, out=out, backend=backend))
