"""PNG data checked and stripped before libpng sees it, because libpng prints to stderr itself."""

import zlib

from ..errors import ImageError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colour profiles, texts and times are left out: unused here, and the usual cause of the warnings.
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")
_LONGEST_SIDE = 1_000_000


def stripped_png(data: bytes) -> bytes:
    """PNG data with only the chunks that make the picture; any other data unchanged.

    Parameters
    ----------
    data : bytes
        A whole image file.

    Returns
    -------
    bytes

    Raises
    ------
    ImageError
        The data begins as a PNG, and is cut short or fails its own checksums.
    """
    if not data.startswith(_SIGNATURE):
        return data
    view, kept, at, kind = memoryview(data), [_SIGNATURE], len(_SIGNATURE), b""
    while kind != b"IEND":
        kind, end = _chunk(view, at)
        if kind in _KEPT:
            kept.append(bytes(view[at:end]))
        at = end
    _check_sides(kept[1])
    return b"".join(kept)


def _chunk(view: memoryview, at: int) -> tuple[bytes, int]:
    """Kind of the chunk that starts at `at`, and where it ends."""
    end = at + 12 + int.from_bytes(view[at : at + 4])
    if at + 12 > len(view) or end > len(view):
        raise ImageError("its data is cut short")
    if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
        raise ImageError("a checksum in it does not match")
    return bytes(view[at + 4 : at + 8]), end


def _check_sides(header: bytes) -> None:
    if header[4:8] != b"IHDR" or len(header) != 25:
        raise ImageError("its header is missing")
    sides = int.from_bytes(header[8:12]), int.from_bytes(header[12:16])
    if not all(0 < side <= _LONGEST_SIDE for side in sides):
        raise ImageError(f"its header claims {sides[0]}x{sides[1]} pixels")
