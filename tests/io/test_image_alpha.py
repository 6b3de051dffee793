"""Transparent pictures look as in every viewer, on the background that is asked for."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_samples import (
    HEIGHT,
    WIDTH,
    pillow,
    png,
    png_chunk,
    samples_of,
    smooth_rgb,
    tiff,
)
from PIL import Image

from fastsal.io.pictures import read_image

TRANSPARENT, SOLID = (9, 7), (20, 30)
BACKGROUNDS = {"white": (255, 255, 255), "#ff8000": (255, 128, 0), "black": (0, 0, 0)}


def on_background(
    colors: np.ndarray, alpha: np.ndarray, background: tuple[int, int, int]
) -> np.ndarray:
    """Source over background, pixel by pixel, in exact numbers."""
    white = 1 if colors.dtype.kind == "f" else np.iinfo(colors.dtype).max
    shown = colors.astype(np.longdouble)
    base: Any = np.array(background, np.longdouble) * white / 255
    opacity = alpha.astype(np.longdouble) / white
    if colors.ndim == 2 and len(set(background)) == 1:
        base = base[0]
    elif colors.ndim == 2:
        shown, opacity = shown[..., None], opacity[..., None]
    else:
        opacity = opacity[..., None]
    return shown * opacity + base * (1 - opacity)


def rgba() -> np.ndarray:
    alpha = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8)
    return np.dstack([smooth_rgb(), alpha])


def rows_of(image: np.ndarray) -> bytes:
    """Return PNG rows without a filter."""
    stored = image.astype(image.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in stored)


def encoded(kind: str) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return a file with its colours and its alpha."""
    image = rgba()
    if kind == "rgba.png":
        return pillow(image, "PNG"), image[..., :3], image[..., 3]
    if kind == "grey.png":
        return pillow(Image.fromarray(image[..., 2:]), "PNG"), image[..., 2], image[..., 3]
    if kind == "webp":
        return pillow(image, "WEBP", lossless=True, exact=True), image[..., :3], image[..., 3]
    if kind in ("deep.png", "deep grey.png", "deep.tif", "float.tif"):
        deep = samples_of("f4" if kind == "float.tif" else "u2", 4)
        if kind.endswith("tif"):
            return tiff(deep, extrasamples=["unassalpha"]), deep[..., :3], deep[..., 3]
        if kind == "deep.png":
            return png((WIDTH, HEIGHT), 16, 6, rows_of(deep)), deep[..., :3], deep[..., 3]
        return png((WIDTH, HEIGHT), 16, 4, rows_of(deep[..., :2])), deep[..., 0], deep[..., 1]
    assert kind == "tif"
    return tiff(image, extrasamples=["unassalpha"]), image[..., :3], image[..., 3]


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize(
    "kind",
    ["rgba.png", "grey.png", "webp", "deep.png", "deep grey.png", "tif", "deep.tif", "float.tif"],
)
def test_alpha_is_composited(tmp_path: Path, kind: str, background: str) -> None:
    data, colors, alpha = encoded(kind)
    path = tmp_path / "a"
    path.write_bytes(data)
    expected = on_background(colors, alpha, BACKGROUNDS[background])
    found = read_image(path, background=background)
    assert found.dtype == colors.dtype
    assert found.shape == expected.shape
    tolerance = 1e-6 if found.dtype.kind == "f" else 0.501 if found.dtype == np.uint8 else 0.51
    np.testing.assert_allclose(found.astype(float), expected.astype(float), 0, tolerance)
    if background == "white":
        np.testing.assert_array_equal(read_image(path), found)
        np.testing.assert_array_equal(read_image(path, background=(255, 255, 255)), found)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_premultiplied_alpha(tmp_path: Path, dtype: str) -> None:
    image = samples_of(dtype, 4)
    white = 1 if dtype == "f4" else np.iinfo(dtype).max
    opacity = image[..., 3:].astype(float) / white
    stored = image.copy()
    stored[..., :3] = image[..., :3] * opacity
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(stored, extrasamples=["assocalpha"]))
    expected = stored[..., :3] + (1 - opacity) * white
    # Pillow divides 8 bits by alpha before they are multiplied again.
    tolerance = {"u1": 1.5, "u2": 1, "f4": 1e-6}[dtype]
    np.testing.assert_allclose(read_image(path).astype(float), expected, 0, tolerance)


