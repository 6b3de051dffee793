"""TIFF pages: layout read by tifffile, samples by Pillow, tifffile or OpenCV.

OpenCV returns black or scrambled pictures for several kinds of TIFF and reports nothing, so it
gets only the kinds that it decodes correctly.
"""

from __future__ import annotations

import io
import logging
import re
import struct
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, PLANARCONFIG, SAMPLEFORMAT, TiffFile, TiffPage

from ..errors import ImageError
from .decoders import by_opencv, by_pillow, check_size
from .file_kinds import RAW
from .pixels import Samples

# tifffile logs oddities that do not matter; without a handler Python prints them on stderr.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_ORIENTATION, _NEW_SUBFILE_TYPE, _SUB_IFDS, _DNG_VERSION = 274, 254, 330, 50706
_REDUCED_OR_MASK = 1 | 4
_BY_LIBTIFF = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000}
# In tifffile's messages, those of damaged data among them, only these mean a missing codec.
_NO_CODEC = re.compile(r"imagecodecs|COMPRESSION")
_BY_OPENCV = {1, 5, 8, 32946}
_ALPHA: dict[int, Literal["straight", "premultiplied"]] = {1: "premultiplied", 2: "straight"}
_GRAY = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK)
_PLAIN_COLORS = (*_GRAY, PHOTOMETRIC.RGB)
_RAW_COLORS = (PHOTOMETRIC.CFA, PHOTOMETRIC.LINEAR_RAW)
# Only Pillow turns these into RGB.
_BY_PILLOW_ONLY = (PHOTOMETRIC.SEPARATED, PHOTOMETRIC.YCBCR)


