"""Matroska and WebM: elements of the segment and its clusters."""

import mmap

from .parts import missing

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


def check_matroska(data: mmap.mmap) -> str:
    """Walk through the elements of the segment and its clusters."""
    _, _, end = _element(data, 0)
    name, start, stop = _element(data, end or 0)
    if name != _SEGMENT:
        return ""
    if stop is not None and stop > len(data):
        return missing(data, stop)
    stop = stop or len(data)
    while start < stop:
        name, content, end = _element(data, start)
        if name not in _MATROSKA:
            return f"damaged at byte {start:,}"
        if name == _CLUSTER or end is None:
            start = content
        elif end > stop:
            return missing(data, end)
        else:
            start = end
    return ""
