"""Targets that exist and are no regular file, through every option that names one."""

import os
import socket
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from fastsal.cli.main import main
from fastsal.io.pictures import write_image
from fastsal.io.videos import VideoWriter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders are for Unix")

WEBCAM = ["webcam", "--source", "synthetic", "--headless", "--frames", "1", "--size", "64x48"]
BENCH = ["bench", "--sizes", "64x64", "--methods", "lc", "--seconds", "0.01"]
COMMANDS = {
    "image": (["image", "IN.png", "-o"], ".png"),
    "image array": (["image", "IN.png", "-o"], ".npy"),
    "video": (["video", "IN.avi", "-o"], ".mp4"),
    "video without PyAV": (["video", "IN.avi", "-o"], ".avi"),
    "record": ([*WEBCAM, "--record"], ".mp4"),
    "webcam json": ([*WEBCAM, "--json"], ".json"),
    "bench json": ([*BENCH, "--json"], ".json"),
    "bench plot": ([*BENCH, "--plot"], ".svg"),
}


def special_target(path: Path, kind: str) -> None:
    """Make a target of this kind."""
    aim = path.with_name(f"aim{path.suffix}")
    if kind.startswith("fifo"):
        os.mkfifo(aim if kind.endswith("link") else path)
    if kind.startswith("socket"):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    if kind.startswith("device"):
        aim = Path(os.devnull)
    if kind.endswith("link"):
        path.symlink_to(aim)
    if kind == "loop":
        path.symlink_to(path.name)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    write_image(tmp_path / "IN.png", np.zeros((20, 30, 3), np.uint8))
    with VideoWriter(tmp_path / "IN.avi", 10, (64, 48)) as writer:
        for _ in range(3):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    return tmp_path


@pytest.mark.parametrize("kind", ["fifo", "fifo link", "socket", "device link", "loop"])
@pytest.mark.parametrize("command", COMMANDS)
def test_special_targets_are_refused_with_one_line_and_stay(
    inputs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    kind: str,
) -> None:
    monkeypatch.chdir(inputs)
    arguments, suffix = COMMANDS[command]
    target = Path(f"out{suffix}")
    special_target(target, kind)
    before = target.lstat()

    assert main([*arguments, str(target)]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert str(target) in line
    assert "too many levels" in line if kind == "loop" else "must be a regular file; got a" in line
    after = target.lstat()
    assert (after.st_ino, stat.S_IFMT(after.st_mode)) == (
        before.st_ino,
        stat.S_IFMT(before.st_mode),
    )
    assert not list(Path().glob(".*"))


@pytest.mark.parametrize("command", ["image", "video", "video without PyAV", "record"])
def test_a_link_to_a_regular_file_keeps_pointing(
    inputs: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(inputs)
    arguments, suffix = COMMANDS[command]
    Path("deep").mkdir()
    Path(f"deep/real{suffix}").write_bytes(b"old")
    Path(f"link{suffix}").symlink_to(f"deep/real{suffix}")
    assert main([*arguments, f"link{suffix}"]) == 0
    assert Path(f"link{suffix}").is_symlink()
    assert Path(f"deep/real{suffix}").stat().st_size > 50
