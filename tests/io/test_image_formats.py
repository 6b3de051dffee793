"""Pictures of every format have the pixels that their makers put in."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from image_samples import (
    HEIGHT,
    UPRIGHT,
    WIDTH,
    every_format,
    opencv,
    pillow,
    png,
    png_chunk,
    samples_of,
    smooth_rgb,
    tiff,
    with_tag,
)
from PIL import Image

from fastsal.errors import ImageError
from fastsal.io.pictures import ImageFile, read_image

DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]


def read(folder: Path, data: bytes, name: str = "picture", **options: Any) -> np.ndarray:
    (folder / name).write_bytes(data)
    return read_image(folder / name, **options)


def in_display_range(samples: np.ndarray) -> np.ndarray:
    """Scale as the docstring of `read_image` says."""
    if samples.dtype in (np.uint8, np.uint16):
        return samples
    exact = samples.astype(np.longdouble)
    if samples.dtype.kind != "f" or exact.min() < 0 or exact.max() > 1:
        low = min(exact.min(), 0)
        exact = (exact - low) / (exact.max() - low)
    return exact.astype(np.float32)


def assert_same(found: np.ndarray, expected: np.ndarray, tolerance: float = 0) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.astype(float), expected.astype(float), 0, tolerance)


@pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_tiff_samples(
    tmp_path: Path, dtype: str, channels: int, planar: str, compression: str | None
) -> None:
    image = samples_of(dtype, channels)
    is_separate = channels == 3 and planar == "separate"
    stored = np.moveaxis(image, -1, 0) if is_separate else image
    layout = {"planarconfig": planar} if channels == 3 else {}
    data = tiff(stored, compression=compression, **layout)
    assert_same(read(tmp_path, data), in_display_range(image), 1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f4"])
def test_tiff_lzw(tmp_path: Path, dtype: str, channels: int) -> None:
    image = samples_of(dtype, channels)
    data = opencv(image, ".tif", cv2.IMWRITE_TIFF_COMPRESSION, 5)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        # Before version 5 OpenCV wrote floats without compression.
        assert file.pages[0].compression == 5 or dtype == "f4"
    assert_same(read(tmp_path, data), in_display_range(image), 1e-6)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", "zstd", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P", "CMYK"])
def test_tiff_compressions(tmp_path: Path, mode: str, compression: str) -> None:
    picture = Image.fromarray(smooth_rgb()).convert(mode)
    if compression == "jpeg" and mode == "P":
        return  # JPEG holds no palette
    data = pillow(picture, "TIFF", compression=compression)
    expected = np.asarray(picture if mode == "L" else picture.convert("RGB"))
    found = read(tmp_path, data)
    assert found.shape == expected.shape
    limit = 6 if compression == "jpeg" else 0
    assert np.abs(found.astype(int) - expected).mean() <= limit


@pytest.mark.parametrize("compression", ["raw", "group3", "group4", "tiff_ccitt"])
def test_tiff_of_one_bit(tmp_path: Path, compression: str) -> None:
    picture = Image.fromarray(smooth_rgb()).convert("1")
    found = read(tmp_path, pillow(picture, "TIFF", compression=compression))
    np.testing.assert_array_equal(found, np.asarray(picture).astype(np.uint8) * 255)


@pytest.mark.parametrize(
    "options",
    [{"tile": (16, 32)}, {"bigtiff": True}, {"byteorder": ">"}, {"rowsperstrip": 7},
     {"tile": (32, 16), "compression": "zlib", "predictor": True}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4"])
def test_tiff_layouts(tmp_path: Path, dtype: str, channels: int, options: dict[str, Any]) -> None:
    if dtype == "f4":
        options = {key: value for key, value in options.items() if key != "predictor"}
    image = samples_of(dtype, channels)
    assert_same(read(tmp_path, tiff(image, **options)), in_display_range(image), 1e-6)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_tiff_of_white_zero(tmp_path: Path, dtype: str) -> None:
    image = samples_of(dtype, 1)
    white = 1 if dtype == "f4" else np.iinfo(dtype).max
    assert_same(read(tmp_path, tiff(image, photometric="miniswhite")), white - image)


@pytest.mark.parametrize(
    ("code", "name"),
    [(34712, "JPEG2000"), (50002, "JPEGXL"), (34887, "LERC"), (34933, "PNG"), (34934, "JPEGXR")],
)
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_tiff_of_other_compressions_is_refused(
    tmp_path: Path, code: int, name: str, dtype: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ImageError, match=f"{name} compression .*imagecodecs"):
        read(tmp_path, with_tag(tiff(samples_of(dtype, 3)), 259, code))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("bits", "channels"), [(10, 1), (14, 3), (12, 3)])
def test_tiff_of_odd_bits_is_refused(tmp_path: Path, bits: int, channels: int) -> None:
    with pytest.raises(ImageError, match=f"a TIFF of {bits} bits"):
        read(tmp_path, with_tag(tiff(samples_of("u2", channels)), 258, bits))


@pytest.mark.parametrize("name", ["cielab", "logluv", "icclab"])
def test_tiff_of_other_colours_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match=f"a TIFF of {name.upper()} colours"):
        read(tmp_path, tiff(samples_of("u1", 3), photometric=name))


@pytest.mark.parametrize("code", [65001, 60123, 32766, 34713])
def test_tiff_of_an_unknown_compression_is_refused(tmp_path: Path, code: int) -> None:
    with pytest.raises(ImageError, match="compression needs another decoder"):
        read(tmp_path, with_tag(tiff(samples_of("u2", 3)), 259, code))


def test_tiff_of_12_bits_is_scaled_to_16(tmp_path: Path) -> None:
    image = samples_of("u2", 1)[:, :60] >> 4
    pairs = image.reshape(-1, 2).astype(np.uint32)
    packed = (pairs[:, 0] << 12) + pairs[:, 1]
    raw = np.stack([packed >> 16, packed >> 8, packed], -1).astype(np.uint8)
    data = bytearray(with_tag(tiff(image), 258, 12))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        at = file.pages[0].dataoffsets[0]
    data[at : at + raw.size] = raw.tobytes()
    expected = np.rint(image * (65535 / 4095)).astype(np.uint16)
    assert_same(read(tmp_path, bytes(data)), expected)


def test_channels_that_are_no_colours_are_refused(tmp_path: Path) -> None:
    for channels in (2, 5):
        data = tiff(samples_of("u2", channels), photometric="minisblack", planarconfig="contig")
        with pytest.raises(ImageError, match=f"{channels} channels"):
            read(tmp_path, data)
    infrared = samples_of("u2", 5)
    np.testing.assert_array_equal(read(tmp_path, tiff(infrared)), infrared[..., :3])


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
def test_floats_in_the_unit_range_keep_their_values(tmp_path: Path, dtype: str) -> None:
    image = samples_of(dtype, 3) / 4 + np.dtype(dtype).type(0.25)
    assert_same(read(tmp_path, tiff(image)), image.astype(np.float32))


def test_other_numbers_are_scaled(tmp_path: Path) -> None:
    image = smooth_rgb()
    image[0, 0] = 255
    floats = read(tmp_path, tiff(image.astype(np.float32)))
    np.testing.assert_allclose(floats, image / 255, atol=1e-6)
    signed = tiff(np.array([[-50, 0], [50, 150]], np.int16))
    np.testing.assert_allclose(read(tmp_path, signed), [[0, 0.25], [0.5, 1]], atol=1e-6)
    np.testing.assert_array_equal(read(tmp_path, tiff(np.zeros((3, 4), np.int32))), 0)
    wide = np.array([[-1e308, 1e308]])
    np.testing.assert_allclose(read(tmp_path, tiff(wide)), [[0, 1]])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_floats_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    image = samples_of("f4", 1)
    image[3, 4] = value
    with pytest.raises(ImageError, match="NaN or infinite"):
        read(tmp_path, tiff(image))


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="complex64"):
        read(tmp_path, tiff(samples_of("f4", 1).astype(np.complex64)))


def test_radiance_passes_a_tone_curve(tmp_path: Path) -> None:
    image = smooth_rgb().astype(np.float32)
    image = (image - image.min()) / np.ptp(image)
    found = read(tmp_path, opencv(100 * image**2.2, ".hdr"))
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    # It resembles the picture itself, and is not black or white nearly everywhere.
    assert np.corrcoef(found.ravel(), image.ravel())[0, 1] > 0.95
    assert 0.2 < found.mean() < 0.8
    np.testing.assert_array_equal(read(tmp_path, opencv(0 * image, ".hdr")), 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_pictures_are_turned_upright_once(
    tmp_path: Path, format_name: str, orientation: int
) -> None:
    image = smooth_rgb()
    exif = Image.Exif()
    exif[0x112] = orientation
    lossless = {"WEBP": {"lossless": True}}.get(format_name, {})
    expected = UPRIGHT[orientation](read(tmp_path, pillow(image, format_name, **lossless)))
    found = read(tmp_path, pillow(image, format_name, exif=exif, **lossless))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_are_turned_upright_once(tmp_path: Path, orientation: int) -> None:
    image = samples_of("u2", 3)
    expected = UPRIGHT[orientation](image)
    tag = (274, "H", 1, orientation, True)
    np.testing.assert_array_equal(read(tmp_path, tiff(image, extratags=[tag])), expected)
    lzw = tiff(image, extratags=[tag])
    assert read(tmp_path, lzw).dtype == np.uint16
    exif = Image.Exif()
    exif[0x112] = orientation
    rows = np.hstack(
        [np.zeros((HEIGHT, 1), np.uint8), image.astype(">u2").view(np.uint8).reshape(HEIGHT, -1)]
    )
    chunk = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    data = png((WIDTH, HEIGHT), 16, 2, rows.tobytes(), chunk)
    np.testing.assert_array_equal(read(tmp_path, data), expected)


@pytest.mark.parametrize("angle", range(4))
def test_the_box_of_an_avif_counts_not_its_exif(tmp_path: Path, angle: int) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    data = bytearray(pillow(smooth_rgb(), "AVIF", exif=exif))
    data[data.index(b"irot") + 4] = angle  # anticlockwise, in quarters
    expected = np.rot90(read(tmp_path, pillow(smooth_rgb(), "AVIF")), angle)
    np.testing.assert_array_equal(read(tmp_path, bytes(data)), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_portable_float_maps(tmp_path: Path, channels: int) -> None:
    image = samples_of("f4", channels)
    kind, rows = ("PF" if channels == 3 else "Pf"), image[::-1].astype("<f4").tobytes()
    data = f"{kind}\n{WIDTH} {HEIGHT}\n-1.0\n".encode() + rows
    assert_same(read(tmp_path, data), image)


def test_damaged_exif_is_no_matter(tmp_path: Path) -> None:
    image = smooth_rgb()
    clean = read(tmp_path, pillow(image, "JPEG"))
    for exif in (b"Exif\0\0rubbish", b"Exif\0\0II*\0\xff\xff\xff\xff"):
        np.testing.assert_array_equal(read(tmp_path, pillow(image, "JPEG", exif=exif)), clean)


@pytest.mark.parametrize("name", every_format())
def test_every_format_is_like_its_picture(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, every_format()[name])
    expected = smooth_rgb()
    if name in ("alpha.png", "alpha.webp"):
        opacity = expected[..., :1] / 255.0
        expected = np.rint(expected * opacity + 255 * (1 - opacity))
    if found.ndim == 2:
        expected = cv2.cvtColor(smooth_rgb(), cv2.COLOR_RGB2GRAY)
    assert found.shape == expected.shape
    if name == "grey.jpg":
        expected = smooth_rgb()[..., 0]
    if name == "fax.tif":
        assert set(np.unique(found)) == {0, 255}
        return
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9


def test_cmyk_jpeg(tmp_path: Path) -> None:
    picture = Image.fromarray(smooth_rgb()).convert("CMYK")
    found = read(tmp_path, pillow(picture, "JPEG", quality=98, subsampling=0))
    assert np.abs(found.astype(int) - smooth_rgb()).mean() < 3


def test_pages_of_a_tiff(tmp_path: Path) -> None:
    pages = samples_of("u2", 5).transpose(2, 0, 1)
    (tmp_path / "stack.tif").write_bytes(tiff(pages, photometric="minisblack"))
    assert ImageFile(tmp_path / "stack.tif").pages == 5
    for index, page in enumerate(pages):
        np.testing.assert_array_equal(read_image(tmp_path / "stack.tif", page=index), page)
    with pytest.raises(ImageError, match="from 0 to 4; got 5"):
        read_image(tmp_path / "stack.tif", page=5)


def test_pages_of_many_kinds(tmp_path: Path) -> None:
    grey, rgb, floats = samples_of("u1", 1), samples_of("u1", 3), samples_of("f4", 1)
    path = tmp_path / "mixed.tif"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(rgb[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)  # thumbnail
        writer.write(grey, photometric="miniswhite", metadata=None)
        writer.write(rgb, photometric="rgb", compression="zlib", metadata=None)
        writer.write(floats, metadata=None)
    assert ImageFile(path).pages == 3
    np.testing.assert_array_equal(read_image(path), 255 - grey)
    np.testing.assert_array_equal(read_image(path, page=1), rgb)
    np.testing.assert_array_equal(read_image(path, page=2), floats)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "AVIF"])
def test_frames_of_an_animation(tmp_path: Path, format_name: str) -> None:
    frames = [Image.fromarray(np.full((16, 16, 3), level, np.uint8)) for level in (0, 128, 255)]
    path = tmp_path / "animation"
    path.write_bytes(pillow(frames[0], format_name, save_all=True, append_images=frames[1:]))
    assert ImageFile(path).pages == 3
    for index, level in enumerate((0, 128, 255)):
        assert abs(int(read_image(path, page=index).mean()) - level) <= 2


def test_pictures_without_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(pillow(smooth_rgb(), "JPEG"))
    assert ImageFile(path).pages == 1
    with pytest.raises(ImageError, match="from 0 to 0; got 1"):
        read_image(path, page=1)
