"""``fastsal compress`` and ``fastsal quality``."""

import re

import numpy as np
import pytest
from PIL import Image
from skimage import data
from video_samples import write_video

from fastsal.applications import psnr
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image


@pytest.fixture
def photo(tmp_path):
    write_image(tmp_path / "photo.png", data.astronaut()[:200, :256])
    return tmp_path / "photo.png"


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "clip.mkv", "ffv1", frames=8)


def run(capsys, *arguments):
    status = main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return status, out, err


def test_an_image(photo, tmp_path, capsys):
    target = tmp_path / "small.jpg"
    options = ["-m", "lc", "--quality", "70", "--background", "4", "--subsampling", "4:2:0"]
    status, out, err = run(capsys, "compress", photo, "-o", target, *options)
    assert (status, err) == (0, "")
    assert out.startswith(f"wrote {target}: {target.stat().st_size:,} bytes, ")
    with Image.open(target) as picture:
        assert picture.layer[0][1:3] == (2, 2)  # 4:2:0
    status, out, err = run(capsys, "quality", photo, target)
    assert (status, err) == (0, "")
    found = float(re.search(r"PSNR, dB +([\d.]+)", out)[1])
    assert found == pytest.approx(psnr(read_image(photo), read_image(target)), abs=0.006)
    assert "MS-SSIM" in out


def test_a_video(clip, tmp_path, capsys):
    target = tmp_path / "small.mp4"
    options = ["-m", "frame-difference", "--crf", "30", "--preset", "fast", "--compare"]
    status, out, err = run(capsys, "compress", clip, "-o", target, *options)
    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert first.startswith(f"wrote {target}: 8 frames, {target.stat().st_size:,} bytes in ")
    assert second.startswith("without regions: ")
    table, plot = tmp_path / "q.csv", tmp_path / "q.png"
    status, out, err = run(
        capsys, "quality", clip, target, "-m", "lc", "--csv", table, "--plot", plot
    )
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "8 frames, weights by lc"
    values = np.loadtxt(table, delimiter=",", skiprows=1)
    assert f"{values[:, 2].mean():.2f}" in out
    assert plot.exists()


def test_bad_use(photo, clip, tmp_path, capsys):
    write_video(tmp_path / "clip.mp4", "libx264", frames=3)
    for status, reason, *arguments in [
        (2, "-o must end in one of .jpg", "compress", photo, "-o", "a.png"),
        (2, "--crf has no effect with images", "compress", photo, "-o", "a.jpg", "--crf", 20),
        (2, "--quality has no effect with vid", "compress", clip, "-o", "a.mp4", "--quality", 20),
        (2, "method for single images", "compress", photo, "-o", "a.jpg", "-m", "bin-wang"),
        (2, "`quality` must be", "compress", photo, "-o", "a.jpg", "--quality", 101),
        (2, "`preset` must be", "compress", clip, "-o", "a.mp4", "--preset", "x"),
        (2, "-o must be", "compress", photo, "-o", ""),
        (1, "no such file", "compress", "none.jpg", "-o", "a.jpg"),
        (1, "still image", "compress", photo, "-o", "a.mp4"),
        (1, "same file", "compress", tmp_path / "clip.mp4", "-o", tmp_path / "clip.mp4"),
        (2, "--csv has no effect with images", "quality", photo, photo, "--csv", "a.csv"),
        (1, "no such folder", "quality", tmp_path / "clip.mp4", "a", "--csv", "none/a.csv"),
        (1, "same shape", "quality", photo, _other(tmp_path)),
    ]:
        found, out, err = run(capsys, *arguments)
        assert (found, out) == (status, ""), arguments
        assert reason in err
        assert err.count("\n") == 1


def _other(folder):
    write_image(folder / "other.png", np.zeros((20, 20), np.uint8))
    return folder / "other.png"
