"""Structure of video containers: whether a file ends before the parts that it announces."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_CUT = "cut short or damaged: "


def fault_of(path: Path) -> str:
    """Return the sign, in the structure of a file, that a part of it is missing.

    Durations in headers are no such sign: audio may be longer than the video, start later, or
    both may start after zero.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Empty if the file is whole, or of a container without such signs.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for matches, check in _CHECKS:
                if matches(data):
                    return check(data)
    except (IndexError, struct.error):
        return f"{_CUT}the last part of its structure is incomplete"
    except (OSError, ValueError):  # it was read a moment ago, but is gone, or empty now
        return ""
    return ""


def is_shown(codec: str, packet: Any) -> bool:
    """Return whether a packet holds a visible frame: VP8 has some that are only referred to."""
    return codec != "vp8" or bool(memoryview(packet)[0] & 0x10)


def played_fraction(path: Path) -> float | None:
    """Return the fraction of the video that an MP4 or MOV plays, by its edit list; else None."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _played_fraction(data) if _is_mp4(data) else None
    except (OSError, ValueError, struct.error, IndexError, StopIteration):
        return 1.0


def _missing(data: mmap.mmap, end: int) -> str:
    """Compare the end of a part with the end of the file."""
    if end <= len(data):
        return ""
    return f"{_CUT}{end - len(data):,} bytes are missing at its end"


def _boxes(data: mmap.mmap, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start of the content, and end of the boxes of an MP4 or MOV file."""
    while start + 8 <= stop:
        size, name = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, content)
            content += 8
        end = start + size if size else stop  # 0 means: to the end of the file
        if end < content:
            return
        yield name, content, end
        start = end


def _is_mp4(data: mmap.mmap) -> bool:
    return data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _check_mp4(data: mmap.mmap) -> str:
    end = 0
    for name, _, end in _boxes(data, 0, len(data)):
        if name in (b"mdat", b"moov", b"moof") and end > len(data):
            return _missing(data, end)
    rest = len(data) - end
    return _missing(data, end + 8) if 0 < rest < 8 and any(data[end:]) else ""


