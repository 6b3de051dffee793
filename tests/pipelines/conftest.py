"""Fixtures of the pipeline tests: a tiny full disk, small videos."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fastsal.pipelines.videos import VideoWriter


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"mount failed: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


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
