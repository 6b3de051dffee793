"""``fastsal retarget``: images and videos in another size, or one line per file."""

import sys

import numpy as np
import pytest
from image_samples import pillow, smooth_rgb
from PIL import Image

import fastsal
from fastsal.applications import RetargetStream, retarget
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image
from fastsal.io.videos import VideoReader, VideoWriter


@pytest.fixture
def photo(tmp_path, rng):
    """Return a file of 60 x 90 pixels with a bright square in the right half."""
    image = np.full((60, 90, 3), 60, np.uint8)
    image[20:40, 60:80] = (250, 220, 30)
    write_image(tmp_path / "photo.png", image)
    return tmp_path / "photo.png"


@pytest.fixture
def clip(tmp_path):
    """Return a video of 12 frames, 96 x 64, in which a square moves."""
    with VideoWriter(tmp_path / "clip.mp4", 10, (96, 64)) as writer:
        for i in range(12):
            frame = np.full((64, 96, 3), 90, np.uint8)
            frame[20:44, 4 * i : 4 * i + 24] = (30, 220, 250)
            writer.write(frame)
    return tmp_path / "clip.mp4"


def run(capsys, *arguments):
    status = main(["retarget", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def test_an_image(photo, tmp_path, capsys):
    target = tmp_path / "narrow.png"
    options = ["-m", "whitened", "--strength", "0.8", "--min-scale", "0.3"]
    status, out, err = run(capsys, photo, "--size", "45x60", "-o", target, *options)
    assert (status, out, err) == (0, f"wrote {target}\n", "")
    image = read_image(photo)
    expected = retarget(image, (60, 45), saliency=fastsal.whitened, strength=0.8, min_scale=0.3)
    np.testing.assert_array_equal(read_image(target), expected)


def test_a_video(clip, tmp_path, capsys):
    target = tmp_path / "narrow.mp4"
    status, out, err = run(capsys, clip, "--size", "48x64", "-m", "frame-difference", "-o", target)
    assert (status, err) == (0, "")
    assert f"wrote {target}: 12 frames of 48x64 in " in out
    stream = RetargetStream((64, 48), saliency="frame-difference", color="bgr")
    with VideoReader(clip) as source, VideoReader(target) as result:
        for frame, found in zip(source, result, strict=True):
            assert np.abs(stream.update(frame).astype(float) - found).mean() < 6


def test_a_folder_of_images_and_videos(photo, clip, tmp_path, capsys):
    image = smooth_rgb()
    files = {
        "cmyk.jpg": pillow(Image.fromarray(image).convert("CMYK"), "JPEG"),
        "cut.jpg": pillow(image, "JPEG")[:300],
        "empty.mp4": b"",
        "grey.png": pillow(image[..., 0], "PNG"),
        "pixel.png": pillow(image[:1, :1], "PNG"),
        "still.gif": pillow(image, "GIF"),
    }
    frames = [Image.fromarray(np.roll(image, 5 * i, 1)) for i in range(4)]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100}
    frames[0].save(tmp_path / "moving.gif", **options)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    out = tmp_path / "out"
    status, stdout, err = run(capsys, tmp_path, "--size", "40x30", "-m", "lc", "-o", out)
    assert status == 1
    assert stdout.splitlines()[-1] == f"wrote 7 of 9 files to {out}"
    errors = [line for line in err.splitlines() if "error" in line]
    assert ["cut.jpg" in errors[0], "empty.mp4" in errors[1], len(errors)] == [True, True, 2]
    assert sorted(path.name for path in out.iterdir()) == [
        "clip.mp4", "cmyk.jpg", "grey.png", "moving.mp4", "photo.png", "pixel.png", "still.png",
    ]  # fmt: skip
    assert read_image(out / "grey.png").shape == (30, 40)
    with VideoReader(out / "moving.mp4") as reader:
        assert sum(1 for _ in reader) == 4


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_photographs_come_out_upright(tmp_path, capsys, orientation):
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    source.write_bytes(pillow(smooth_rgb(), "JPEG", exif=exif, quality=95))
    assert run(capsys, source, "--size", "50x40", "-o", target)[0] == 0
    with Image.open(target) as written:
        assert written.getexif().get(0x0112, 1) == 1
        found = np.asarray(written).astype(float)
    assert np.abs(found - retarget(read_image(source), (40, 50))).mean() < 4


def test_pages_that_are_left_out_are_named(tmp_path, capsys):
    pages = [Image.fromarray(smooth_rgb()), Image.fromarray(smooth_rgb())]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    target = tmp_path / "one.png"
    status, _, err = run(capsys, tmp_path / "pages.tif", "--size", "9x9", "-o", target)
    assert status == 0
    assert err == f"fastsal: {tmp_path / 'pages.tif'}: read the first of 2 pictures\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "4"], "must be WxH"),
        (["--size", "0x4"], "must be at least 1x1"),
        (["--size", "40000x4"], "must be at most 32768x32768"),
        ([], "the following arguments are required: --size"),
        (["--size", "4x4", "-m", "flow"], "--method must be a method for single images"),
        (["--size", "4x4", "-m", "whitend"], "did you mean whitened"),
        (["--size", "4x4", "--min-scale", "0"], "--min-scale must be from 0.01 to 1"),
        (["--size", "4x4", "--strength", "nan"], "--strength must be from 0 to 1"),
        (["--size", "4x4", "--background", "nonsense"], "`background` must be a colour"),
    ],
)
def test_wrong_use(photo, tmp_path, capsys, arguments, message):
    status, _, err = run(capsys, photo, *arguments, "-o", tmp_path / "out.png")
    assert status == 2
    assert message in err
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("source", "target", "status", "message"),
    [
        ("photo.png", "out.mp4", 2, "must end in .png"),
        ("clip.mp4", "out.png", 2, "must end in .mp4"),
        ("photo.png", "photo.png", 1, "would overwrite an input"),
        ("clip.mp4", "./clip.mp4", 1, "would overwrite an input"),
        ("missing.png", "out.png", 1, "no such file"),
        ("photo.png", "missing/out.png", 1, "no such folder"),
    ],
)
def test_refused_targets(photo, clip, tmp_path, capsys, source, target, status, message):
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    arguments = [tmp_path / source, "--size", "20x20", "-o", f"{tmp_path}/{target}"]
    found, out, err = run(capsys, *arguments)
    assert (found, out) == (status, "")
    assert message in err
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_missing_solver_is_named_before_any_work(photo, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "piqp", None)
    status, _, err = run(capsys, photo, "--size", "4x4", "-o", tmp_path / "out.png")
    assert status == 1
    assert "retargeting needs PIQP; run `pip install piqp`" in err


def test_a_damaged_video_leaves_no_file(clip, tmp_path, capsys):
    clip.write_bytes(clip.read_bytes()[:900])
    out = tmp_path / "out"
    assert run(capsys, clip, "--size", "20x20", "-o", f"{out}/")[0] == 1
    assert list(out.iterdir()) == []
