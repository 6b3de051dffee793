"""MP4 and MOV: boxes, fragments and edit lists."""

import mmap
import struct
from collections.abc import Iterator

from .parts import missing


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


def is_mp4(data: mmap.mmap) -> bool:
    """Return whether a file starts with a box of MP4 or MOV."""
    return data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def check_mp4(data: mmap.mmap) -> str:
    """Look for the end of the boxes, and for damage in movie fragments."""
    end = 0
    is_fragmented = False
    for name, start, end in _boxes(data, 0, len(data)):
        if name in (b"mdat", b"moov", b"moof") and end > len(data):
            return missing(data, end)
        is_fragmented = is_fragmented or name == b"moof"
        if name == b"moof" and not _is_fragment(data, start, end):
            return f"damaged at byte {start:,}"
        if is_fragmented and not name.isalnum() and any(data[start - 8 :]):
            return f"damaged at byte {start - 8:,}"
    rest = len(data) - end
    return missing(data, end + 8) if 0 < rest < 8 and any(data[end:]) else ""


def _is_fragment(data: mmap.mmap, start: int, end: int) -> bool:
    """Return whether the boxes of a movie fragment have names and fill it."""
    for name, content, after in _boxes(data, start, end):
        if not name.isalnum() or after > end:
            return False
        if name == b"traf" and not _is_fragment(data, content, after):
            return False
        start = after
    return start == end


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


def played_fraction_of(data: mmap.mmap) -> float:
    """Return the fraction of the first video track that its edit list plays."""
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


def sample_seconds(data: mmap.mmap) -> list[float]:
    """Return the duration of every sample of the first track, by its ``stts`` box."""
    track = next(_inside(data, (0, len(data)), b"moov", b"trak"))
    ticks, _ = _timescale(data, next(_inside(data, track, b"mdia", b"mdhd"))[0])
    start, _ = next(_inside(data, track, b"mdia", b"minf", b"stbl", b"stts"))
    (entries,) = struct.unpack_from(">I", data, start + 4)
    seconds: list[float] = []
    for index in range(entries):
        count, duration = struct.unpack_from(">II", data, start + 8 + 8 * index)
        if count > len(data):  # each sample has some bytes
            raise ValueError(count)
        seconds += [duration / ticks] * count
    return seconds
