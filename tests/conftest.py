import os
from pathlib import Path

import numpy as np
import pytest

from fastsal import runtime

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def backend(request):
    if request.param == "cuda" and (reason := runtime.why_no_cuda()):
        pytest.skip(reason)
    return request.param


@pytest.fixture(scope="session")
def shared():
    """Return the folder of recorded data beside the repository."""
    if not SHARED.is_dir():
        assert not os.environ.get("CI"), f"{SHARED} is missing"
        pytest.skip("the folder of recorded data is not here")
    return SHARED


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Let the simulator, a Python thread per CUDA thread, run few of them."""
    if runtime.is_simulated():
        from fastsal.kernels import launch

        monkeypatch.setattr(launch, "THREADS", 32)