def test_unspecified_fourth_samples_are_no_alpha(tmp_path: Path) -> None:
    for dtype in ("u1", "u2"):
        image = samples_of(dtype, 4)
        (tmp_path / "a.tif").write_bytes(tiff(image, extrasamples=["unspecified"]))
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), image[..., :3])


def indexed(format_name: str) -> bytes:
    colors = Image.fromarray(smooth_rgb()).quantize(8)
    values = np.asarray(colors).copy()
    values[TRANSPARENT] = 7
    picture = Image.fromarray(values)
    picture.putpalette(colors.getpalette()[:24])
    return pillow(picture, format_name, transparency=7)


def keyed(depth: int, color_type: int) -> bytes:
    """Return a PNG in which one colour is transparent."""
    channels = 3 if color_type == 2 else 1
    image = samples_of("u1" if depth == 8 else "u2", channels)
    key = struct.pack(f">{channels}H", *np.atleast_1d(image[TRANSPARENT]).tolist())
    return png((WIDTH, HEIGHT), depth, color_type, rows_of(image), png_chunk(b"tRNS", key))


@pytest.mark.parametrize(
    "data",
    [indexed("PNG"), indexed("GIF"), keyed(8, 0), keyed(8, 2), keyed(16, 0),
     keyed(16, 2)],
    ids=["indexed png", "gif", "grey 8", "rgb 8", "grey 16", "rgb 16"],
)  # fmt: skip
def test_transparent_colours(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    white, red = read_image(path), read_image(path, background="red")
    full = np.iinfo(white.dtype).max
    np.testing.assert_array_equal(white[TRANSPARENT], full)
    np.testing.assert_array_equal(red[TRANSPARENT], [full, 0, 0])
    np.testing.assert_array_equal(white[SOLID] * np.ones(3), red[SOLID])
    assert (white[SOLID] != full).any()


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_hidden_colours_do_not_matter(tmp_path: Path, format_name: str) -> None:
    maps = []
    for seed in (1, 2):
        image = rgba()
        image[:20, :, :3] = np.random.default_rng(seed).integers(0, 256, (20, WIDTH, 3))
        image[:20, :, 3] = 0
        image[20:, :, 3] = 255
        options = {"WEBP": {"lossless": True, "exact": True}, "AVIF": {"quality": 100}}
        (tmp_path / "a").write_bytes(pillow(image, format_name, **options.get(format_name, {})))
        maps.append(read_image(tmp_path / "a"))
        np.testing.assert_array_equal(maps[-1][:20], 255)
    if format_name != "AVIF":  # which mixes neighbours at the border
        np.testing.assert_array_equal(*maps)


def test_opaque_alpha_changes_nothing(tmp_path: Path) -> None:
    image = samples_of("u2", 4)
    image[..., 3] = 65535
    (tmp_path / "a.tif").write_bytes(tiff(image, extrasamples=["unassalpha"]))
    found = read_image(tmp_path / "a.tif", background="black")
    np.testing.assert_array_equal(found, image[..., :3])


@pytest.mark.parametrize("color", ["", "no colour", (1, 2), (1, 2, 256), (0.5, 0, 0), None, 7])
def test_background_must_be_a_colour(tmp_path: Path, color: Any) -> None:
    (tmp_path / "a.png").write_bytes(pillow(rgba(), "PNG"))
    with pytest.raises(ValueError, match="`background` must be a colour"):
        read_image(tmp_path / "a.png", background=color)
