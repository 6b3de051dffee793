import pytest

from fastsal.algorithms.fine_grained import fine_grained


@pytest.mark.benchmark(group="fine_grained")
@pytest.mark.parametrize("exact", [False, True], ids=["opencv", "exact"])
def bench_fine_grained(timed, image, backend, out, exact):
    timed(lambda: fine_grained(image, exact=exact, out=out, backend=backend))
