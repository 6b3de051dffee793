"""Image files that are coarser outside of salient regions, checked with Pillow and SciPy."""

import io
import math
import os

import numpy as np
import pytest
from image_samples import UPRIGHT, pillow
from PIL import Image
from scipy.fft import dctn
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

import fastsal
from fastsal import ImageError
from fastsal.applications import compress_image
from fastsal.applications.salient import salient_mask
from fastsal.io.pictures import read_image


@pytest.fixture(scope="module")
def image():
    return data.astronaut()[:200, 150:407]  # 200 x 257: the last blocks are not whole


@pytest.fixture
def saliency(image):
    """Return a map with a salient rectangle of a sixth of the pixels."""
    found = np.zeros(image.shape[:2])
    found[40:120, 60:160] = 1
    return found


def plain(image, **options):
    return pillow(image, "JPEG", quality=80, subsampling=0, optimize=True, **options)


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(float)


def psnr(image, found, mask):
    return 10 * math.log10(255**2 / ((image.astype(float) - found)[mask] ** 2).mean())


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_salient_pixels_are_those_of_the_plain_file(tmp_path, image, saliency, subsampling):
    target = tmp_path / "a.jpg"
    report = compress_image(image, target, saliency=saliency, subsampling=subsampling)
    expected = pillow(image, "JPEG", quality=80, subsampling=subsampling, optimize=True)
    assert report.bytes == target.stat().st_size
    assert report.plain_bytes == len(expected)
    assert report.saved > 0.3
    salient = saliency > 0
    found, reference = pixels(target), pixels(io.BytesIO(expected))
    assert report.psnr_salient == pytest.approx(psnr(image, found, salient))
    assert report.psnr_background == pytest.approx(psnr(image, found, ~salient))
    assert report.plain_psnr_salient == pytest.approx(psnr(image, reference, salient))
    assert abs(report.psnr_salient - report.plain_psnr_salient) < 0.1


def test_background_coefficients_are_multiples_of_the_coarse_step(tmp_path, image, saliency):
    target = tmp_path / "a.jpg"
    compress_image(image, target, saliency=saliency, background=6)
    with Image.open(target) as picture:
        steps = np.array(picture.quantization[0]).reshape(8, 8)
        picture.draft("YCbCr", picture.size)
        luma = np.asarray(picture)[..., 0].astype(float) - 128
    counts = []
    for top in range(136, 184, 8):
        block = luma[top : top + 8, 200:208]
        levels = dctn(block, norm="ortho") / steps
        levels[0, 0] = 0
        off = np.abs(levels / 6 - np.rint(levels / 6)) * 6
        assert off.max() < 0.5  # of a fine step: rounding and clipping of pixels
        counts.append(np.count_nonzero(np.rint(levels)))
    assert np.mean(counts) < 10


def test_background_is_better_than_a_blur_of_equal_bytes(tmp_path):
    from scipy.ndimage import gaussian_filter

    image = data.astronaut()[::2, ::2]
    report = compress_image(image, tmp_path / "a.jpg")
    mask = _blocks(salient_mask(fastsal.boolean_map(image)))
    best = 0.0
    for sigma in np.arange(0.5, 8, 0.25):
        blurred = gaussian_filter(image.astype(float), (sigma, sigma, 0))
        mixed = np.where(mask[..., None], image, np.rint(blurred)).astype(np.uint8)
        encoded = plain(mixed)
        if len(encoded) <= report.bytes:
            best = psnr(image, pixels(io.BytesIO(encoded)), ~mask)
            break
    assert best > 20
    assert report.psnr_background > best + 3


def _blocks(mask):
    rows, cols = mask.shape[0] // 8, mask.shape[1] // 8
    return mask.reshape(rows, 8, cols, 8).any((1, 3)).repeat(8, 0).repeat(8, 1)


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_prefilter(tmp_path, image, saliency, suffix):
    target = tmp_path / f"a{suffix}"
    report = compress_image(image, target, saliency=saliency)
    assert report.saved > 0.2
    assert report.psnr_salient > report.plain_psnr_salient - 0.1
    assert peak_signal_noise_ratio(image, pixels(target).astype(np.uint8)) > 25


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_salient_pixels_of_photographs_lose_little(tmp_path, shared, suffix):
    saved = []
    for path in sorted((shared / "data" / "osie" / "images").iterdir())[:5]:
        photograph = np.asarray(Image.open(path).convert("RGB").reduce(2))
        report = compress_image(photograph, tmp_path / f"a{suffix}")
        assert report.psnr_salient > report.plain_psnr_salient - 0.1
        saved.append(report.saved)
    print(saved)
    assert np.mean(saved) > 0.25


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
@pytest.mark.parametrize("value", [0, 0.5])
def test_uniform_saliency_gives_the_plain_file(tmp_path, image, suffix, value):
    target = tmp_path / f"a{suffix}"
    report = compress_image(image, target, saliency=np.full(image.shape[:2], value))
    assert report.bytes == report.plain_bytes
    assert math.isnan(report.psnr_background)
    if suffix == ".jpg":
        assert target.read_bytes() == plain(image)


def test_the_file_is_never_larger_than_the_plain_one(tmp_path):
    flat = np.zeros((24, 24), np.uint8)
    flat[12:, 12:] = 90
    report = compress_image(flat, tmp_path / "a.jpg", background=1.5)
    assert report.bytes <= report.plain_bytes


