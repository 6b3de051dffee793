import pytest

import fastsal


@pytest.mark.benchmark(group="whitened")
@pytest.mark.parametrize("cells", [128, 64])
def bench_whitened(timed, image, backend, out, cells):
    method = "whitened" + ("" if cells == 128 else f" {cells}")
    timed(method, lambda: fastsal.whitened(image, size=cells, out=out, backend=backend))
