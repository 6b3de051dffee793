"""Photographs of 8 bits with their metadata, upright."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import ImageError
from ..io.decoders import open_pillow
from ..io.file_kinds import image_kind
from ..io.pictures import read_image
from .inputs import as_picture

_ORIENTATION = 0x0112
_COLOR_SPACE = slice(16, 20)  # bytes of an ICC profile (ICC.1, section 7.2)


class Photograph(NamedTuple):
    """Pixels and metadata.

    Attributes
    ----------
    pixels : ndarray of uint8, (H, W) or (H, W, 3)
        Grey or RGB, upright.
    metadata : dict
        "exif" and "icc_profile" where there are such, as `PIL.Image.Image.save` takes them.
    path : Path or None
        The file.
    """

    pixels: NDArray[np.uint8]
    metadata: dict[str, bytes]
    path: Path | None = None


def photograph_of(image: Any) -> Photograph:
    """Return the photograph that a file, a PIL image or an array holds."""
    if isinstance(image, str | Path):
        path = Path(image)
        pixels = _in_8_bits(as_picture(read_image(path), str(path)))
        return Photograph(pixels, _metadata_of_file(path, pixels), path)
    if isinstance(image, Image.Image):
        pixels = _in_8_bits(as_picture(_upright(image), "image"))
        return Photograph(pixels, _metadata(image, pixels))
    return Photograph(_in_8_bits(as_picture(image, "image")), {})


def _in_8_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return (H, W) or (H, W, 3) of uint8, rounded."""
    if pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.dtype.kind == "f":
        pixels = np.rint(pixels * np.float32(255))
    elif pixels.dtype == np.uint16:
        pixels = (pixels + np.uint32(128)) // np.uint32(257)
    return np.ascontiguousarray(pixels, np.uint8)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"`image` must be a readable PIL image; got one with {error}") from error


def _metadata_of_file(path: Path, pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    data = path.read_bytes()
    kind = image_kind(data, path.suffix)
    try:
        with open_pillow(kind or "", data) as image:
            return _metadata(image, pixels)
    except Exception:  # not a format of Pillow's: it has no metadata that could be kept
        return {}


def _metadata(image: Image.Image, pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    found = {}
    if exif := _upright_exif(image):
        found["exif"] = exif
    profile = image.info.get("icc_profile")
    space = b"GRAY" if pixels.ndim == 2 else b"RGB "
    if profile and profile[_COLOR_SPACE] == space:  # not that of the CMYK it was
        found["icc_profile"] = profile
    return found


def _upright_exif(image: Image.Image) -> bytes:
    """Return the EXIF data for upright pixels, without the thumbnail; empty if there is none."""
    try:
        exif = image.getexif()
        if not exif:
            return b""
        if _ORIENTATION in exif:
            exif[_ORIENTATION] = 1
        data: bytes = exif.tobytes()
    except Exception:  # damaged metadata do not make a picture unreadable
        return b""
    return data


def decoded(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of an encoded image, (H, W) or (H, W, 3)."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("L" if image.mode == "L" else "RGB"))
