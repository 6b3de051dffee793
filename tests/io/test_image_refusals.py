"""Files that cannot be read give one line with the cause, and nothing on stderr."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from image_samples import every_format, pillow, png, smooth_rgb, tiff
from PIL import Image

from fastsal.errors import ImageError
from fastsal.io.opencv_logging import decoder_messages
from fastsal.io.pictures import ImageFile, find_images, read_image


def refusal(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99, "HEIC.*heif-convert"),
        ("a.heif", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\0" * 99, "HEIC"),
        ("a.jpg", b"\0\0\0\x18ftypheix\0\0\0\0mif1heix" + b"\0" * 99, "HEIC"),
        ("a.jxl", b"\xff\x0a" + bytes(range(99)), "JPEG XL"),
        ("a.jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 99, "JPEG XL"),
        ("a.cr2", b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 99, "raw file"),
        ("a.tif", b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 99, "raw file"),
        ("a.cr3", b"\0\0\0\x18ftypcrx " + b"\0" * 99, "raw file"),
        ("a.nef", tiff(smooth_rgb()), "raw file"),
        ("a.tif", tiff(smooth_rgb()[..., 0], photometric="cfa"), "raw file"),
        ("a.tif", tiff(smooth_rgb(), extratags=[(50706, "B", 4, (1, 4, 0, 0), True)]), "raw file"),
        ("a.raf", b"FUJIFILMCCD-RAW 0201" + b"\0" * 99, "raw file"),
        ("a.exr", b"v/1\x01\2\0\0\0channels" + b"\0" * 99, "OpenEXR"),
        ("a.psd", b"8BPS\0\1" + b"\0" * 99, "Photoshop"),
        ("a.svg", b"<?xml version='1.0'?>\n<!-- x -->\n<svg xmlns='x'></svg>", "SVG"),
        ("a.svg", b'<svg width="4"></svg>', "SVG"),
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3" + b"\0" * 99, "PDF"),
        ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        ("a.jpg", b"<!DOCTYPE html>\n<html><body>404</body></html>", "HTML page"),
        ("a.jpg", b"\n\n<html lang='en'><head></head></html>", "HTML page"),
        ("a.jpg", b'{"error": "forbidden"}', "a text file"),
        ("a.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ("a.jpg", b"PK\x03\x04" + b"\0" * 99, "an archive"),
        ("a.png", b"\0" * 128 + b"DICM" + b"\0" * 99, "DICOM"),
        ("a.fits", b"SIMPLE  =                    T" + b" " * 99, "FITS"),
        ("a.jpg", b"\0\0\0\x18ftypisom\0\0\2\0" + b"\0" * 99, "fastsal video"),
        ("a.avi", b"RIFF\0\0\0\0AVI LIST" + b"\0" * 99, "fastsal video"),
        ("a.png", b"", "the file is empty"),
        ("a.png", b"\x01", "not an image"),
        ("a.png", os.urandom(300), "not an image|damaged|a "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_files_are_named(
    tmp_path: Path, name: str, data: bytes, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ImageError, match=expected):
        read_image(path)
    refusal(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".txt", ""])
@pytest.mark.parametrize("kind", ["png", "gif", "avif", "16.tif"])
def test_a_wrong_suffix_does_not_matter(tmp_path: Path, kind: str, suffix: str) -> None:
    data = every_format()[kind]
    (tmp_path / "right").write_bytes(data)
    (tmp_path / f"wrong{suffix}").write_bytes(data)
    np.testing.assert_array_equal(
        read_image(tmp_path / f"wrong{suffix}"), read_image(tmp_path / "right")
    )


def test_arrays_under_another_name(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", smooth_rgb())
    (tmp_path / "a.npy").rename(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), smooth_rgb())


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "16.tif", "float.tif", "16.png", "gif"])
def test_the_limit_of_pixels_is_named(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(every_format()[kind])
    monkeypatch.setenv("OPENCV_IO_MAX_IMAGE_PIXELS", "2000")
    line = refusal(path)
    assert "64x45 pixels exceed the limit of 2000" in line
    assert "OPENCV_IO_MAX_IMAGE_PIXELS" in line
    monkeypatch.setenv("OPENCV_IO_MAX_IMAGE_PIXELS", "2880")
    assert read_image(path).shape[:2] == (45, 64)


def test_the_limit_without_the_variable(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png((33000, 33000), 1, 0, b""))
    assert "33000x33000 pixels exceed the limit of 1073741824" in refusal(tmp_path / "a.png")


def test_padding_of_a_jpeg_is_no_damage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = pillow(smooth_rgb(), "JPEG")
    (tmp_path / "clean.jpg").write_bytes(data)
    (tmp_path / "padded.jpg").write_bytes(data[:-2] + b"\0" * 7 + data[-2:])
    (tmp_path / "longer.jpg").write_bytes(data + b"trailer of a camera")
    clean = read_image(tmp_path / "clean.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "padded.jpg"), clean)
    np.testing.assert_array_equal(read_image(tmp_path / "longer.jpg"), clean)
    (tmp_path / "more.jpg").write_bytes(data[:-2] + bytes(range(1, 60)) + data[-2:])
    assert "extraneous bytes" in refusal(tmp_path / "more.jpg")
    assert capfd.readouterr() == ("", "")


def test_lines_of_others_stay_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        os.write(2, b"a line of another thread\n")

    with decoder_messages() as messages:
        os.write(2, b"Corrupt JPEG data: premature end of data segment\n")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        os.write(2, b"libpng warning: iCCP: known incorrect sRGB profile\n")
    assert len(messages) == 2
    assert capfd.readouterr().err == "a line of another thread\n"


def test_threads_read_at_the_same_time(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = pillow(smooth_rgb(), "JPEG", quality=95)
    (tmp_path / "good.jpg").write_bytes(data)
    (tmp_path / "bad.jpg").write_bytes(data[:-300] + b"\x55" * 298 + data[-2:])
    expected = read_image(tmp_path / "good.jpg")
    outcomes: list[bool] = []

    def work(index: int) -> None:
        for _ in range(20):
            if index % 2:
                refusal(tmp_path / "bad.jpg")
            else:
                np.testing.assert_array_equal(read_image(tmp_path / "good.jpg"), expected)
        outcomes.append(True)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 6
    assert capfd.readouterr() == ("", "")


def test_without_stderr(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(pillow(smooth_rgb(), "JPEG"))
    kept = os.dup(2)
    os.close(2)
    try:
        shape = read_image(tmp_path / "a.jpg").shape
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert shape == (45, 64, 3)


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Return data that are cut, or have some flipped bits, or a burst of noise."""
    changed = bytearray(data)
    kind = rng.integers(3)
    if kind == 0:
        return bytes(changed[: rng.integers(1, len(data))])
    if kind == 1:
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        return bytes(changed)
    at = int(rng.integers(len(data)))
    end = min(at + int(rng.integers(1, 60)), len(data))
    changed[at:end] = rng.bytes(end - at)
    return bytes(changed)


