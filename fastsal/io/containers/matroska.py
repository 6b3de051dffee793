"""Matroska and WebM: elements of the segment and its clusters."""

import mmap
from collections.abc import Iterator

from .parts import missing

_SEGMENT, _CLUSTER, _TRACKS = 0x18538067, 0x1F43B675, 0x1654AE6B
_TRACK_ENTRY, _TRACK_NUMBER = 0xAE, 0xD7
_BLOCK_GROUP, _BLOCK, _SIMPLE_BLOCK = 0xA0, 0xA1, 0xA3
_OF_CLUSTERS = (0xE7, 0x5854, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF)

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


def _children(data: mmap.mmap, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield name, start of the content and end of the elements in an element of known size."""
    while start < stop:
        name, content, end = _element(data, start)
        if end is None:
            return
        yield name, content, end
        start = end


def _track_numbers(data: mmap.mmap, start: int, stop: int) -> Iterator[int]:
    for name, content, end in _children(data, start, stop):
        if name == _TRACK_ENTRY:
            for inner, number, after in _children(data, content, end):
                if inner == _TRACK_NUMBER:
                    yield int.from_bytes(data[number:after], "big")


def _track_of(data: mmap.mmap, content: int, name: int) -> int | None:
    """Return the track that a block names, or the first block of a group."""
    if name == _BLOCK_GROUP:
        inner, content, _ = _element(data, content)
        if inner != _BLOCK:
            return None
    width = 9 - data[content].bit_length()
    value = int.from_bytes(data[content : content + width], "big")
    return value & ((1 << 7 * width) - 1)


def check_matroska(data: mmap.mmap) -> str:
    """Walk through the elements of the segment and its clusters."""
    _, _, end = _element(data, 0)
    name, start, stop = _element(data, end or 0)
    if name != _SEGMENT:
        return ""
    if stop is not None and stop > len(data):
        return missing(data, stop)
    stop = stop or len(data)
    outer = stop  # the end of the cluster
    tracks: set[int] = set()
    while start < stop:
        name, content, end = _element(data, start)
        if name not in _MATROSKA:
            return f"damaged at byte {start:,}"
        if name == _TRACKS and end is not None:
            tracks = set(_track_numbers(data, content, min(end, len(data))))
        elif name == _CLUSTER:
            outer = end or stop
        elif name in _OF_CLUSTERS and end is not None and end > outer:
            return f"damaged at byte {start:,}"
        if name in (_BLOCK_GROUP, _SIMPLE_BLOCK) and tracks:
            number = _track_of(data, content, name)
            if number is not None and number not in tracks:
                return f"damaged at byte {start:,}"
        if name == _CLUSTER or end is None:
            start = content
        elif end > stop:
            return missing(data, end)
        else:
            start = end
    return ""
