import pytest

import fastsal


@pytest.mark.benchmark(group="boolean_map")
@pytest.mark.parametrize("size", [240, 384])
def bench_boolean_map(timed, image, backend, out, size):
    timed(
        f"boolean-map, size {size}",
        lambda: fastsal.boolean_map(image, size=size, out=out, backend=backend),
    )
