from functools import partial

import pytest

import fastsal
from fastsal.bench.peers import peers_of


@pytest.mark.benchmark(group="spectral_residual")
def bench_spectral_residual(timed, image, photo, backend, out):
    timed(
        "spectral-residual",
        lambda: fastsal.spectral_residual(image, out=out, backend=backend),
        partial(peers_of, "spectral-residual", [photo]),
    )
