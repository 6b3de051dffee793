"""Image files that spend their bytes where people look."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from .. import validation
from ..errors import ImageError
from ..io.atomic_write import check_regular, reason_of, whole_file
from .inputs import Saliency, as_saliency, check_shape, map_of
from .jpeg import SUBSAMPLINGS, coarsened, encoded
from .photographs import Photograph, decoded, photograph_of
from .quality import psnr
from .salient import Mask, salient_mask

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".avif": "AVIF"}
_LARGEST_FACTOR = 64
_FEATHER = 8  # pixels over which the blurred background begins
_LOSS = 0.1  # dB that salient pixels may lose to the plain file
_MOST_STEPS = 6  # of quality that make up for a larger loss
_LONGEST_EXIF = 65_533  # bytes in a JPEG's segment

Encode = Callable[[Image.Image, int], bytes]  # a picture and its quality


@dataclass(frozen=True)
class CompressionReport:
    """Report of `compress_image`.

    Attributes
    ----------
    target : Path
        Output file.
    bytes : int
        Size of the output file.
    plain_bytes : int
        Size of a file of the same quality with no coarser background.
    psnr_salient, psnr_background : float
        PSNR in the most salient fifth of the pixels and in the rest, in decibels. The reference is
        the image. Infinity if all pixels are equal, NaN for the background of a uniform map.
    plain_psnr_salient, plain_psnr_background : float
        These values for the plain file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastsal.applications import CompressionReport
    >>> report = CompressionReport(Path("a.jpg"), 700, 1000, 36.0, 30.1, 36.0, 35.2)
    >>> round(report.saved, 2)
    0.3
    """

    target: Path
    bytes: int
    plain_bytes: int
    psnr_salient: float
    psnr_background: float
    plain_psnr_salient: float
    plain_psnr_background: float

    @property
    def saved(self) -> float:
        """Fraction of the plain file's bytes that is saved."""
        return 1 - self.bytes / self.plain_bytes


def compress_image(
    image: Any,
    target: str | Path,
    *,
    saliency: Saliency = "boolean-map",
    quality: int = 80,
    background: float = 8,
    subsampling: str = "4:4:4",
) -> CompressionReport:
    """Write an image file that is finer where people look and coarser elsewhere.

    The most salient fifth of the pixels keeps the quality of a plain file. The file is never larger
    than that one.

    Parameters
    ----------
    image : str, Path, PIL.Image.Image or array_like (H, W), (H, W, 3 or 4)
        An image file of any format that `fastsal image` reads, a PIL image, or an RGB array of
        uint8, uint16 or floats in [0, 1]. Files are turned upright, and transparent pixels of files
        show white. The first of several pages or frames is taken. Pixels of more than 8 bits are
        rounded to 8.
    target : str or Path
        Output file, ending in .jpg, .jpeg, .webp or .avif. It is created or replaced only when it
        is complete. EXIF data and an ICC profile that fits are kept; the thumbnail is not.
    saliency : str, callable or array_like (H, W), default "boolean-map"
        Key of a method for single images, a function that returns the map of an image, or the map
        of the upright image. A uniform map gives the plain file.
    quality : int, default 80
        Quality of the salient part, from 1 to 100, as Pillow defines it for the format.
    background : float, default 8
        How much coarser the rest is, from 1 (not at all) to 64. JPEG: steps of the coefficients,
        as a multiple of those of `quality`. WebP and AVIF: a Gaussian blur with a sigma of
        ``2 / 3 * log2(background)`` pixels. If salient pixels would lose more than 0.1 dB, the
        quality rises by up to 6. If that is not enough, the plain file is written.
    subsampling : {"4:4:4", "4:2:2", "4:2:0"}, default "4:4:4"
        Resolution of the colours in JPEG and AVIF. WebP always has 4:2:0.

    Returns
    -------
    CompressionReport

    Raises
    ------
    ImageError
        If the image cannot be read, or the target cannot be written or is the source. Or if Pillow
        has no encoder for it, or the map does not fit. No file is written.
    ValueError
        If an option is out of range, or `saliency` names no method or one that compares frames.

    Notes
    -----
    JPEG has one table of quantisation steps per plane. Blocks of the background therefore get
    coefficients that are multiples of coarser steps before encoding. The encoder finds them again
    and codes mostly zeros, so every decoder reads the file. Colours are treated on their own grid.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skimage import data
    >>> from fastsal.applications import compress_image
    >>> target = Path(tempfile.mkdtemp()) / "astronaut.jpg"
    >>> report = compress_image(data.astronaut(), target)
    >>> report.bytes == target.stat().st_size, report.saved > 0.25
    (True, True)
    >>> abs(report.psnr_salient - report.plain_psnr_salient) < 0.1
    True
    """
    quality = validation.integer("quality", quality, 1, 100)
    background = validation.number("background", background, 1, _LARGEST_FACTOR)
    validation.choice("subsampling", subsampling, SUBSAMPLINGS)
    target = _checked_target(target, image)
    photograph = photograph_of(image)
    pixels = photograph.pixels
    found = as_saliency(map_of(saliency, pixels))
    check_shape(found, pixels.shape[:2])
    mask = salient_mask(found)

    encode = _encoder(target, photograph, subsampling)
    plain = data = _tried(encode, Image.fromarray(pixels), quality, target)
    plain_psnrs = _psnrs(pixels, plain, mask)
    if not mask.all() and background > 1:
        if _FORMATS[target.suffix.lower()] == "JPEG":
            picture = coarsened(pixels, mask, background, quality, subsampling)
            data = min(plain, _tried(encode, picture, quality, target), key=len)
        else:
            picture = Image.fromarray(_blurred(pixels, mask, 2 / 3 * math.log2(background)))
            # Salient blocks are predicted from blurred ones, so some images need more quality.
            for raised in range(quality, min(quality + _MOST_STEPS, 100) + 1):
                tried = _tried(encode, picture, raised, target)
                if _psnrs(pixels, tried, mask)[0] >= plain_psnrs[0] - _LOSS:
                    data = min(plain, tried, key=len)
                    break
    _write(target, data)
    return CompressionReport(
        target, len(data), len(plain), *_psnrs(pixels, data, mask), *plain_psnrs
    )


