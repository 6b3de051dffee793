"""Kinds of files, recognised by their first bytes, and the way out for those that are no image."""

from __future__ import annotations

import re

# The order matters where one signature is the beginning of another.
_IMAGES = {
    "npy": rb"\x93NUMPY",
    "png": rb"\x89PNG\r\n\x1a\n",
    "jpeg": rb"\xff\xd8\xff",
    "gif": rb"GIF8[79]a",
    "webp": rb"RIFF....WEBP",
    "bmp": rb"BM",
    "jpeg2000": rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
    "avif": rb"....ftyp(?:avif|avis|mif1.{4}(?:.{4})*?avif)",
    "pnm": rb"P[1-6]\s",
    "radiance": rb"#\?(?:RADIANCE|RGBE)",
    "tiff": rb"(?:II[*+]\x00|MM\x00[*+])(?!.{4}CR)",
}

_CONVERT = "convert it to PNG or JPEG first"
_OTHERS = (
    (
        rb"....ftyp(?:hei[cxms]|hev[cmxs]|mif1|msf1)",
        "a HEIC image, which is not supported; convert it to JPEG or PNG first, with heif-convert "
        "for example",
    ),
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", f"a JPEG XL image, which is not supported; {_CONVERT}"),
    (
        rb"....ftypcrx |(?:II\*\x00|MM\x00\*).{4}CR|FUJIFILMCCD-RAW|II(?:RO|RS|U\x00)|MMOR|FOVb"
        rb"|\x00MRM",
        "RAW",
    ),
    (rb"v/1\x01", "an OpenEXR image, which is not supported; convert it to .hdr or a float TIFF"),
    (rb"8BPS", f"a Photoshop document, which is not supported; {_CONVERT}"),
    (rb"%PDF", "a PDF document, not an image; convert its pages to PNG first"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript document, not an image; convert it to PNG first"),
    (rb"(?s:.*)<svg[\s>]", "an SVG drawing, which is not supported; convert it to PNG first"),
    (
        rb"version https://git-lfs",
        "a Git LFS pointer, not the image itself; run 'git lfs pull' in its repository",
    ),
    (
        rb"(?i:\s*(?:<!doctype html|<html)|(?s:.*)<(?:html|head|body)[\s>])",
        "an HTML page, not an image; download the image itself",
    ),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!|\xfd7zXZ", "an archive, not an image; unpack it first"),
    (rb".{128}DICM", f"a DICOM file, which is not supported; {_CONVERT}"),
    (rb"SIMPLE  =", "a FITS file, which is not supported; convert it to a float TIFF first"),
    (
        rb"....ftyp|....moov|RIFF....AVI |\x1a\x45\xdf\xa3|FLV\x01|OggS|\x00\x00\x01\xba"
        rb"|\x30\x26\xb2\x75|ID3|fLaC|RIFF....WAVE",
        "a video or a sound, not an image; 'fastsal video' reads videos",
    ),
)
_RAW_SUFFIXES = tuple(
    f".{name}"
    for name in (
        *("3fr", "arw", "cr2", "cr3", "dcr", "dng", "erf", "iiq", "kdc", "mrw", "nef", "nrw"),
        *("orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f"),
    )
)
RAW = (
    "a raw file of a camera, which is not supported; develop it to TIFF or JPEG first, with "
    "darktable or RawTherapee for example"
)
_HEAD = 1024


def image_kind(data: bytes, suffix: str) -> str | None:
    """Return the image format that the first bytes name, or None.

    A raw file of a camera is mostly a TIFF by its content; only `suffix` distinguishes them.
    """
    head = data[:_HEAD]
    if suffix.lower() in _RAW_SUFFIXES:
        return None
    return next((kind for kind, mark in _IMAGES.items() if re.match(mark, head, re.S)), None)


def describe_other(data: bytes, suffix: str) -> str | None:
    """Name a file that is no readable image, and the way out; None if it is unknown."""
    head = data[:_HEAD]
    found = next((text for mark, text in _OTHERS if re.match(mark, head, re.S)), None)
    if found == "RAW" or (found is None and suffix.lower() in _RAW_SUFFIXES):
        return RAW
    if found is None and is_text(head):
        return "a text file, not an image"
    return found


def is_text(head: bytes) -> bool:
    """Return whether bytes read as a text of some length."""
    return len(head) > 3 and re.fullmatch(rb"[\t\n\r\x20-\x7e]+", head) is not None
