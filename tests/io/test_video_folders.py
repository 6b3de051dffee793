"""Folders of numbered images as videos, and maps of frames as numbered images."""

from pathlib import Path

import numpy as np
import pytest

from fastsal import Stream, VideoError, process_video
from fastsal.applications.video_quality import compare_videos
from fastsal.io.pictures import read_image, write_image
from fastsal.io.videos import VideoReader
from fastsal.live.sources import open_live

NAMES = [f"img_{number:04}.png" for number in range(1, 13)]


def frames_of(count, size=(24, 32)):
    rng = np.random.default_rng(0)
    still = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    return [np.roll(still, 2 * index, axis=1) for index in range(count)]


def still_frames(count):
    """Return frames of a camera at rest, with a white square that moves."""
    frames = [frames_of(1)[0].copy() for _ in range(count)]
    for index, frame in enumerate(frames):
        frame[4:10, index % 20 : index % 20 + 6] = 255
    return frames


def fill(folder, names, frames=None):
    folder.mkdir()
    for name, frame in zip(names, frames or frames_of(len(names)), strict=True):
        write_image(folder / name, frame)
    return folder


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "frames", NAMES)


def test_frames_are_those_of_the_files(folder):
    with VideoReader(folder) as reader:
        assert (reader.fps, reader.frame_count, reader.size) == (25, 12, (32, 24))
        assert not reader.live
        frames = list(reader)
        assert reader.seconds == pytest.approx(11 / 25)

    for frame, expected in zip(frames, frames_of(12), strict=True):
        np.testing.assert_array_equal(frame[..., ::-1], expected)


def test_rate_and_range(folder):
    with VideoReader(folder, fps=10, start=0.2, end=0.5, resize=(16, 12)) as reader:
        frames = list(reader)

    assert len(frames) == 3
    assert frames[0].shape == (12, 16, 3)


@pytest.mark.parametrize(
    "names",
    [["1.png", "2.png", "10.png"][:2] + [f"{n}.png" for n in range(3, 11)],
     ["a-08.tif", "a-09.tif", "a-10.tif"], ["left1_0x.png", "left1_1x.png"]],
)  # fmt: skip
def test_the_order_is_that_of_the_numbers(tmp_path, names):
    frames = frames_of(len(names))
    fill(tmp_path / "f", names, frames)
    (tmp_path / "f" / ".hidden").touch()

    with VideoReader(tmp_path / "f") as reader:
        read = list(reader)

    np.testing.assert_array_equal(np.array(read)[..., ::-1], frames)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3), (6, 8, 4)])
def test_arrays(tmp_path, dtype, shape):
    levels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    stored = {"uint8": levels, "uint16": levels.astype(np.uint16) * 256 + 255}.get(
        dtype, levels / np.array(255, dtype if dtype[0] == "f" else float)
    )
    (tmp_path / "f").mkdir()
    np.save(tmp_path / "f" / "0.npy", stored)

    with VideoReader(tmp_path / "f") as reader:
        (frame,) = reader

    expected = levels if levels.ndim == 3 else np.stack(3 * [levels], -1)
    np.testing.assert_array_equal(frame, expected[..., 2::-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "img_0003.png").unlink(),
         "number 3 is missing between img_0002.png and img_0004.png"),
        (lambda f: [(f / f"img_000{n}.png").unlink() for n in (3, 4, 5)],
         "numbers 3 to 5 are missing between img_0002.png and img_0006.png"),
        (lambda f: (f / "notes.txt").touch(), "must hold only images such as img_0001.png; got "
         "notes.txt"),
        (lambda f: (f / "sub").mkdir(), "got sub"),
        (lambda f: (f / "img_0001.png").rename(f / "cover.png"), "got cover.png"),
        (lambda f: (f / "img_0012.png").rename(f / "pic_0012.png"),
         "names must differ only in their number; got img_0001.png and pic_0012.png"),
        (lambda f: write_image(f / "img_13.jpg", frames_of(1)[0]), "got img_0001.png and"),
        (lambda f: write_image(f / "img_12.png", frames_of(1)[0]),
         "img_0012.png and img_12.png have the same number; remove one"),
        (lambda f: write_image(f / "img_0005.png", frames_of(1, (10, 12))[0]),
         "all images of the folder must have one size; got 12x10 after 32x24"),
        (lambda f: (f / "img_0005.png").write_bytes(b"\x89PNG\r\n\x1a\nxx"), "img_0005.png: "),
        (lambda f: [path.unlink() for path in f.iterdir()], "the folder is empty"),
    ],
)  # fmt: skip
def test_other_folders_are_refused(folder, tmp_path, change, message):
    change(folder)

    with pytest.raises(VideoError, match=message.replace("(", r"\(")) as caught:
        process_video(folder, tmp_path / "out.mp4", "lc", progress=False)
    assert "\n" not in str(caught.value)


