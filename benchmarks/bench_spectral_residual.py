import pytest

from fastsal.algorithms.spectral_residual import spectral_residual


@pytest.mark.benchmark(group="spectral_residual")
def bench_spectral_residual(timed, image, backend, out):
    timed(lambda: spectral_residual(image, out=out, backend=backend))