def test_factor_1_gives_the_plain_file(tmp_path, image, saliency):
    compress_image(image, tmp_path / "a.jpg", saliency=saliency, background=1)
    assert (tmp_path / "a.jpg").read_bytes() == plain(image)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_and_metadata(tmp_path, image, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    profile = bytes(16) + b"RGB " + bytes(108)
    source, target = tmp_path / "in.jpg", tmp_path / f"out{suffix}"
    source.write_bytes(pillow(image, "JPEG", quality=98, exif=exif, icc_profile=profile))
    compress_image(source, target)
    with Image.open(target) as picture:
        kept = picture.getexif()
        assert kept.get(0x0112, 1) == 1
        assert kept[0x010F] == "Maker"
        assert kept.get_ifd(0x8769)[0x9003] == "2020:01:01 00:00:00"
        assert picture.info["icc_profile"] == profile
        found = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(found.shape, UPRIGHT[orientation](image).shape)
    assert peak_signal_noise_ratio(np.ascontiguousarray(UPRIGHT[orientation](image)), found) > 24
    with Image.open(source) as picture:  # given as a PIL image
        compress_image(picture, tmp_path / f"again{suffix}")
    assert pixels(tmp_path / f"again{suffix}").shape == found.shape


def test_profiles_of_other_colours_are_left_out(tmp_path, image):
    profile = bytes(16) + b"CMYK" + bytes(108)
    source, target = tmp_path / "in.jpg", tmp_path / "out.jpg"
    source.write_bytes(pillow(Image.fromarray(image).convert("CMYK"), "JPEG", icc_profile=profile))
    compress_image(source, target)
    with Image.open(target) as picture:
        assert picture.mode == "RGB"
        assert "icc_profile" not in picture.info


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
@pytest.mark.parametrize("kind", ["grey", "alpha", "deep", "float", "pil grey"])
def test_kinds_of_images(tmp_path, image, kind, suffix):
    grey = np.ascontiguousarray(image[..., 1])
    given, expected = {
        "grey": (grey, grey),
        "alpha": (np.dstack([image, grey]), image),
        "deep": (image.astype(np.uint16) * 257, image),
        "float": (image / 255, image),
        "pil grey": (Image.fromarray(grey), grey),
    }[kind]
    target = tmp_path / f"a{suffix}"
    report = compress_image(given, target)
    with Image.open(target) as picture:
        if suffix == ".jpg":
            assert picture.mode == ("L" if expected.ndim == 2 else "RGB")
        found = np.asarray(picture.convert("L" if expected.ndim == 2 else "RGB"))
    assert peak_signal_noise_ratio(expected, found) > 25
    assert report.bytes < report.plain_bytes


def test_transparent_pixels_of_files_show_white(tmp_path, image):
    alpha = np.full(image.shape[:2], 255, np.uint8)
    alpha[:60] = 0
    (tmp_path / "a.png").write_bytes(pillow(np.dstack([image, alpha]), "PNG"))
    compress_image(tmp_path / "a.png", tmp_path / "a.jpg")
    assert pixels(tmp_path / "a.jpg")[:48].min() > 240


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (33, 1), (7, 9), (17, 31)])
def test_small_and_odd_sizes(tmp_path, shape, subsampling, suffix):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    target = tmp_path / f"a{suffix}"
    compress_image(image, target, subsampling=subsampling)
    assert read_image(target).shape == image.shape


def test_source_and_target_must_differ(tmp_path, image):
    path = tmp_path / "a.jpg"
    path.write_bytes(plain(image))
    (tmp_path / "link.jpg").symlink_to(path)
    for target in (path, tmp_path / "link.jpg"):
        with pytest.raises(ImageError, match="same file"):
            compress_image(path, target)
    assert path.read_bytes() == plain(image)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"quality": 0}, "quality"),
        ({"quality": 80.5}, "quality"),
        ({"background": 0.5}, "background"),
        ({"background": math.nan}, "background"),
        ({"subsampling": "4:1:1"}, "subsampling"),
        ({"saliency": "bin-wang"}, "saliency"),
        ({"saliency": "nothing"}, "method"),
        ({"saliency": np.zeros((3, 3))}, "saliency"),
        ({"saliency": lambda image: -np.ones(image.shape[:2])}, "saliency"),
    ],
)
def test_bad_options(tmp_path, image, options, name):
    with pytest.raises(ValueError, match=f"`?{name}`?") as caught:
        compress_image(image, tmp_path / "a.jpg", **options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_bad_files(tmp_path, image, monkeypatch):
    (tmp_path / "cut.jpg").write_bytes(plain(image)[:500])
    (tmp_path / "folder.jpg").mkdir()
    for source, target, reason in [
        (tmp_path / "cut.jpg", "a.jpg", "truncated"),
        (tmp_path / "nothing.jpg", "a.jpg", "no such file"),
        (image, "a.png", "must end in"),
        (image, "none/a.jpg", "no such folder"),
        (image, "folder.jpg", "folder"),
        (np.zeros((0, 3, 3), np.uint8), "a.jpg", "image"),
        (np.zeros((1, 70_000, 3), np.uint8), "a.jpg", "cannot hold 70000x1"),
    ]:
        with pytest.raises(ImageError, match=reason) as caught:
            compress_image(source, tmp_path / target)
        assert "\n" not in str(caught.value)
    monkeypatch.setattr("fastsal.applications.image_compression.features.check", lambda _: False)
    with pytest.raises(ImageError, match="no encoder for AVIF"):
        compress_image(image, tmp_path / "a.avif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.jpg", "folder.jpg"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk(tmp_path, image, monkeypatch):
    old = tmp_path / "a.jpg"
    old.write_bytes(b"old")

    def full(path, data):
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(data)

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(ImageError, match="no space left"):
        compress_image(image, old)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]
