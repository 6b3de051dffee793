"""``fastsal image`` with files of many kinds: one map or one line per file."""

from pathlib import Path

import numpy as np
import pytest
from image_samples import opencv, pillow, samples_of, smooth_rgb, tiff
from PIL import Image

import fastsal
from fastsal.cli.main import main
from fastsal.io.pictures import read_image


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.tif"
    pages = np.stack([np.roll(smooth_rgb()[..., 0], 5 * i, axis=1) for i in range(12)])
    path.write_bytes(tiff(pages, photometric="minisblack"))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    status = main(["image", *map(str, arguments)])
    return status, capsys.readouterr().err.splitlines()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_unread_pages_are_named_in_one_line(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "map.npy"
    status, lines = run(capsys, stack, "-o", target)
    assert status == 0
    assert lines == [f"fastsal: {stack}: read the first of 12 pictures; --pages reads all"]
    expected = fastsal.boolean_map(read_image(stack))
    np.testing.assert_array_equal(np.load(target), expected)


def test_pages_are_numbered(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single = tmp_path / "single.png"
    single.write_bytes(pillow(smooth_rgb(), "PNG"))
    out = tmp_path / "out"
    status, lines = run(capsys, stack, single, "--pages", "--view", "map", "-o", out)
    assert status == 0
    assert not [line for line in lines if "error" in line or "--pages" in line]
    assert names(out) == [
        f"{'single' if i == 0 else f'stack-{i:02}'}-boolean-map.png" for i in range(13)
    ]
    for page in (0, 11):
        expected = np.empty(smooth_rgb().shape[:2], np.uint8)
        fastsal.boolean_map(read_image(stack, page=page), out=expected)
        np.testing.assert_array_equal(
            read_image(out / f"stack-{page + 1:02}-boolean-map.png"), expected
        )


def test_pages_are_frames_to_motion_methods(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    status, _ = run(capsys, stack, "--pages", "-m", "frame-difference", "--view", "map", "-o", out)
    assert status == 0
    assert len(names(out)) == 12
    assert read_image(out / "stack-01-frame-difference.png").max() == 0
    assert read_image(out / "stack-02-frame-difference.png").max() > 0


def test_pages_need_a_folder(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = run(capsys, stack, "--pages", "-o", tmp_path / "map.png")
    assert status == 2
    assert "must be a folder for 12 maps" in lines[0]


def test_frames_of_an_animation_are_pages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [Image.fromarray(np.roll(smooth_rgb(), i, axis=0)) for i in range(3)]
    path = tmp_path / "moving.gif"
    path.write_bytes(pillow(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    status, _ = run(capsys, path, "--pages", "-o", tmp_path / "out")
    assert status == 0
    assert names(tmp_path / "out") == [f"moving-{i}-boolean-map.png" for i in (1, 2, 3)]


def test_background(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = np.dstack([smooth_rgb(), np.full(smooth_rgb().shape[:2], 255, np.uint8)])
    image[:20, :, 3] = 0
    path, target = tmp_path / "a.png", tmp_path / "map.npy"
    path.write_bytes(pillow(image, "PNG"))
    for color, level in ((None, 255), ("black", 0)):
        options = [] if color is None else ["--background", color]
        assert run(capsys, path, "-o", target, *options) == (0, [])
        opaque = np.ascontiguousarray(image[..., :3])
        opaque[:20] = level
        np.testing.assert_array_equal(np.load(target), fastsal.boolean_map(opaque))
    status, lines = run(capsys, path, "-o", target, "--background", "nonsense")
    assert status == 2
    assert lines == [
        "fastsal: error: `background` must be a colour, 'white', '#ffcc00' or (255, 204, 0) for "
        "example; got 'nonsense'"
    ]


@pytest.mark.parametrize("dtype", ["i1", "u4", "i8", "u8", "f4", "f8"])
def test_floats_and_wide_integers_reach_the_methods(
    tmp_path: Path, dtype: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, target = tmp_path / "a.tif", tmp_path / "map.npy"
    path.write_bytes(tiff(samples_of(dtype, 3)))
    assert run(capsys, path, "-m", "spectral-residual", "-o", target) == (0, [])
    np.testing.assert_array_equal(np.load(target), fastsal.spectral_residual(read_image(path)))


def test_radiance_reaches_the_methods(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "a.hdr", tmp_path / "map.png"
    path.write_bytes(opencv(smooth_rgb().astype(np.float32) * 3, ".hdr"))
    status, lines = run(capsys, path, "-m", "spectral-residual", "-o", target)
    assert (status, lines) == (0, [])
    assert read_image(target).shape == smooth_rgb().shape


def test_every_failed_file_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = pillow(smooth_rgb(), "JPEG")
    files = {
        "a.jpg": good,
        "b.jpg": good[: len(good) // 2],
        "c.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "d.tif": tiff(samples_of("f4", 1).astype(np.complex64)),
        "e.jpg": b"<html></html>",
        "f.png": b"",
        "g.jpg": good,
    }
    for name, data in files.items():
        Path(name).write_bytes(data)
    assert main(["image", *files, "-o", "out"]) == 1
    assert names(Path("out")) == ["a-boolean-map.png", "g-boolean-map.png"]
    out, err = capfd.readouterr()
    assert "wrote 2 maps to out" in out
    lines = [line for line in err.splitlines() if line.startswith("fastsal: ")]
    assert [line.split(": ")[2] for line in lines] == ["b.jpg", "c.heic", "d.tif", "e.jpg", "f.png"]
    assert "Corrupt" not in err.replace("\n".join(lines), "")