def _checked_target(target: str | Path, image: Any) -> Path:
    """Return the target as a path, after seeing that such an image can be written there."""
    path = Path(target)
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise ImageError(f"{path}: the file name must end in {validation.joined(_FORMATS)}")
    name = _FORMATS[suffix]
    if name != "JPEG" and not features.check(name.lower()):
        raise ImageError(f"{path}: this Pillow has no encoder for {name}; use .jpg")
    try:
        check_regular(path)
    except OSError as error:
        raise ImageError(f"{path}: {reason_of(error)}") from error
    if not path.parent.is_dir():
        raise ImageError(f"{path}: no such folder: {path.parent}")
    source = Path(image) if isinstance(image, str | Path) else None
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise ImageError(f"{path}: source and target are the same file; choose another target")
    return path


def _encoder(target: Path, photograph: Photograph, subsampling: str) -> Encode:
    """Return a function from a PIL image and its quality to the bytes of a file."""
    name, metadata = _FORMATS[target.suffix.lower()], photograph.metadata
    if name == "JPEG":
        size = len(metadata.get("exif", b""))
        if size > _LONGEST_EXIF:
            raise ImageError(
                f"{target}: EXIF data in a JPEG must have at most {_LONGEST_EXIF} bytes; "
                f"got {size}; use .webp or .avif"
            )
        return partial(encoded, subsampling=subsampling, metadata=metadata)
    options: dict[str, Any] = {**metadata}
    if name == "AVIF":
        options["subsampling"] = subsampling

    def encode(picture: Image.Image, quality: int) -> bytes:
        buffer = io.BytesIO()
        picture.save(buffer, name, quality=quality, **options)
        return buffer.getvalue()

    return encode


def _tried(encode: Encode, picture: Image.Image, quality: int, target: Path) -> bytes:
    try:
        return encode(picture, quality)
    except (OSError, ValueError) as error:  # a side beyond the limits of the format
        width, height = picture.size
        name = _FORMATS[target.suffix.lower()]
        raise ImageError(f"{target}: {name} cannot hold {width}x{height} pixels") from error


def _blurred(pixels: NDArray[np.uint8], mask: Mask, sigma: float) -> NDArray[np.uint8]:
    """Return an image that is blurred outside a mask, with a soft border there."""
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    weight = (away / np.float32(_FEATHER)).clip(0, 1)
    if pixels.ndim == 3:
        weight = weight[..., None]
    blurred = cv2.GaussianBlur(pixels, (0, 0), sigma).astype(np.float32)
    mixed: NDArray[np.uint8] = np.rint(pixels + weight * (blurred - pixels)).astype(np.uint8)
    return mixed


def _write(target: Path, data: bytes) -> None:
    try:
        with whole_file(target) as partial_file:
            partial_file.write_bytes(data)
    except OSError as error:
        raise ImageError(f"{target}: {reason_of(error)}") from error


def _psnrs(pixels: NDArray[np.uint8], data: bytes, mask: Mask) -> tuple[float, float]:
    """Return the PSNR inside and outside a mask."""
    found = decoded(data)
    if pixels.ndim == 2 and found.ndim == 3:  # WebP and AVIF have no grey
        found = found[..., 0]
    inside = psnr(pixels, found, saliency=mask)
    return inside, math.nan if mask.all() else psnr(pixels, found, saliency=~mask)
