import pytest

from fastsal.algorithms.center_surround import center_surround


@pytest.mark.benchmark(group="center_surround")
@pytest.mark.parametrize("variant", ["fast", "vocus2"])
def bench_center_surround(timed, image, backend, out, variant):
    timed(lambda: center_surround(image, variant=variant, out=out, backend=backend))
