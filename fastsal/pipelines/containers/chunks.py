"""AVI, FLV, WMV, MXF and GIF: chains of chunks."""

import mmap
import struct

from .parts import missing


def check_riff(data: mmap.mmap) -> str:
    """Look for the end of an AVI file, then for damage in the chain of its chunks."""
    return _riff_end(data) or _riff_chain(data)


def _riff_chain(data: mmap.mmap) -> str:
    """Walk through the chunks of an AVI file, which have names of printable characters."""
    start = 0
    while start + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, start)
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return f"damaged at byte {start:,}" if any(data[start:]) else ""
        if name == b"idx1" and not _is_index(data[start + 8 : start + 8 + size]):
            return "its index is damaged"
        # A list, whose name and content follow, is entered.
        start += 12 if name in (b"RIFF", b"LIST") else 8 + size + size % 2
    return ""


def _is_index(entries: bytes) -> bool:
    """Return whether every entry of an AVI index, 16 bytes, starts with the name of a chunk."""
    return all(entries[place::16].replace(b" ", b"").isalnum() for place in range(4) if entries)


def _riff_end(data: mmap.mmap) -> str:
    start = 0
    while data[start : start + 4] == b"RIFF":
        (size,) = struct.unpack_from("<I", data, start + 4)
        if size == 0xFFFFFFFF:  # never filled in, by a writer that could not seek
            return ""
        start += 8 + size
    return missing(data, start)


def check_flv(data: mmap.mmap) -> str:
    """Compare the size of an FLV file with the stated one, and walk through its tags."""
    stated = data.find(b"filesize\0", 0, 4096)
    if stated > 0:
        (size,) = struct.unpack_from(">d", data, stated + 9)
        if size > len(data):
            return missing(data, int(size))
    start = int.from_bytes(data[5:9], "big") + 4
    while start + 11 <= len(data):
        if data[start] & 0x1F not in (8, 9, 18):
            return "" if not any(data[start:]) else f"damaged at byte {start:,}"
        start += 11 + int.from_bytes(data[start + 1 : start + 4], "big") + 4
    if len(data) == start - 4:  # without the last four bytes, which repeat a size
        return ""
    return missing(data, start + 11 if any(data[start:]) else start)


def check_asf(data: mmap.mmap) -> str:
    """Look for the end of the data object of a WMV file."""
    (start,) = struct.unpack_from("<Q", data, 16)
    (size,) = struct.unpack_from("<Q", data, start + 16)
    return missing(data, start + size) if data[start] == 0x36 and size < 1 << 62 else ""


def check_mxf(data: mmap.mmap) -> str:
    """Walk through the keys, lengths and values of an MXF file."""
    start = 0
    while data[start : start + 4] == b"\x06\x0e\x2b\x34":
        size, start = data[start + 16], start + 17
        if size & 0x80:
            content = start + (size & 0x7F)
            size, start = int.from_bytes(data[start:content], "big"), content
        start += size
    return missing(data, start)


def check_gif(data: mmap.mmap) -> str:
    """Walk through the blocks of a GIF file."""

    def after_table(start: int, flags: int) -> int:
        return start + (3 << (flags & 7) + 1 if flags & 0x80 else 0)

    start = after_table(13, data[10])
    while start < len(data) and data[start] != 0x3B:
        if data[start] == 0x21:
            start += 2
        elif data[start] == 0x2C:
            start = after_table(start + 10, data[start + 9]) + 1
        else:
            return f"damaged at byte {start:,}"
        while data[start]:
            start += data[start] + 1
        start += 1
    return ""
