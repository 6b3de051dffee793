import pytest

import fastsal


@pytest.mark.benchmark(group="center_surround")
@pytest.mark.parametrize("variant", ["fast", "vocus2"])
def bench_center_surround(timed, image, backend, out, variant):
    method = "center-surround" + (" vocus2" if variant == "vocus2" else "")
    timed(method, lambda: fastsal.center_surround(image, variant=variant, out=out, backend=backend))
