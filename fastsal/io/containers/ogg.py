"""Ogg: pages with checksums."""

import mmap
import zlib

from .parts import missing


def check_ogg(data: mmap.mmap) -> str:
    """Walk through the pages; FFmpeg leaves out those with a wrong checksum without a word."""
    start = 0
    while start < len(data):
        if start + 27 > len(data):
            return missing(data, start + 27)
        content = start + 27 + data[start + 26]
        end = content + sum(data[start + 27 : content])
        if end > len(data):
            return missing(data, end)
        page = bytearray(data[start:end])
        checksum = page[22:26]
        page[22:26] = bytes(4)
        if page[:4] != b"OggS" or _ogg_checksum(page) != int.from_bytes(checksum, "little"):
            return f"damaged at byte {start:,}"
        start = end
    return ""


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _ogg_checksum(page: bytearray) -> int:
    """Return zlib's checksum of bits in the opposite order, without its two inversions."""
    checksum = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{checksum:032b}"[::-1], 2)
