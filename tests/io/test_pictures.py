"""Reading, writing and finding image files."""

import io
import os
import stat
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fastsal.errors import ImageError
from fastsal.io.pictures import find_images, read_image, write_image

LOSSLESS = [".png", ".bmp", ".tif", ".tiff"]
ALL = [*LOSSLESS, ".jpg", ".jpeg", ".webp", ".npy"]


def smooth_image() -> np.ndarray:
    rng = np.random.default_rng(7)
    return cv2.GaussianBlur(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8), (9, 9), 3)


def refusal(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", ALL)
def test_colour_comes_back_as_rgb(tmp_path: Path, suffix: str) -> None:
    image = smooth_image()
    write_image(tmp_path / f"a{suffix}", image)
    back = read_image(tmp_path / f"a{suffix}")
    assert back.dtype == np.uint8
    assert back.shape == image.shape
    assert np.abs(back.astype(int) - image).mean() < (1 if suffix in (*LOSSLESS, ".npy") else 6)
    assert os.listdir(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_grey_stays_grey(tmp_path: Path, suffix: str) -> None:
    image = smooth_image()[..., 0]
    write_image(tmp_path / f"a{suffix}", image)
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), image)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_stay_16_bits(tmp_path: Path, suffix: str) -> None:
    image = smooth_image().astype(np.uint16) * 257 - 3
    for pixels in (image, np.ascontiguousarray(image[..., 1])):
        write_image(tmp_path / f"a{suffix}", pixels)
        np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), pixels)


def test_written_red_is_red_to_others(tmp_path: Path) -> None:
    red = np.zeros((4, 5, 3), np.uint8)
    red[..., 0] = 255
    write_image(tmp_path / "red.png", red)
    with Image.open(tmp_path / "red.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), red)


def test_alpha_is_written_and_composited_on_white(tmp_path: Path) -> None:
    image = np.dstack([smooth_image(), np.full((40, 60), 200, np.uint8)])
    write_image(tmp_path / "a.png", image)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGBA"
    expected = np.rint((image[..., :3] * 200.0 + 255 * 55.0) / 255)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_maps_become_rounded_bytes(tmp_path: Path, dtype: type) -> None:
    saliency = np.linspace(0, 1, 1000, dtype=dtype).reshape(20, 50)
    write_image(tmp_path / "m.png", saliency)
    expected = np.rint(255 * saliency).astype(np.uint8)
    np.testing.assert_array_equal(read_image(tmp_path / "m.png"), expected)


def test_npy_keeps_the_map_itself(tmp_path: Path) -> None:
    saliency = np.random.default_rng(0).random((9, 7), dtype=np.float32)
    write_image(tmp_path / "m.npy", saliency)
    back = read_image(tmp_path / "m.npy")
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, saliency)


def test_views_of_any_stride_are_written(tmp_path: Path) -> None:
    image = smooth_image()
    write_image(tmp_path / "a.png", image[::-2, ::-3])
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image[::-2, ::-3])


def test_non_ascii_names(tmp_path: Path) -> None:
    path = tmp_path / "映像 é ü" / "snö.PNG"
    path.parent.mkdir()
    write_image(path, smooth_image())
    np.testing.assert_array_equal(read_image(path), smooth_image())


def test_a_name_of_the_greatest_length(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".png")
    write_image(path, smooth_image())
    assert read_image(path).shape == (40, 60, 3)


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    Image.fromarray(smooth_image()).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (60, 40, 3)


def test_content_counts_not_the_suffix(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", smooth_image())
    (tmp_path / "a.png").rename(tmp_path / "a.data")
    np.testing.assert_array_equal(read_image(tmp_path / "a.data"), smooth_image())


@pytest.mark.parametrize("mode", ["P", "1", "LA", "L", "RGBA"])
def test_other_png_modes(tmp_path: Path, mode: str) -> None:
    Image.fromarray(smooth_image()).convert(mode).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").shape[:2] == (40, 60)


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.png")
    assert "directory" in refusal(tmp_path)
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(tmp_path / "empty.png")


@pytest.mark.parametrize("suffix", ALL)
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.98])
def test_cut_short(
    tmp_path: Path, suffix: str, keep: float, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, smooth_image())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    refusal(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".npy", ".tif"])
