"""MPEG's program and transport streams."""

import mmap

import numpy as np
from numpy.typing import NDArray

from .parts import missing


def check_program_stream(data: mmap.mmap) -> str:
    """Walk through the packs and their packets."""
    start = 0
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
            break
    if start + 4 <= len(data) and any(data[start:]):
        return f"damaged at byte {start:,}"
    return missing(data, start + 4 if any(data[start:]) else start)


def packet_size(data: mmap.mmap) -> int:
    """Return the size of the packets of a transport stream; 0 for other files."""
    for size, offset in ((188, 0), (192, 4), (204, 0)):
        places = range(offset, min(len(data), offset + 5 * size), size)
        if len(data) > size and all(data[place] == 0x47 for place in places):
            return size
    return 0


def check_transport_stream(data: mmap.mmap) -> str:
    """Look for an incomplete packet at the end."""
    size = packet_size(data)
    return missing(data, -(-len(data) // size) * size)


_SYNC = 0x47
_VIDEO_IDS = (*range(0xE0, 0xF0), 0xFD)


def lacks_packets(data: mmap.mmap) -> bool:
    """Return whether a transport stream has lost packets of its video, or the starts of frames.

    Receivers lose some, and not every loss costs a frame.
    """
    size = packet_size(data)
    count = len(data) // size
    offset = next(each for each in (0, 4) if data[each] == _SYNC)
    packets = np.frombuffer(data, np.uint8, count * size).reshape(count, size)
    head = packets[:, offset : offset + 6].astype(np.int32)
    if (head[:, 0] != _SYNC).any():
        return True
    pids = (head[:, 1] & 0x1F) << 8 | head[:, 2]
    starts = np.flatnonzero(head[:, 1] & 0x40)
    # Behind the header and the adaptation field, if any, stand 0, 0, 1 and the kind of stream.
    places = offset + 4 + np.where(head[starts, 3] & 0x20, 1 + head[starts, 4], 0)
    codes = _codes_at(packets, starts, np.minimum(places, size - 4))
    del packets  # or the file could not be closed
    kinds = np.isin(codes, [0x100 | each for each in _VIDEO_IDS])
    for pid in np.unique(pids[starts][kinds]):
        if not kinds[pids[starts] == pid].all():
            return True
        if _has_jumps(head[pids == pid]):
            return True
    return False


def _codes_at(
    packets: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return four bytes of each row as a number."""
    found = np.zeros(len(rows), np.int64)
    for index in range(4):
        found = found << 8 | packets[rows, columns + index]
    return found


def _has_jumps(head: NDArray[np.int32]) -> bool:
    """Return whether the counters of packets with content, 4 bits, leave one out."""
    has_field = (head[:, 3] & 0x20) > 0
    is_announced = has_field & (head[:, 4] > 0) & ((head[:, 5] & 0x80) > 0)
    has_content = (head[:, 3] & 0x10) > 0
    counters = head[has_content, 3] & 0x0F
    steps = np.diff(counters) % 16
    return bool(((steps > 1) & ~is_announced[has_content][1:]).any())
