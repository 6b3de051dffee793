from functools import partial

import pytest

import fastsal
from fastsal.bench.peers import peers_of


@pytest.mark.benchmark(group="fine_grained")
def bench_fine_grained(timed, image, photo, backend, out):
    timed(
        "fine-grained",
        lambda: fastsal.fine_grained(image, out=out, backend=backend),
        partial(peers_of, "fine-grained", [photo]),
    )


@pytest.mark.benchmark(group="fine_grained")
def bench_fine_grained_exact(timed, image, backend, out):
    timed(
        "fine-grained exact",
        lambda: fastsal.fine_grained(image, exact=True, out=out, backend=backend),
    )
