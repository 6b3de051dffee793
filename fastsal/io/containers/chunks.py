"""AVI, MXF and GIF: chains of chunks."""

import mmap
import struct

from .parts import missing

_BETWEEN = (b"LIST", b"RIFF", b"JUNK", b"idx1")  # chunks without content of a stream
_FRAMES = (b"dc", b"db")
_CONTENTS = (*_FRAMES, b"wb", b"pc", b"tx", b"sb", b"iv", b"sd", b"__")


def check_riff(data: mmap.mmap) -> str:
    """Look for the end of an AVI file, then for damage in the chain of its chunks."""
    return _riff_end(data) or _riff_chain(data)


def _riff_chain(data: mmap.mmap) -> str:
    """Walk through the chunks of an AVI file, which have names of printable characters."""
    start, movie = 0, 0
    stated: list[int] = []  # frames or samples of each stream
    is_video: list[bool] = []
    found: dict[int, int] = {}  # chunks of each stream
    while start + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, start)
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return f"damaged at byte {start:,}" if any(data[start:]) else ""
        if name == b"idx1" and not _is_index(data[start + 8 : start + 8 + size]):
            return "its index is damaged"
        if name == b"LIST" and data[start + 8 : start + 12] == b"movi":
            movie = start + 8 + size
        elif name == b"strh":
            is_video.append(data[start + 8 : start + 12] == b"vids")
            stated.append(struct.unpack_from("<I", data, start + 8 + 32)[0])
        elif start < movie and name not in _BETWEEN:
            if name[:2].isdigit() != (name[2:] in _CONTENTS):
                return f"damaged at byte {start:,}"
            if name[2:] in _FRAMES:
                number = int(name[:2])
                if number >= len(is_video) or not is_video[number]:
                    return f"damaged at byte {start:,}"
                found[number] = found.get(number, 0) + 1
        # Enter a list: its name and content follow.
        start += 12 if name in (b"RIFF", b"LIST") else 8 + size + size % 2
    for number in range(len(stated)):
        lost = stated[number] - found.get(number, 0)
        # A program that could not go back to the header has left a number there that is none.
        if is_video[number] and lost > 1 and stated[number] < len(data) // 8:
            return f"damaged: {lost} of {stated[number]} frames cannot be found"
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


_PARTITION = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"  # the header's


def check_mxf(data: mmap.mmap) -> str:
    """Walk through the keys, lengths and values of an MXF file, up to the footer it states."""
    start = footer = 0
    while data[start : start + 4] == b"\x06\x0e\x2b\x34":
        key = data[start : start + 14]
        size, start = data[start + 16], start + 17
        if size & 0x80:
            content = start + (size & 0x7F)
            size, start = int.from_bytes(data[start:content], "big"), content
        if key == _PARTITION:
            (footer,) = struct.unpack_from(">Q", data, start + 24)
        start += size
    if footer >= len(data):
        return missing(data, footer + 1)
    if any(data[start:]):
        return f"damaged at byte {start:,}"
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