def test_not_an_image(tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    for data in (b"hello world" * 20, b"\0" * 300, b"\x89PNG\r\n\x1a\n" + b"\0" * 40):
        (tmp_path / f"a{suffix}").write_bytes(data)
        refusal(tmp_path / f"a{suffix}")
    assert capfd.readouterr() == ("", "")


def test_every_flipped_byte_of_a_png_is_noticed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = smooth_image()[:4, :5]
    write_image(tmp_path / "a.png", image)
    data = (tmp_path / "a.png").read_bytes()
    for index in range(len(data)):
        (tmp_path / "a.png").write_bytes(
            data[:index] + bytes([data[index] ^ 0x55]) + data[index + 1 :]
        )
        if data.index(b"IEND") - 4 <= index < data.index(b"IEND") or index >= len(data) - 4:
            # Length and checksum of the empty end; all pixels come before it.
            np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
        else:
            refusal(tmp_path / "a.png")
    assert capfd.readouterr() == ("", "")


def test_a_bad_colour_profile_is_no_matter(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(smooth_image()).save(tmp_path / "a.png", icc_profile=b"rubbish")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), smooth_image())
    assert capfd.readouterr() == ("", "")


def test_npy_of_objects_or_archives_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    refusal(tmp_path / "o.npy")
    archive = io.BytesIO()
    np.savez(archive, a=np.zeros(3))
    (tmp_path / "z.npy").write_bytes(archive.getvalue())
    assert "archive" in refusal(tmp_path / "z.npy")


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.txt", np.zeros((4, 4), np.uint8)),
        ("a", np.zeros((4, 4), np.uint8)),
        ("none/a.png", np.zeros((4, 4), np.uint8)),
        ("none/a.npy", np.zeros((4, 4), np.uint8)),
        ("a.png", np.zeros((0, 4), np.uint8)),
        ("a.png", np.zeros((4,), np.uint8)),
        ("a.png", np.zeros((4, 4, 2), np.uint8)),
        ("a.png", np.zeros((4, 4), np.int32)),
        ("a.jpg", np.zeros((4, 4), np.uint16)),
        ("a.jpg", np.zeros((2, 70000), np.uint8)),
        ("a.png", np.full((4, 4), np.nan, np.float32)),
        ("a.png", np.full((4, 4), 1.01, np.float32)),
        ("a.png", np.full((4, 4), -0.1, np.float32)),
        ("a.npy", np.array([{}], dtype=object)),
    ],
)
def test_what_cannot_be_written(
    tmp_path: Path, name: str, image: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ImageError) as caught:
        write_image(tmp_path / name, image)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr() == ("", "")


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ImageError, match="got a folder"):
        write_image(tmp_path / "a.png", smooth_image())
    assert os.listdir(tmp_path) == ["a.png"]


def test_full_disk_keeps_the_old_file(tiny_disk: Path) -> None:
    path = tiny_disk / "a.bmp"
    write_image(path, smooth_image())
    before = path.read_bytes()
    with pytest.raises(ImageError, match="no space left"):
        write_image(path, np.zeros((1000, 1000, 3), np.uint8))
    assert os.listdir(tiny_disk) == ["a.bmp"]
    assert path.read_bytes() == before


def test_links_and_permissions_stay_usual(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    write_image(tmp_path / "link.png", smooth_image())
    assert (tmp_path / "link.png").is_symlink()
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "real.png").stat().st_mode) == 0o666 & ~umask


def test_a_link_to_another_file_system(tmp_path: Path, tiny_disk: Path) -> None:
    (tmp_path / "link.png").symlink_to(tiny_disk / "real.png")
    write_image(tmp_path / "link.png", smooth_image())
    assert os.listdir(tiny_disk) == ["real.png"]


def test_finding(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "c.txt", ".hidden.png", "sub/d.npy", "odd[1].png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()

    def names(*entries: str) -> list[str]:
        found = find_images([tmp_path / entry for entry in entries])
        return [str(path.relative_to(tmp_path)) for path in found]

    assert names(".") == ["a.JPG", "b.png", "odd[1].png"]
    assert names("*.png") == ["b.png", "odd[1].png"]
    assert names("**/*") == ["a.JPG", "b.png", "odd[1].png", "sub/d.npy"]
    assert names("odd[1].png") == ["odd[1].png"]
    assert names("c.txt", "sub", "b.png", ".") == [
        "c.txt",
        "sub/d.npy",
        "b.png",
        "a.JPG",
        "odd[1].png",
    ]
    assert find_images(str(tmp_path / "b.png")) == [tmp_path / "b.png"]


@pytest.mark.parametrize("entry", ["none.png", "none*.png", "empty"])
def test_finding_nothing(tmp_path: Path, entry: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match=r"no (such|image)"):
        find_images([tmp_path / entry])


def test_naming_nothing() -> None:
    with pytest.raises(ImageError, match="no image was given"):
        find_images([])
