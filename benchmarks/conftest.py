import numpy as np
import pytest

from fastsal import runtime
from fastsal.pipelines.bench import inputs

_SIZES = ("VGA", "720p", "1080p", "4K")


def pytest_addoption(parser):
    parser.addoption("--sizes", default=",".join(_SIZES), help="comma-separated, of inputs.SIZES")


def pytest_generate_tests(metafunc):
    if "size" in metafunc.fixturenames:
        metafunc.parametrize("size", metafunc.config.getoption("sizes").split(","))


@pytest.fixture(params=["grey", "colour"])
def image(request, size):
    photo = inputs.photograph(size)
    return inputs.gray(photo) if request.param == "grey" else photo


@pytest.fixture(params=["cpu", "cuda"])
def backend(request):
    if request.param == "cuda" and (runtime.why_no_cuda() or runtime.is_simulated()):
        pytest.skip("needs a real CUDA device")
    return request.param


@pytest.fixture
def timed(benchmark, image):
    """Time a call that is compiled already, and record its throughput."""

    def run(call):
        call()
        benchmark(call)
        pixels = image.shape[0] * image.shape[1]
        benchmark.extra_info["megapixels"] = pixels / 1e6
        if benchmark.stats:  # not with --benchmark-disable
            benchmark.extra_info["megapixels_per_second"] = (
                pixels / 1e6 / benchmark.stats.stats.median
            )

    return run


@pytest.fixture
def out(image):
    return np.empty(image.shape[:2], np.float32)
