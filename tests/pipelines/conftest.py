"""Fixtures of the pipeline tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fastsal.io.videos import VideoWriter


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip whose frame k is a flat grey of level 8 * k (modulo 256)."""

    def make(
        name: str = "in.avi", frames: int = 20, size: tuple[int, int] = (64, 48), fps: float = 10.0
    ) -> Path:
        target = tmp_path / name
        with VideoWriter(target, fps, size) as writer:
            for index in range(frames):
                writer.write(np.full((size[1], size[0], 3), 8 * index % 256, np.uint8))
        return target

    return make


@pytest.fixture(params=["av", "opencv"])
def encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Writes videos by PyAV, and then as where it is not installed."""
    if request.param == "av":
        pytest.importorskip("av", reason="PyAV is not installed")
    else:
        monkeypatch.setattr("fastsal.io.encoders.has_av", lambda: False)
    return str(request.param)