def test_arrays_that_are_no_images_are_refused(tmp_path):
    (tmp_path / "f").mkdir()
    for values in (np.full((4, 5), 2.0), np.zeros((4, 5), bool), np.zeros(3)):
        np.save(tmp_path / "f" / "0.npy", values)
        with pytest.raises(VideoError, match=r"0\.npy: must hold"):
            VideoReader(tmp_path / "f")


def test_a_rate_needs_a_folder(folder, make_video):
    with pytest.raises(VideoError, match="`fps` applies to folders of numbered images"):
        VideoReader(make_video(), fps=10)
    with pytest.raises(VideoError, match="`fps` must be above 0 and at most 1000; got 0"):
        VideoReader(folder, fps=0)


def test_the_video_has_the_rate(folder, tmp_path):
    report = process_video(folder, tmp_path / "out.mp4", "lc", progress=False, fps=10)

    assert report.frames == 12
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert reader.fps == pytest.approx(10)


def test_other_readers_take_folders_too(folder):
    assert len(compare_videos(folder, folder, "lc").seconds) == 12
    source = open_live(str(folder))
    for expected in frames_of(12):
        np.testing.assert_array_equal(source.read()[..., ::-1], expected)
    assert source.read() is None
    source.close()


@pytest.mark.parametrize("key", ["lc", "frame-difference"])
@pytest.mark.parametrize("form", ["png", "npy"])
def test_numbered_maps_are_those_of_a_stream(folder, tmp_path, key, form):
    target = tmp_path / "deep" / "maps"

    report = process_video(folder, target, key, progress=False, frames=form)

    assert (report.frames, report.target, report.size) == (12, target, (32, 24))
    names = sorted(path.name for path in target.iterdir())
    assert names == [f"{key}_{number:06}.{form}" for number in range(1, 13)]
    stream = Stream(key)
    for name, frame in zip(names, frames_of(12), strict=True):
        expected = stream.update(frame)
        read = read_image(target / name)
        if form == "png":
            expected = np.rint(expected * np.float32(255)).astype(np.uint8)
        np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize(
    ("view", "width"), [("overlay", 32), ("side-by-side", 64), ("map", 32), (None, 32)]
)
def test_views(make_video, tmp_path, view, width):
    source = make_video(size=(32, 24), frames=5)

    report = process_video(source, f"{tmp_path}/out/", "lc", progress=False, view=view)

    pictures = [read_image(path) for path in sorted((tmp_path / "out").iterdir())]
    assert len(pictures) == report.frames == 5
    is_map = view in (None, "map")
    assert {each.shape for each in pictures} == {(24, width) if is_map else (24, width, 3)}


def test_colours_are_kept(tmp_path):
    red = np.zeros((24, 32, 3), np.uint8)
    red[..., 0] = 200
    fill(tmp_path / "f", ["1.png"], [red])

    process_video(
        tmp_path / "f", f"{tmp_path}/out/", "lc", progress=False, view="overlay", alpha=0.0
    )

    np.testing.assert_array_equal(read_image(tmp_path / "out" / "lc_000001.png"), red)


