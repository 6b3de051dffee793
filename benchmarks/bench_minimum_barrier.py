import pytest

import fastsal


@pytest.mark.benchmark(group="minimum_barrier")
def bench_minimum_barrier(timed, image, backend, out):
    timed("minimum-barrier", lambda: fastsal.minimum_barrier(image, out=out, backend=backend))
