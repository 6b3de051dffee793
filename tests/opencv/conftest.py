from pathlib import Path

import numpy as np
import pytest

from fastsal import opencv


@pytest.fixture(scope="session")
def golden(recordings):
    """Return a function that loads an archive of arrays that OpenCV made."""
    return lambda name: dict(np.load(recordings / "opencv" / f"{name}.npz"))


@pytest.fixture(scope="session")
def model():
    """Return the folder of OpenCV's model, as OpenCV takes it."""
    return str(Path(__file__).parents[1] / "golden" / "opencv" / "bing_model")


@pytest.fixture
def bing(model):
    finder = opencv.ObjectnessBING_create()
    finder.setTrainingPath(model)
    return finder


@pytest.fixture
def photo(rng):
    return rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.fixture(params=[(4, 14), (5, 0), (5, 1)], ids=lambda version: "{}.{}".format(*version))
def version(request, monkeypatch):
    """Let one version of OpenCV after the other be the one that is installed."""
    for module in ("arrays", "objectness"):
        monkeypatch.setattr(f"fastsal.opencv.{module}.version", lambda: request.param)
    return request.param