class TiffPages:
    """Pages of one TIFF, without thumbnails, reduced copies and masks.

    Parameters
    ----------
    data : bytes
        The whole file. Damaged data raise any exception, here and in `read`.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._file = TiffFile(io.BytesIO(data))
        # Frames share tags with the first page unless asked not to.
        self._file.pages.useframes = False
        pages = [page for page in self._file.pages if isinstance(page, TiffPage)]
        if not pages:
            raise ImageError("the file is truncated")
        self._pages = [page for page in pages if not _is_reduced_or_mask(page)] or pages[:1]

    def __len__(self) -> int:
        return len(self._pages)

    def read(self, index: int) -> Samples:
        """Return the samples of one page.

        Raises
        ------
        ImageError
            No decoder here reads this kind of TIFF.
        """
        page = self._pages[index]
        _check(page, len(self._data))
        orientation = page.tags.valueof(_ORIENTATION, default=1)
        if _suits_pillow(page):
            samples = by_pillow("tiff", self._starting_with(page))
            return samples._replace(orientation=orientation, bits=_bits(page))
        if page.photometric not in (*_PLAIN_COLORS, PHOTOMETRIC.PALETTE):
            raise _colors_refusal(page)
        return _meaning(page, self._values(page))._replace(orientation=orientation)

    def _values(self, page: TiffPage) -> NDArray[Any]:
        """Return the stored samples, ``(H, W)`` or ``(H, W, C)``."""
        try:
            values: NDArray[Any] = page.asarray()
        except (ValueError, NotImplementedError, ImportError) as error:
            if not isinstance(error, ImportError) and not _NO_CODEC.search(str(error)):
                raise
            if not _suits_opencv(page):
                raise _refusal(page) from error
            return by_opencv(self._starting_with(page), cv2.IMREAD_UNCHANGED)
        if page.samplesperpixel > 1 and page.planarconfig == PLANARCONFIG.SEPARATE:
            values = np.moveaxis(values, 0, -1)
        return values

    def _starting_with(self, page: TiffPage) -> bytes:
        """Return the file with this page in front, and upright, as not all decoders turn it."""
        changed = bytearray(self._data)
        order = self._file.byteorder
        at, size = (8, "Q") if self._file.is_bigtiff else (4, "I")
        struct.pack_into(order + size, changed, at, page.offset)
        if (tag := page.tags.get(_ORIENTATION)) is not None:
            struct.pack_into(order + "H", changed, tag.valueoffset, 1)
        return bytes(changed)


def _is_reduced_or_mask(page: TiffPage) -> bool:
    return bool(page.tags.valueof(_NEW_SUBFILE_TYPE, default=0) & _REDUCED_OR_MASK)


def _check(page: TiffPage, length: int) -> None:
    is_preview = page.tags.valueof(_NEW_SUBFILE_TYPE, default=0) & 1 and _SUB_IFDS in page.tags
    if page.photometric in _RAW_COLORS or _DNG_VERSION in page.tags or is_preview:
        raise ImageError(RAW)
    check_size(page.imagewidth, page.imagelength)
    if not page.dataoffsets or page.imagedepth != 1:
        raise ImageError("the page is not a two-dimensional image")
    ends = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
    if max(ends) > length:
        raise ImageError("the file is truncated")


def _bits(page: TiffPage) -> int:
    return 0 if page.bitspersample <= 8 else page.bitspersample


def _is_unsigned(page: TiffPage) -> bool:
    return page.sampleformat in (SAMPLEFORMAT.UINT, SAMPLEFORMAT.VOID)


def _suits_pillow(page: TiffPage) -> bool:
    """Return whether Pillow reads the page without a loss of bits."""
    if page.compression not in _BY_LIBTIFF or not _is_unsigned(page):
        return False
    if page.photometric in _BY_PILLOW_ONLY:
        return True
    samples, bits = page.samplesperpixel, page.bitspersample
    if bits == 8 and page.compression == COMPRESSION.NONE and page.photometric in _PLAIN_COLORS:
        return False  # tifffile reads these without a copy of the file
    is_separate = page.planarconfig == PLANARCONFIG.SEPARATE
    return (
        (samples == 1 and (bits <= 8 or (bits == 12 and page.compression == 1)))
        or (bits == 8 and samples == 3 and page.photometric == PHOTOMETRIC.RGB)
        or (bits == 8 and samples == 4 and page.photometric == PHOTOMETRIC.RGB and not is_separate)
    )


def _suits_opencv(page: TiffPage) -> bool:
    """Return whether OpenCV decodes the page correctly, as tests found."""
    samples, bits = page.samplesperpixel, page.bitspersample
    if samples > 1 and page.planarconfig == PLANARCONFIG.SEPARATE:
        return False
    if page.compression not in _BY_OPENCV or page.photometric not in _PLAIN_COLORS:
        return False
    if bits == 8:
        return samples in (1, 3) and page.photometric != PHOTOMETRIC.MINISWHITE
    if bits == 16 and page.sampleformat == SAMPLEFORMAT.IEEEFP:
        return False
    return bits in (16, 32, 64) and samples in (1, 3, 4)


def _meaning(page: TiffPage, values: NDArray[Any]) -> Samples:
    """Name the channels, and leave out those that hold no colour or alpha."""
    if page.photometric == PHOTOMETRIC.PALETTE and values.ndim == 2:
        palette = np.asarray(page.colormap)
        return Samples(np.moveaxis(palette[:, values], 0, -1))
    channels = 1 if values.ndim == 2 else values.shape[2]
    # Satellite pictures of three bands are often marked as grey with two more samples.
    colors = 1 if channels < 3 else 3
    alpha = _ALPHA.get(next(iter(page.extrasamples), 0)) if channels in (2, 4) else None
    is_mixed = channels > 4 and page.photometric != PHOTOMETRIC.RGB
    if is_mixed or (channels == 2 and alpha is None):
        raise ImageError(f"it has {channels} channels; save one as grey or three as RGB first")
    return Samples(
        values[..., : colors + (alpha is not None)] if channels > 1 else values,
        alpha,
        bits=_bits(page) if _is_unsigned(page) else 0,
        is_inverted=page.photometric == PHOTOMETRIC.MINISWHITE,
    )


def _refusal(page: TiffPage) -> ImageError:
    return ImageError(
        f"a TIFF of {page.bitspersample} bits and {_name(page.compression)} compression needs "
        "another decoder: pip install imagecodecs, or convert it to PNG"
    )


def _colors_refusal(page: TiffPage) -> ImageError:
    return ImageError(
        f"a TIFF of {_name(page.photometric)} colours, {page.bitspersample} bits and "
        f"{_name(page.compression)} compression is not supported; convert it to RGB first"
    )


def _name(code: Any) -> str:
    return str(getattr(code, "name", code))
