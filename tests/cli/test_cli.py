import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

import fastsal
from fastsal.cli.main import main
from fastsal.pipelines.pictures import read_image, write_image
from fastsal.pipelines.videos import VideoReader, VideoWriter


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    write_image(path, rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    return path


@pytest.fixture
def clip(tmp_path, rng):
    path = tmp_path / "clip.avi"
    with VideoWriter(path, 10, (64, 48)) as writer:
        for _ in range(12):
            writer.write(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    return path


def fails(capsys, *arguments, status=1):
    """Run a command that cannot be done; return its one line on stderr."""
    assert main([str(each) for each in arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("fastsal: ")
    return lines[0]


def leftovers(folder, *expected):
    return sorted(path.name for path in folder.iterdir() if path not in expected)


def test_image_writes_the_map_itself(photo, tmp_path):
    target = tmp_path / "map.png"

    assert main(["image", str(photo), "-m", "lc", "-o", str(target), "--view", "map"]) == 0

    out = np.empty((40, 60), np.uint8)
    fastsal.luminance_contrast(read_image(photo), out=out)
    np.testing.assert_array_equal(read_image(target), out)


def test_image_writes_float_maps_to_npy(photo, tmp_path):
    target = tmp_path / "map.npy"

    assert main(["image", str(photo), "-o", str(target)]) == 0

    np.testing.assert_array_equal(np.load(target), fastsal.luminance_contrast(read_image(photo)))


@pytest.mark.parametrize(("view", "width"), [("overlay", 60), ("side-by-side", 120)])
def test_image_views(photo, tmp_path, view, width):
    target = tmp_path / "view.png"

    assert main(["image", str(photo), "-o", str(target), "--view", view]) == 0

    picture = read_image(target)
    assert picture.shape == (40, width, 3)
    overlaid = fastsal.overlay(read_image(photo), fastsal.luminance_contrast(read_image(photo)))
    np.testing.assert_array_equal(picture[:, -60:], overlaid)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_image_takes_grey_and_deep_pictures(tmp_path, rng, depth):
    path, target = tmp_path / "gray.png", tmp_path / "map.png"
    write_image(path, rng.integers(0, np.iinfo(depth).max + 1, (20, 30), dtype=depth))

    assert main(["image", str(path), "-o", str(target)]) == 0

    assert read_image(target).shape == (20, 30, 3)


def test_image_takes_folders_globs_and_several_methods(tmp_path, rng, capsys):
    folder, out = tmp_path / "in", tmp_path / "out" / "deep"
    folder.mkdir()
    for name in ("b.png", "a.jpg"):
        write_image(folder / name, rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))

    methods = "lc,frame-difference"
    assert main(["image", str(folder), str(folder / "*.png"), "-m", methods, "-o", str(out)]) == 0

    assert leftovers(out) == [
        "a-frame-difference.png", "a-lc.png", "b-frame-difference.png", "b-lc.png"
    ]  # fmt: skip
    assert "wrote 4 maps" in capsys.readouterr().out


def test_static_methods_take_each_image_alone(tmp_path, rng):
    for index in range(2):
        write_image(tmp_path / f"{index}.png", rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))

    arguments = ["-m", "superpixel", "--view", "map", "-o", str(tmp_path / "out")]
    assert main(["image", str(tmp_path / "[01].png"), *arguments]) == 0

    for index in range(2):
        alone = fastsal.superpixel_contrast(read_image(tmp_path / f"{index}.png"))
        written = read_image(tmp_path / "out" / f"{index}-superpixel.png")
        np.testing.assert_array_equal(written, np.rint(255 * alone))


def test_motion_methods_take_images_as_frames(tmp_path):
    for index in range(2):
        write_image(tmp_path / f"{index}.png", np.full((8, 9), 51 * index, np.uint8))

    arguments = ["-m", "frame-difference", "--view", "map", "-o", str(tmp_path / "out")]
    assert main(["image", str(tmp_path / "[01].png"), *arguments]) == 0

    assert not read_image(tmp_path / "out" / "0-frame-difference.png").any()
    assert (read_image(tmp_path / "out" / "1-frame-difference.png") == 51).all()


def test_all_means_all_static_methods(photo, tmp_path):
    assert main(["image", str(photo), "-m", "all", "-o", str(tmp_path / "out")]) == 0

    static = [key for key, method in fastsal.METHODS.items() if method.kind == "static"]
    assert leftovers(tmp_path / "out") == sorted(f"photo-{key}.png" for key in static)


def test_image_errors(photo, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:100])
    (tmp_path / "text.png").write_text("not a picture")
    out = tmp_path / "out.png"
    assert "no such file" in fails(capsys, "image", tmp_path / "none.png", "-o", out)
    assert "broken.png" in fails(capsys, "image", tmp_path / "broken.png", "-o", out)
    assert "text.png" in fails(capsys, "image", tmp_path / "text.png", "-o", out)
    assert "no/map.png" in fails(capsys, "image", photo, "-o", tmp_path / "no" / "map.png")
    assert "expected a folder" in fails(capsys, "image", photo, tmp_path / "text.png", "-o", out)
    assert "among lc, fine-grained, frame-difference" in fails(
        capsys, "image", photo, "-m", "nonsense", "-o", out, status=2
    )
    assert "alpha" in fails(capsys, "image", photo, "--alpha", "2", "-o", out, status=2)
    assert "'cuda' was requested" in fails(capsys, "image", photo, "--backend", "cuda", "-o", out)
    assert leftovers(tmp_path, photo) == ["broken.png", "text.png"]


def test_image_names_the_file_whose_form_is_wrong(tmp_path, capsys):
    np.save(tmp_path / "floats.npy", np.zeros((4, 4)))

    line = fails(capsys, "image", tmp_path / "floats.npy", "-o", tmp_path / "out.png")

    assert "floats.npy: expected image of dtype uint8 or uint16, got float64" in line


def test_images_of_one_name_do_not_overwrite_each_other(tmp_path, rng, capsys):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_image(tmp_path / folder / "x.png", np.zeros((5, 5), np.uint8))

    line = fails(capsys, "image", tmp_path / "one", tmp_path / "two", "-o", tmp_path / "out")

    assert "same name" in line
    assert not (tmp_path / "out").exists()


def test_image_on_a_full_disk(tiny_disk, tmp_path, rng, capsys):
    big = tmp_path / "big.png"
    write_image(big, rng.integers(0, 256, (800, 900), dtype=np.uint8))

    line = fails(capsys, "image", big, "-o", tiny_disk / "out.png", "--view", "side-by-side")

    assert "no space left" in line
    assert leftovers(tiny_disk) == []


def test_video(clip, tmp_path, capsys):
    target = tmp_path / "out.mp4"
    options = ["--start", "0.2", "--end", "1.0", "--resize", "32x24", "--view", "side-by-side"]

    assert main(["video", str(clip), "-m", "frame-difference", "-o", str(target), *options]) == 0

    assert "8 frames of 64x24" in capsys.readouterr().out
    with VideoReader(target) as reader:
        assert sum(1 for _ in reader) == 8


def test_video_errors(clip, tmp_path, capsys):
    cut = tmp_path / "cut.avi"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    out = tmp_path / "out.mp4"
    assert "none.avi" in fails(capsys, "video", tmp_path / "none.avi", "-o", out)
    assert "cut.avi" in fails(capsys, "video", cut, "-o", out)
    assert "out.xyz" in fails(capsys, "video", clip, "-o", tmp_path / "out.xyz")
    assert "no/out.mp4" in fails(capsys, "video", clip, "-o", tmp_path / "no" / "out.mp4")
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["image"], ["image", "x.png"], ["video", "x.avi", "-o", "y", "-m", "no"],
     ["video", "x.avi", "-o", "y.mp4", "--resize", "axb"], ["image", "x", "-o", "y", "--nonsense"]],
    ids=" ".join,
)  # fmt: skip
def test_bad_usage(arguments, capsys):
    assert main(arguments) == 2
    assert "usage: fastsal" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_questions_about_itself(argument, capsys):
    assert main([argument]) == 0
    assert "fastsal" in capsys.readouterr().out


