"""``fastsal crop``: one crop or one line per file."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from image_samples import pillow, smooth_rgb, tiff
from PIL import Image

import fastsal
from fastsal.applications import best_crop
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image


@pytest.fixture
def photo(tmp_path):
    """Return a file of 60 x 90 pixels with a bright square in the right half."""
    image = np.full((60, 90, 3), 60, np.uint8)
    image[20:40, 60:80] = (250, 220, 30)
    write_image(tmp_path / "photo.png", image)
    return tmp_path / "photo.png"


def run(capsys, *arguments):
    status = main(["crop", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def test_aspect(photo, tmp_path, capsys):
    status, out, err = run(capsys, photo, "--aspect", "1:1", "-o", tmp_path / "out")
    target = tmp_path / "out" / "photo.png"
    assert (status, out, err) == (0, f"wrote {target}\n", "")
    image = read_image(photo)
    crop = best_crop(fastsal.boolean_map(image), aspect=1)
    expected = image[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    np.testing.assert_array_equal(read_image(target), expected)
    assert (expected == (250, 220, 30)).all(2).sum() == 400  # the whole square


def test_size_and_method(photo, tmp_path, capsys):
    options = ["--size", "40x20", "-m", "whitened", "--min-scale", "0.8", "-o", tmp_path / "out"]
    assert run(capsys, photo, *options)[0] == 0
    image = read_image(photo)
    crop = best_crop(fastsal.whitened(image), aspect=2, min_scale=0.8)
    part = image[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    expected = cv2.resize(part, (40, 20), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "photo.png"), expected)


def test_crops_are_not_enlarged(photo, tmp_path, capsys):
    assert run(capsys, photo, "--size", "88x59", "-o", tmp_path / "out")[0] == 0
    assert read_image(tmp_path / "out" / "photo.png").shape == (59, 88, 3)
    status, _, err = run(capsys, photo, "--size", "91x10", "-o", tmp_path / "other")
    assert status == 1
    assert err == f"fastsal: error: {photo}: must have at least 91x10 pixels; got 90x60\n"
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_come_out_upright(tmp_path, capsys, orientation):
    source, out = tmp_path / "a.jpg", tmp_path / "out"
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = smooth_rgb()
    source.write_bytes(pillow(image, "JPEG", exif=exif, quality=95))
    assert run(capsys, source, "--aspect", "3:1", "--min-scale", "1", "-o", out)[0] == 0
    upright = read_image(source)
    assert upright.shape == (image.shape if orientation < 5 else (*image.shape[1::-1], 3))
    with Image.open(out / "a.jpg") as written:
        assert written.getexif().get(0x0112, 1) == 1
        found = np.asarray(written).astype(float)
    assert found.shape[1] == min(upright.shape[1], 3 * upright.shape[0])
    crop = best_crop(fastsal.boolean_map(upright), aspect=3, min_scale=1)
    expected = upright[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    assert np.abs(found - expected).mean() < 4


def test_a_folder_with_files_of_many_kinds(tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    image = smooth_rgb()
    alpha = np.dstack([image, np.full(image.shape[:2], 128, np.uint8)])
    files = {
        "cmyk.jpg": pillow(Image.fromarray(image).convert("CMYK"), "JPEG"),
        "cut.jpg": pillow(image, "JPEG")[:300],
        "deep.tif": tiff((image[..., 0].astype(np.uint16) * 257), photometric="minisblack"),
        "empty.png": b"",
        "grey.png": pillow(image[..., 0], "PNG"),
        "moving.gif": pillow(image, "GIF"),
        "pixel.png": pillow(image[:1, :1], "PNG"),
        "transparent.png": pillow(alpha, "PNG"),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    status, stdout, err = run(capsys, folder, "--aspect", "20:1", "-o", out)
    assert status == 1
    assert stdout.splitlines()[-1] == f"wrote 6 crops to {out}"
    errors = [line for line in err.splitlines() if "error" in line]
    assert [Path(line.split(": ")[2]).name for line in errors] == ["cut.jpg", "empty.png"]
    assert sorted(path.name for path in out.iterdir()) == [
        "cmyk.jpg", "deep.tif", "grey.png", "moving.png", "pixel.png", "transparent.png",
    ]  # fmt: skip
    assert read_image(out / "deep.tif").dtype == np.uint16
    assert read_image(out / "grey.png").ndim == 2
    assert read_image(out / "pixel.png").shape[:2] == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--aspect", "16"], "must be W:H, for example 16:9"),
        (["--aspect", "1:0"], "must be W:H, for example 16:9"),
        (["--aspect", "2:-1"], "must be W:H, for example 16:9"),
        (["--size", "4"], "must be WxH"),
        ([], "one of the arguments --aspect --size is required"),
        (["--aspect", "1:1", "--size", "4x4"], "not allowed with argument"),
        (["--aspect", "1:1", "-m", "flow"], "--method must be a method for single images"),
        (["--aspect", "1:1", "-m", "whitend"], "did you mean whitened"),
        (["--aspect", "1:1", "--min-scale", "2"], "--min-scale must be from 0.01 to 1"),
        (["--aspect", "1:1", "--min-scale", "nan"], "--min-scale must be from 0.01 to 1"),
        (["--aspect", "1:1", "--background", "nonsense"], "`background` must be a colour"),
    ],
)
def test_wrong_use(photo, tmp_path, capsys, arguments, message):
    status, _, err = run(capsys, photo, *arguments, "-o", tmp_path / "out")
    assert status == 2
    assert message in err
    assert not (tmp_path / "out").exists()


def test_inputs_are_not_overwritten(photo, tmp_path, capsys):
    before = photo.read_bytes()
    status, _, err = run(capsys, photo, "--aspect", "1:1", "-o", tmp_path)
    assert status == 1
    assert "would overwrite an input; choose another name or folder" in err
    assert photo.read_bytes() == before


def test_one_file(photo, tmp_path, capsys):
    target = tmp_path / "crop.jpg"
    assert run(capsys, photo, "--aspect", "1:1", "-o", target) == (0, f"wrote {target}\n", "")
    rows, cols = read_image(target).shape[:2]
    assert 0 < rows == cols <= 60
    status, _, err = run(capsys, photo, "--aspect", "1:1", "-o", tmp_path / "x.xyz")
    assert (status, "the file name must end in" in err) == (2, True)
    write_image(tmp_path / "other.png", read_image(photo))
    status, _, err = run(capsys, tmp_path / "*.png", "--aspect", "1:1", "-o", tmp_path / "x.xyz")
    assert (status, "-o must be a folder for 2 images; got the file name" in err) == (2, True)
    assert not (tmp_path / "x.xyz").exists()


def test_two_images_of_one_name(photo, tmp_path, capsys):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "photo.png"
    other.write_bytes(photo.read_bytes())
    status, _, err = run(capsys, photo, other, "--aspect", "1:1", "-o", tmp_path / "out")
    assert status == 1
    assert "would both be written to" in err


def test_a_file_in_place_of_the_folder(photo, tmp_path, capsys):
    (tmp_path / "out").write_text("kept")
    status, _, err = run(capsys, photo, "--aspect", "1:1", "-o", tmp_path / "out")
    assert status == 1
    assert "is a file; choose a folder" in err
    assert (tmp_path / "out").read_text() == "kept"
