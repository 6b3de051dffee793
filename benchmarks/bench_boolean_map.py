import pytest

import fastsal


@pytest.mark.benchmark(group="boolean_map")
@pytest.mark.parametrize("longer", [384, 240])
def bench_boolean_map(timed, image, backend, out, longer):
    method = "boolean-map" + ("" if longer == 384 else f" {longer}")
    timed(method, lambda: fastsal.boolean_map(image, size=longer, out=out, backend=backend))
