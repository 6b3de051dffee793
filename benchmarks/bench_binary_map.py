import numpy as np
import pytest

import fastsal


@pytest.fixture
def saliency(image):
    return fastsal.fine_grained(image, backend="cpu")


@pytest.mark.benchmark(group="binary_map")
@pytest.mark.parametrize("method", ["otsu", "adaptive", "kmeans"])
def bench_binary_map(timed, saliency, backend, method):
    out = np.empty(saliency.shape, np.uint8)
    timed(lambda: fastsal.binary_map(saliency, method=method, out=out, backend=backend))


@pytest.mark.benchmark(group="salient_boxes")
def bench_salient_boxes(timed, saliency):
    timed(lambda: fastsal.salient_boxes(saliency))