@pytest.mark.parametrize("name", every_format())
def test_damaged_pictures_are_read_or_refused(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = every_format()[name]
    rng = np.random.default_rng(list(name.encode()))
    path = tmp_path / name
    for _ in range(6):
        path.write_bytes(damaged(data, rng))
        try:
            image = read_image(path)
        except ImageError:
            refusal(path)
        else:
            assert image.dtype in (np.uint8, np.uint16, np.float32)
            assert image.ndim == 2 or image.shape[2] == 3
            assert ImageFile(path).pages >= 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("layout", ["colour", "alpha", "grey", "animated", "tiles"])
def test_flipped_bits_in_the_data_of_an_avif_are_refused(
    tmp_path: Path, rng: np.random.Generator, layout: str
) -> None:
    """Pillow's decoder turns damaged AV1 data into some picture, and reports nothing."""
    pytest.importorskip("av", reason="PyAV is not installed")
    picture = Image.fromarray(smooth_rgb())
    whole = {
        "colour": pillow(picture, "AVIF"),
        "alpha": pillow(np.dstack([smooth_rgb(), smooth_rgb(8)[..., 0]]), "AVIF"),
        "grey": pillow(picture.convert("L"), "AVIF"),
        "animated": pillow(
            picture, "AVIF", save_all=True, append_images=[Image.fromarray(smooth_rgb(8))]
        ),
        "tiles": pillow(picture.resize((600, 500)), "AVIF", tile_rows=1, tile_cols=1),
    }[layout]
    path = tmp_path / "picture.avif"
    path.write_bytes(whole)
    expected = read_image(path)
    begin = whole.rindex(b"mdat") + 20  # after the headers of AV1
    changed = refused = 0
    for at in rng.integers(begin, len(whole) - 1, 30):
        data = bytearray(whole)
        data[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            changed += not np.array_equal(read_image(path), expected)
        except ImageError:
            refused += 1
    assert changed <= 1
    assert refused >= (5 if layout == "animated" else 20)


@pytest.mark.parametrize("name", every_format())
def test_cut_pictures_are_refused(tmp_path: Path, name: str) -> None:
    data = every_format()[name]
    path = tmp_path / name
    for fraction in (0.02, 0.3, 0.6, 0.9):
        path.write_bytes(data[: int(len(data) * fraction)])
        refusal(path)


def test_globs_in_folders_with_brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("set [2024]/a.png", "set [2024]/b1.png", "set 2/c.png", "x/set [7]/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def names(pattern: str) -> list[str]:
        return [path.as_posix() for path in find_images(pattern)]

    monkeypatch.chdir(tmp_path)
    assert names("set [2024]/*.png") == ["set [2024]/a.png", "set [2024]/b1.png"]
    assert names("set [2024]/b[0-9].png") == ["set [2024]/b1.png"]
    assert names("set [2]/*.png") == ["set 2/c.png"]
    assert names("*/set [7]/*.png") == ["x/set [7]/d.png"]
    assert names("x/**/*.png") == ["x/set [7]/d.png"]
    absolute = find_images(f"{tmp_path}/set [2024]/*.png")
    assert absolute == [tmp_path / "set [2024]" / name for name in ("a.png", "b1.png")]


def test_no_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container without a writable file system."""

    def refuse() -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    (tmp_path / "a.png").write_bytes(pillow(smooth_rgb(), "PNG"))
    assert read_image(tmp_path / "a.png").shape == (45, 64, 3)
