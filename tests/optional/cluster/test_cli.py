"""``--cluster`` on the command line, in processes of their own."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from clusters import outputs, pixels

import fastsal

README = Path(__file__).parents[3] / "README.md"


def fastsal_run(*arguments, cwd, status=0):
    """Run the program, and return its lines on stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "fastsal", *map(str, arguments)],
        capture_output=True, text=True, timeout=100, cwd=cwd, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


def test_the_readme_s_command(photos, tmp_path):
    (command,) = re.findall(r"^fastsal image .*--cluster.*$", README.read_text(), re.M)
    _, *arguments = shlex.split(command, comments=True)
    out, errors = fastsal_run(*arguments, cwd=tmp_path)
    assert errors == []
    assert out[0].startswith("processed 40 of 40 images to maps/ in ")
    assert len(outputs(tmp_path / "maps")) == 40


def test_methods_views_and_a_report(photos, tmp_path, processes):
    address = processes.start_scheduler()
    processes.start_worker()
    processes.wait_for_workers(1)
    arguments = ["image", photos, "-m", "lc,whitened", "--view", "map", "-o", "maps"]
    arguments += ["--cluster", address, "--json", "report.json"]
    out, _ = fastsal_run(*arguments, cwd=tmp_path)
    assert out[0].startswith("processed 40 of 40 images to maps in ")
    found = outputs(tmp_path / "maps")
    assert len(found) == 80
    image = cv2.imread(str(photos / "007.jpg"))[..., ::-1]
    wanted = np.rint(255 * fastsal.whitened(image)).astype(np.uint8)
    np.testing.assert_array_equal(pixels(found["007-whitened.png"]), wanted)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["counts"] == {"done": 40, "skipped": 0, "failed": 0}

    out, _ = fastsal_run(*arguments, cwd=tmp_path)
    assert out == ["processed 0 of 40 images to maps; 40 were finished already"]
    (photos / "broken.jpg").write_bytes(b"no picture")
    _, errors = fastsal_run(*arguments, cwd=tmp_path, status=1)
    assert len(errors) == 1
    assert errors[0].startswith(f"fastsal: error: {photos / 'broken.jpg'}: ")


def test_the_pictures_are_those_without_a_cluster(photos, tmp_path, processes):
    address = processes.start_scheduler()
    processes.start_worker()
    processes.wait_for_workers(1)
    looks = [
        ["--view", "grid", "-m", "lc,whitened"],
        ["--view", "side", "--alpha", "0.3"],
        ["--view", "map", "--scanpath", "3", "--boxes"],
        ["-m", "bing", "--boxes"],
    ]
    for index, look in enumerate(looks):
        one, two = f"one-{index}", f"two-{index}"
        names = [photos / "001.jpg", photos / "002.jpg"]
        fastsal_run("image", *names, *look, "-o", one, cwd=tmp_path)
        fastsal_run("image", *names, *look, "-o", two, "--cluster", address, cwd=tmp_path)
        assert outputs(tmp_path / one) == outputs(tmp_path / two)


def test_videos(shared, tmp_path):
    street = shared / "data" / "videos" / "vtest.avi"
    arguments = ["video", street, "-m", "frame-difference", "--end", "2", "--resize", "96x72"]
    arguments += ["-o", "maps", "--cluster", "local:1"]
    out, errors = fastsal_run(*arguments, cwd=tmp_path)
    assert errors == []
    assert out[0].startswith("processed 1 of 1 videos to maps in ")
    assert list(outputs(tmp_path / "maps")) == ["vtest-frame-difference.mp4"]


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--cluster", "local:0"], 2, "--cluster local:N must be an integer of at least 1"),
        (["--cluster", "local:x"], 2, "--cluster local:N must be an integer of at least 1"),
        (["--cluster", ""], 2, "--cluster must be an address or local; got an empty one"),
        (["--cluster", "local", "--pages"], 2, "--pages has no effect with --cluster"),
        (["--overwrite"], 2, "--overwrite has no effect without --cluster"),
        (["--json", "a.json"], 2, "--json has no effect without --cluster"),
        (["--cluster", "tcp://127.0.0.1:9"], 1, "no scheduler answers at tcp://127.0.0.1:9"),
        (["--cluster", "nowhere:nothing"], 1, "no scheduler answers at nowhere:nothing"),
        (["--cluster", "local", "-m", "flow"], 1, "flow compares frames in their order"),
    ],
)
def test_bad_use_is_one_line(arguments, status, text, photos, tmp_path):
    out, errors = fastsal_run(
        "image", photos / "001.jpg", "-m", "lc", "-o", "maps", *arguments,
        cwd=tmp_path, status=status,
    )  # fmt: skip
    assert out == []
    assert len(errors) == 1
    assert text in errors[0]
    assert not list(tmp_path.glob("maps/*.png"))