def test_a_grid_of_numbered_images(folder, tmp_path):
    methods = ("lc", "frame-difference")

    process_video(folder, f"{tmp_path}/out/", methods, progress=False, view="grid")

    assert (tmp_path / "out" / "grid_000012.png").exists()
    with pytest.raises(ValueError, match="`view` must be 'map' for frames='npy'; got 'grid'"):
        process_video(folder, tmp_path / "o", methods, progress=False, view="grid", frames="npy")


def test_earlier_images_are_replaced_and_others_stay(folder, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    for name in ("lc_000099.png", "lc_000001.npy", "flow_000099.png", "lc_7.png"):
        (target / name).touch()

    process_video(folder, target, "lc", progress=False)

    names = {path.name for path in target.iterdir()}
    assert names == {
        "flow_000099.png", "lc_7.png", *(f"lc_{number:06}.png" for number in range(1, 13)),
    }  # fmt: skip


def test_an_error_says_how_many_images_are_there(folder, tmp_path):
    (folder / "img_0005.png").write_bytes(b"no image")

    with pytest.raises(VideoError, match=r"the first 4 frames are kept in .*out"):
        process_video(folder, tmp_path / "out", "lc", progress=False, frames="png")

    assert len(list((tmp_path / "out").iterdir())) == 4


def test_a_folder_is_not_written_into_itself(folder):
    with pytest.raises(VideoError, match="source and target are the same"):
        process_video(folder, folder, "lc", progress=False)
    assert sorted(path.name for path in folder.iterdir()) == NAMES


def test_a_target_that_is_a_file(folder, tmp_path):
    (tmp_path / "out").touch()

    with pytest.raises(VideoError, match="out: file exists"):
        process_video(folder, tmp_path / "out", "lc", progress=False, frames="png")


@pytest.fixture
def long(tmp_path):
    """Return a folder with more frames than bin-wang learns from."""
    return fill(tmp_path / "long", [f"{n}.png" for n in range(54)], still_frames(54))


def test_learning_frames_are_left_out(long, tmp_path):
    every = process_video(long, tmp_path / "all", "bin-wang", progress=False, frames="npy")
    report = process_video(
        long, tmp_path / "out", "bin-wang", progress=False, frames="npy", skip_learning=True
    )

    assert (every.frames, every.learned) == (54, 51)
    assert (report.frames, report.learned) == (3, 51)
    assert report.starts_at == pytest.approx(51 / 25)
    for number in range(1, 52):
        assert np.load(tmp_path / "all" / f"bin-wang_{number:06}.npy").min() == 1
    for number in (1, 2, 3):
        left = np.load(tmp_path / "out" / f"bin-wang_{number:06}.npy")
        whole = np.load(tmp_path / "all" / f"bin-wang_{51 + number:06}.npy")
        np.testing.assert_array_equal(left, whole)
    assert np.load(tmp_path / "out" / "bin-wang_000001.npy").min() == 0


def test_a_video_starts_after_the_learning_frames(long, tmp_path):
    report = process_video(long, tmp_path / "o.mp4", "bin-wang", progress=False, skip_learning=True)

    with VideoReader(tmp_path / "o.mp4") as reader:
        assert len(list(reader)) == report.frames == 3
        assert reader.starts_at == pytest.approx(0)


def test_learning_frames_that_cannot_be_left_out(folder, long, tmp_path):
    with pytest.raises(VideoError, match="learns for 51 frames, and there are only 12"):
        process_video(folder, tmp_path / "o.mp4", "bin-wang", progress=False, skip_learning=True)
    with pytest.raises(VideoError, match="learns for 51 frames, and there are only 51"):
        process_video(
            long, tmp_path / "o.mp4", "bin-wang", progress=False, skip_learning=True,
            end=51 / 25,
        )  # fmt: skip
    with pytest.raises(ValueError, match="`skip_learning` applies to methods that learn"):
        process_video(folder, tmp_path / "o.mp4", "lc", progress=False, skip_learning=True)
    assert not (tmp_path / "o.mp4").exists()


def test_paths_may_be_texts(folder, tmp_path):
    report = process_video(str(folder), str(tmp_path / "o.mp4"), "lc", progress=False)

    assert report.target == Path(tmp_path / "o.mp4")
