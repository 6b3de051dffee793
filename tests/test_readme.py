"""Every code block of the README runs, in order, in one folder."""

import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from processes import started

from fastsal.io.pictures import write_image
from fastsal.io.videos import VideoWriter

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
# These two make an environment of their own: .ci/run runs them, as they stand here.
# No camera, no display and no minute of measuring is needed to see that a command runs.
SHORTER = {
    "webcam": ["--source", "synthetic", "--headless", "--frames", "5"],
    "bench": ["--sizes", "320x240", "--seconds", "0.01", "--methods", "lc,bin-wang"],
}
SETUP = ["pip install . && fastsal demo", 'pip install -e ".[test]" && pytest']


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    """Return a folder with the files that the README speaks of."""
    monkeypatch.chdir(tmp_path)
    photo = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    write_image("photo.jpg", photo)
    (tmp_path / "photos").mkdir()
    write_image("photos/photo.jpg", photo)
    (tmp_path / "shots").mkdir()
    for number in range(1, 4):
        write_image(f"shots/img_{number:04}.png", np.roll(photo, number, axis=1))
    (tmp_path / "gaze").mkdir()
    write_image("gaze/photo.jpg", photo)
    (tmp_path / "gaze" / "fixations.csv").write_text(
        "image,subject,x_px,y_px\nphoto.jpg,1,40,30\nphoto.jpg,2,52,21\n"
    )
    with VideoWriter("street.mp4", 10, (64, 48)) as writer:
        for _ in range(5):
            writer.write(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    return tmp_path


def test_python_blocks_run(folder, capsys):
    namespace = {}
    for language, code in BLOCKS:
        if language == "python" and "import torch" not in code:  # tests/optional/torch runs that
            exec(compile(code, "README.md", "exec"), namespace)

    assert namespace["saliency"].shape == (512, 512)
    assert namespace["report"].frames == 5
    assert 0 < namespace["crop"].size < namespace["image"].size
    assert namespace["labels"].max() > 100
    assert (folder / "moving.mp4").exists()


def test_commands_run(folder):
    commands = [
        line for language, code in BLOCKS if language == "bash" for line in code.splitlines()
    ]
    assert commands[:2] == SETUP

    for command in commands[2:]:
        program, *arguments = shlex.split(command, comments=True)
        assert program == "fastsal"
        if arguments == ["warmup"]:
            continue  # half a minute of compiling; tests/test_warmup.py warms up
        if "--cluster" in arguments:
            continue  # needs Dask: tests/optional/cluster/test_cli.py
        if arguments[0] == "explain":
            continue  # needs PyTorch: tests/optional/torch/test_readme.py
        if "--web" in arguments:
            serve(arguments)
            continue
        shorter = SHORTER.get(arguments[0], [])
        subprocess.run(
            [sys.executable, "-m", "fastsal", *arguments, *shorter], check=True, timeout=120
        )

    written = {path.name for path in folder.rglob("*.*")}
    assert {
        "photo-boolean-map.png",
        "map.npy",
        "path.png",
        "moving.mp4",
        "boolean-map_000005.png",
        "both.mp4",
        "scores.png",
    } <= written


def serve(arguments):
    """Start a server, see that its page is there, and end it as a user would."""
    free = ["0" if each.isdecimal() else each for each in arguments]  # the README's may be taken
    command = [sys.executable, "-m", "fastsal", *free]
    with started(command, stderr=None) as server:
        address = server.stdout.readline().split()[1]
        assert address.rpartition(":")[0] in README
        with urllib.request.urlopen(address) as answer:
            assert b"getUserMedia" in answer.read()
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 130


def test_every_block_has_a_language_that_is_run():
    assert {language for language, _ in BLOCKS} == {"python", "bash"}


def test_it_is_short():
    lines = README.splitlines()
    assert len(lines) <= 240
    assert [line for line in lines if len(line) > 120] == []


def test_pictures_are_there():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert len(pictures) >= 2
    for picture in pictures:
        assert (Path(__file__).parents[1] / picture).exists()