def test_info_says_what_there_is_and_why_not(capsys):
    assert main(["info"]) == 0

    out = capsys.readouterr().out
    assert f"fastsal               {fastsal.__version__}" in out
    assert "backend cpu           yes" in out
    assert f"backend cuda          no: {fastsal.backends()['cuda'].detail}" in out
    assert "threading layer" in out


def test_demo_writes_pictures_and_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert main(["demo"]) == 0

    folder = tmp_path / "fastsal-demo"
    motion = [key for key, method in fastsal.METHODS.items() if method.kind == "motion"]
    videos = [f"{key}.mp4" for key in motion]
    assert leftovers(folder) == sorted(["clip.mp4", "contact-sheet.png", *videos])
    sheet = read_image(folder / "contact-sheet.png")
    assert sheet.std() > 40  # pictures, not blank cells
    with VideoReader(folder / "frame-difference.mp4") as reader:
        assert reader.size == (960, 320)
        frames = list(reader)
    # What moved is bright in the right half's overlay, and only where something moved.
    assert len(frames) == 75
    difference = cv2.absdiff(frames[40], frames[39])
    assert difference.max() > 60
    out = capsys.readouterr().out
    for key in fastsal.METHODS:
        assert f"{key:<20}1080p" in out


def test_ctrl_c_is_130_with_one_line(tmp_path):
    clip = tmp_path / "long.avi"
    with VideoWriter(clip, 10, (640, 480)) as writer:
        for index in range(1500):
            writer.write(np.full((480, 640, 3), index % 256, np.uint8))
    command = [sys.executable, "-m", "fastsal", "video", str(clip), "-o", str(tmp_path / "o.mp4")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    partial = None
    deadline = time.monotonic() + 60
    while partial is None and time.monotonic() < deadline:
        partial = next((p for p in tmp_path.glob(".o.*") if p.stat().st_size > 20_000), None)
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("fastsal: interrupted")
    assert not (tmp_path / "o.mp4").exists()


def test_closed_pipe_is_not_a_traceback(photo, tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "fastsal", "info"]
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(write)

    assert done.returncode == 1
    assert done.stderr == ""


def test_an_image_is_never_overwritten_by_its_own_map(photo, tmp_path, capsys):
    before = photo.read_bytes()

    assert "overwrites" in fails(capsys, "image", photo, "-o", photo)

    assert photo.read_bytes() == before


def test_motion_methods_want_two_images(photo, tmp_path, capsys):
    arguments = ["-m", "frame-difference", "-o", tmp_path / "out.png"]

    assert "two images or more" in fails(capsys, "image", photo, *arguments)


@pytest.mark.parametrize("source", ["99999999999999999999", "http://nonsense.invalid\udcff/x"])
def test_sources_that_would_crash_opencv(source, tmp_path, capsys):
    fails(capsys, "video", source, "-o", tmp_path / "out.mp4")


def test_a_negative_camera_is_refused(tmp_path):
    with pytest.raises(fastsal.VideoError, match="index from 0"):
        fastsal.process_video(-1, tmp_path / "out.mp4", "lc")