def _inside(data: mmap.mmap, box: tuple[int, int], *path: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of the content of every box at `path` inside a box."""
    if not path:
        yield box
        return
    for name, start, end in _boxes(data, *box):
        if name == path[0]:
            yield from _inside(data, (start, end), *path[1:])


def _timescale(data: mmap.mmap, start: int) -> tuple[int, int]:
    """Return ticks per second and duration in ticks, of an ``mvhd`` or ``mdhd`` box."""
    if data[start] == 1:
        return struct.unpack_from(">IQ", data, start + 20)
    return struct.unpack_from(">II", data, start + 12)


def _played_fraction(data: mmap.mmap) -> float:
    whole = (0, len(data))
    scale, _ = _timescale(data, next(_inside(data, whole, b"moov", b"mvhd"))[0])
    for track in _inside(data, whole, b"moov", b"trak"):
        handler = next(_inside(data, track, b"mdia", b"hdlr"))[0]
        if data[handler + 8 : handler + 12] != b"vide":
            continue
        ticks, length = _timescale(data, next(_inside(data, track, b"mdia", b"mdhd"))[0])
        lists = _inside(data, track, b"edts", b"elst")
        edits = [edit for box in lists for edit in _edits(data, box[0])]
        if not edits or not length:
            return 1.0
        played = sum(duration for duration, start in edits if start >= 0) / scale
        return min(1.0, played * ticks / length) if played else 1.0
    return 1.0


def _edits(data: mmap.mmap, start: int) -> Iterator[tuple[int, int]]:
    """Yield duration and start, -1 for a pause, of each edit in an ``elst`` box."""
    (count,) = struct.unpack_from(">I", data, start + 4)
    layout, size = (">Qq", 20) if data[start] == 1 else (">Ii", 12)
    for index in range(count):
        yield struct.unpack_from(layout, data, start + 8 + size * index)


_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_MATROSKA = {
    *(0x114D9B74, 0x1549A966, 0x1654AE6B, _CLUSTER, 0x1C53BB6B, 0x1941A469, 0x1043A770),
    *(0x1254C367, 0xEC, 0xBF, 0xE7, 0x5854, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF),
}


def _element(data: mmap.mmap, start: int) -> tuple[int, int, int | None]:
    """Return name, start of the content and end (None: unknown) of a Matroska element."""
    width = 9 - data[start].bit_length()
    name = int.from_bytes(data[start : start + width], "big")
    start += width
    width = 9 - data[start].bit_length()
    content = start + width
    if width > 8:
        raise IndexError(start)
    size = int.from_bytes(data[start:content], "big") & ((1 << 7 * width) - 1)
    return name, content, None if size == (1 << 7 * width) - 1 else content + size


def _check_matroska(data: mmap.mmap) -> str:
    """Walk through the elements of the segment and its clusters."""
    _, _, end = _element(data, 0)
    name, start, stop = _element(data, end or 0)
    if name != _SEGMENT:
        return ""
    if stop is not None and stop > len(data):
        return _missing(data, stop)
    stop = stop or len(data)
    while start < stop:
        name, content, end = _element(data, start)
        if name not in _MATROSKA:
            return f"damaged at byte {start:,}"
        if name == _CLUSTER or end is None:
            start = content
        elif end > stop:
            return _missing(data, end)
        else:
            start = end
    return ""


def _check_riff(data: mmap.mmap) -> str:
    start = 0
    while data[start : start + 4] == b"RIFF":
        (size,) = struct.unpack_from("<I", data, start + 4)
        if size == 0xFFFFFFFF:  # never filled in, by a writer that could not seek
            return ""
        start += 8 + size
    return _missing(data, start)


def _check_flv(data: mmap.mmap) -> str:
    start = int.from_bytes(data[5:9], "big") + 4
    while start + 11 <= len(data):
        if data[start] & 0x1F not in (8, 9, 18):
            return "" if not any(data[start:]) else f"damaged at byte {start:,}"
        start += 11 + int.from_bytes(data[start + 1 : start + 4], "big") + 4
    return _missing(data, start + 11 if any(data[start:]) else start - 4)


def _check_program_stream(data: mmap.mmap) -> str:
    """Walk through the packets of the last pack."""
    start = data.rfind(b"\0\0\1\xba")
    while start + 4 <= len(data) and data[start : start + 3] == b"\0\0\1":
        code = data[start + 3]
        if code == 0xB9:  # the end
            return ""
        if code == 0xBA and data[start + 4] >> 6 == 1:
            start += 14 + (data[start + 13] & 7)
        elif code == 0xBA:
            start += 12
        elif code > 0xBA:
            start += 6 + int.from_bytes(data[start + 4 : start + 6], "big")
        else:
            return ""
    return _missing(data, start + 4 if any(data[start:]) else start)


def _packet_size(data: mmap.mmap) -> int:
    """Return the size of the packets of a transport stream; 0 for other files."""
    for size, offset in ((188, 0), (192, 4), (204, 0)):
        places = range(offset, min(len(data), offset + 5 * size), size)
        if len(data) > size and all(data[place] == 0x47 for place in places):
            return size
    return 0


def _check_transport_stream(data: mmap.mmap) -> str:
    size = _packet_size(data)
    return _missing(data, -(-len(data) // size) * size)


def _check_ogg(data: mmap.mmap) -> str:
    start = data.rfind(b"OggS")
    if start + 27 > len(data):
        return _missing(data, start + 27)
    content = start + 27 + data[start + 26]
    return _missing(data, content + sum(data[start + 27 : content]))


def _check_asf(data: mmap.mmap) -> str:
    (start,) = struct.unpack_from("<Q", data, 16)
    (size,) = struct.unpack_from("<Q", data, start + 16)
    return _missing(data, start + size) if data[start] == 0x36 and size < 1 << 62 else ""


def _check_mxf(data: mmap.mmap) -> str:
    start = 0
    while data[start : start + 4] == b"\x06\x0e\x2b\x34":
        size, start = data[start + 16], start + 17
        if size & 0x80:
            content = start + (size & 0x7F)
            size, start = int.from_bytes(data[start:content], "big"), content
        start += size
    return _missing(data, start)


def _starts(*starts: bytes) -> Callable[[mmap.mmap], bool]:
    return lambda data: any(data[: len(each)] == each for each in starts)


_CHECKS: tuple[tuple[Callable[[mmap.mmap], Any], Callable[[mmap.mmap], str]], ...] = (
    (_starts(b"\x1a\x45\xdf\xa3"), _check_matroska),
    (_starts(b"RIFF"), _check_riff),
    (_starts(b"FLV"), _check_flv),
    (_starts(b"\0\0\1\xba"), _check_program_stream),
    (_starts(b"OggS"), _check_ogg),
    (_starts(b"\x30\x26\xb2\x75"), _check_asf),
    (_starts(b"\x06\x0e\x2b\x34"), _check_mxf),
    (_is_mp4, _check_mp4),
    (_packet_size, _check_transport_stream),
)
