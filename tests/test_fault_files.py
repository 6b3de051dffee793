"""Every file of ``shared/data/faults`` has its correct result: a map, or one line."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import fastsal
from fastsal.cli.main import main
from fastsal.pipelines.pictures import read_image


def map_of(path: Path, folder: Path) -> np.ndarray:
    target = folder / "map.npy"
    assert main(["image", str(path), "-o", str(target)]) == 0
    saliency: np.ndarray = np.load(target)
    return saliency


@pytest.fixture
def faults(shared: Path) -> Path:
    return shared / "data" / "faults"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("c_jpeg2000.tif", "JPEG2000 compression needs another decoder: pip install imagecodecs"),
        ("huge1bit.png", "33000x33000 pixels exceed the limit of 1073741824"),
        ("corrupt.jpg", "the image is damaged (Corrupt JPEG data"),
        ("cover.mp3", "not an image"),
        ("cut.mov", "not an image; 'fastsal video' reads videos"),
    ],
)
def test_images_that_are_refused(
    faults: Path, tmp_path: Path, name: str, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", str(faults / name), "-o", str(tmp_path / "map.png")]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"fastsal: error: {faults / name}: ")
    assert expected in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_look_identical_have_the_same_map(faults: Path, tmp_path: Path) -> None:
    maps = [map_of(faults / name, tmp_path) for name in ("alpha_w.png", "alpha_noise.png")]
    np.testing.assert_array_equal(*maps)
    with Image.open(faults / "alpha_noise.png") as picture:
        white = Image.new("RGBA", picture.size, "white")
        shown = np.asarray(Image.alpha_composite(white, picture.convert("RGBA")))[..., :3]
    expected = fastsal.luminance_contrast(np.ascontiguousarray(shown))
    np.testing.assert_allclose(maps[0], expected, atol=1 / 64)


def test_a_turned_avif_is_upright(faults: Path, tmp_path: Path) -> None:
    with Image.open(faults / "exif6.avif") as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    assert expected.shape == (120, 80, 3)
    np.testing.assert_array_equal(read_image(faults / "exif6.avif"), expected)
    assert map_of(faults / "exif6.avif", tmp_path).shape == (120, 80)


def test_colour_of_float64_reaches_the_methods(faults: Path, tmp_path: Path) -> None:
    import tifffile

    samples = tifffile.imread(faults / "f64.tif").astype(np.float32)
    np.testing.assert_array_equal(read_image(faults / "f64.tif"), samples)
    target = tmp_path / "map.npy"
    command = ["image", str(faults / "f64.tif"), "-m", "spectral-residual", "-o", str(target)]
    assert main(command) == 0
    np.testing.assert_array_equal(np.load(target), fastsal.spectral_residual(samples))


@pytest.mark.parametrize(("name", "pages"), [("stack5.tif", 5), ("anim.webp", 50)])
def test_pages(
    faults: Path, tmp_path: Path, name: str, pages: int, capsys: pytest.CaptureFixture[str]
) -> None:
    map_of(faults / name, tmp_path)
    assert f"{name}: read the first of {pages} pictures; --pages" in capsys.readouterr().err
    assert main(["image", str(faults / name), "--pages", "-o", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == pages
