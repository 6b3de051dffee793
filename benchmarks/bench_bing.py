import numpy as np
import pytest

from fastsal.algorithms.bing import SPACES, BingModel, bing


@pytest.fixture(scope="module")
def model():
    """Return a filter for closed outlines: how long it takes hardly depends on what was learnt."""
    ring = np.ones((8, 8), np.float32)
    ring[2:6, 2:6] = -1
    calibration = np.tile(np.float32([1, 0]), (36, 1))
    sizes = np.arange(36, dtype=np.int32)
    return BingModel(dict.fromkeys(SPACES, ring), sizes, dict.fromkeys(SPACES, calibration))


@pytest.mark.benchmark(group="bing")
def bench_bing(timed, image, backend, model):
    timed(lambda: bing(image, training_path=model, backend=backend))
