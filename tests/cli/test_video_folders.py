"""``fastsal video`` with folders of numbered images, and without the learning frames."""

import numpy as np
import pytest
from skimage import data

import fastsal
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image
from fastsal.io.videos import VideoReader, VideoWriter


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a video, and one with the same frames as numbered images."""
    (tmp_path / "frames").mkdir()
    still = data.astronaut()[::8, ::8].copy()
    with VideoWriter(tmp_path / "street.avi", 10, (64, 64)) as writer:
        for number in range(1, 6):
            frame = np.roll(still, number, axis=1)
            write_image(tmp_path / "frames" / f"img_{number:04}.png", frame)
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
    return tmp_path


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def refused(capsys, status, *arguments):
    """Return the one line that a command prints when it refuses."""
    assert main(["video", *map(str, arguments)]) == status
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_one_video_to_a_folder_gives_its_maps(folder, capsys):
    target = folder / "maps"

    assert main(["video", str(folder / "street.avi"), "-m", "lc", "-o", f"{target}/"]) == 0

    assert names_in(target) == [f"lc_{number:06}.png" for number in range(1, 6)]
    out = capsys.readouterr().out
    assert f"wrote {target}/: 5 frames of 64x64 as lc_000001.png and so on in " in out
    with VideoReader(folder / "street.avi") as reader:
        for name, frame in zip(names_in(target), reader, strict=True):
            expected = fastsal.luminance_contrast(frame, color="bgr")
            levels = np.rint(expected * np.float32(255)).astype(np.uint8)
            np.testing.assert_array_equal(read_image(target / name), levels)


def test_values_of_maps(folder):
    arguments = ["video", str(folder / "frames"), "-m", "lc", "--frames", "npy"]

    assert main([*arguments, "-o", str(folder / "maps")]) == 0

    for number, name in enumerate(names_in(folder / "maps"), 1):
        image = read_image(folder / "frames" / f"img_{number:04}.png")
        expected = fastsal.luminance_contrast(image)
        np.testing.assert_array_equal(np.load(folder / "maps" / name), expected)


@pytest.mark.parametrize(
    ("view", "shape"),
    [("overlay", (64, 64, 3)), ("side-by-side", (64, 128, 3)), ("map", (64, 64))],
)
def test_views(folder, view, shape):
    arguments = ["video", str(folder / "street.avi"), "-m", "lc", "--view", view]

    assert main([*arguments, "-o", f"{folder}/out/"]) == 0

    pictures = [read_image(folder / "out" / name) for name in names_in(folder / "out")]
    assert [each.shape for each in pictures] == 5 * [shape]


def test_a_grid(folder, capsys):
    arguments = ["video", str(folder / "street.avi"), "-m", "lc,flow", "--view", "grid"]

    assert main([*arguments, "-o", f"{folder}/out/"]) == 0

    assert names_in(folder / "out") == [f"grid_{number:06}.png" for number in range(1, 6)]
    assert "as grid_000001.png and so on" in capsys.readouterr().out


def test_several_methods_get_folders_of_their_own(folder, capsys):
    arguments = ["video", str(folder / "street.avi"), "-m", "lc,frame-difference"]

    assert main([*arguments, "--frames", "png", "-o", f"{folder}/out/"]) == 0

    assert names_in(folder / "out") == ["street-frame-difference", "street-lc"]
    assert len(names_in(folder / "out" / "street-lc")) == 5
    assert "wrote 2 of 2 videos" in capsys.readouterr().out


def test_images_beside_the_video(folder):
    assert main(["video", str(folder / "street.avi"), "-m", "lc", "--frames", "png"]) == 0
    assert len(names_in(folder / "street-lc")) == 5


def test_a_folder_of_images_is_a_video(folder, capsys):
    arguments = ["video", str(folder / "frames"), "-m", "lc", "--fps", "5"]

    assert main([*arguments, "-o", str(folder / "out.mp4")]) == 0
    assert main(arguments) == 0

    for name in ("out.mp4", "frames-lc.mp4"):
        with VideoReader(folder / name) as reader:
            assert reader.fps == pytest.approx(5)
            assert len(list(reader)) == 5


def test_wrong_folders(folder, capsys):
    frames = folder / "frames"
    (frames / "img_0003.png").rename(frames / "img_0030.png")
    line = refused(capsys, 1, frames, "-o", folder / "o.mp4")
    assert "number 3 is missing between img_0002.png and img_0004.png" in line
    (frames / "notes.txt").touch()
    line = refused(capsys, 1, frames, "-o", folder / "o.mp4")
    assert "must hold only images such as img_0001.png; got notes.txt" in line
    assert not (folder / "o.mp4").exists()


def test_wrong_options(folder, capsys):
    video = folder / "street.avi"
    line = refused(capsys, 2, video, "-m", "lc", "--frames", "png", "-o", folder / "o.mp4")
    assert "-o must be a folder with --frames; got the file name" in line
    line = refused(capsys, 2, video, "--frames", "npy", "--view", "overlay", "-o", "o")
    assert "--view must be map with --frames npy; got overlay" in line
    line = refused(capsys, 2, video, "--fps", "5")
    assert "--fps has no effect without a folder of numbered images; remove it" in line
    line = refused(capsys, 2, folder / "frames", "--fps", "0")
    assert "`fps` must be above 0 and at most 1000; got 0" in line
    line = refused(capsys, 2, video, "-m", "lc", "--skip-learning")
    assert "applies to methods that learn, such as bin-wang; got lc" in line
    line = refused(capsys, 1, video, "-m", "bin-wang", "--skip-learning")
    assert "learns for 51 frames, and there are only 5" in line
    line = refused(capsys, 2, video, "--cluster", "local", "--frames", "png", "-o", "out")
    assert "--frames must come without --cluster, which writes videos; remove one" in line
    line = refused(capsys, 2, folder / "frames", "--cluster", "local", "--fps", "5", "-o", "out")
    assert "--fps must come without --cluster" in line
    assert "remove --cluster, or make a video of the folder first" in line


def test_learning_frames(folder, capsys):
    frames = [folder / "frames" / f"img_{number:04}.png" for number in range(1, 55)]
    for path in frames:
        write_image(path, data.astronaut()[::8, ::8])
    arguments = ["video", str(folder / "frames"), "-m", "bin-wang"]

    assert main([*arguments, "-o", f"{folder}/all/"]) == 0
    assert main([*arguments, "-o", f"{folder}/out/", "--skip-learning"]) == 0

    out = capsys.readouterr().out
    told = "bin-wang only learns from the first 51 frames; "
    assert f"all: {told}--skip-learning leaves them out\n" in out
    assert f"out: {told}left out\n" in out
    assert [len(names_in(folder / name)) for name in ("all", "out")] == [54, 3]
    levels = [read_image(folder / "all" / name).max() for name in names_in(folder / "all")]
    assert levels == 51 * [255] + 3 * [0]


def test_bin_wang_says_that_it_learns(capsys):
    assert main(["methods", "bin-wang"]) == 0
    assert "learns from the first 51 frames" in capsys.readouterr().out
    assert main(["methods", "lc"]) == 0
    assert "learns" not in capsys.readouterr().out


def test_a_version_of_opencv_needs_no_quotes(folder):
    arguments = ["video", str(folder / "frames"), "-m", "bin-wang", "--option", "opencv5=5.1"]
    assert main([*arguments, "-o", f"{folder}/out/"]) == 0
    assert len(names_in(folder / "out")) == 5
