"""ASF, the container of WMV: packets of one size, with fragments of frames."""

import mmap
import struct
from collections.abc import Iterator
from typing import NamedTuple

from .parts import MISSING, missing

_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_STREAM_PROPERTIES = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_EXTENDED_PROPERTIES = bytes.fromhex("cba5e61472c632438399a96952065b5a")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_WIDTHS = (0, 1, 2, 4)  # bytes of a field, by the two bits that encode its width


class _Fragment(NamedTuple):
    """A part of a frame, in a packet."""

    stream: int
    number: int  # of the frame
    modulus: int  # of these numbers
    offset: int  # in the frame
    size: int  # of the frame; 0 for the rare form that joins small frames
    length: int


def check_asf(data: mmap.mmap) -> str:
    """Look for the end of a WMV file, then for incomplete frames."""
    (start,) = struct.unpack_from("<Q", data, 16)
    (size,) = struct.unpack_from("<Q", data, start + 16)
    if data[start] != 0x36 or size >= 1 << 62:
        return ""
    if fault := missing(data, start + size):
        return fault
    packet_size, videos, others = _header(data, start)
    first, end = start + 50, start + size
    if packet_size < 0:
        return "its header is damaged"
    if packet_size == 0 or end - first < packet_size:
        return ""
    progress: dict[int, _Fragment] = {}  # the last fragment of each stream
    for place in range(first, end - packet_size + 1, packet_size):
        try:
            fragments = list(_fragments(data[place : place + packet_size]))
        except (IndexError, ValueError):
            return f"damaged at byte {place:,}"
        for each in fragments:
            if each.stream in videos:
                if not _continues(progress.get(each.stream), each):
                    return MISSING
                progress[each.stream] = each
            elif each.stream not in others:
                return f"damaged at byte {place:,}"
    is_whole = all(each.offset + each.length >= each.size for each in progress.values())
    return "" if is_whole else MISSING


def _header(data: mmap.mmap, end: int) -> tuple[int, set[int], set[int]]:
    """Return the size of a packet, 0 if unknown, and the numbers of video and other streams."""
    place, packet_size = 30, 0
    videos: set[int] = set()
    others: set[int] = set()
    while place + 24 <= end:
        (size,) = struct.unpack_from("<Q", data, place + 16)
        name = data[place : place + 16]
        if name == _FILE_PROPERTIES:
            least, most = struct.unpack_from("<II", data, place + 92)
            packet_size = least if least == most else -1  # which ASF does not allow
        elif name == _STREAM_PROPERTIES:
            is_video = data[place + 24 : place + 40] == _VIDEO
            (videos if is_video else others).add(data[place + 72] & 0x7F)
        elif name == _EXTENSION:
            place += 46 - max(24, size)  # its content is entered: streams may be described there
        elif name == _EXTENDED_PROPERTIES:
            others.add(data[place + 72] & 0x7F)
        place += max(24, size)
    return packet_size, videos, others - videos


def _fragments(packet: bytes) -> Iterator[_Fragment]:
    """Parse a packet; raise IndexError or ValueError if it breaks the rules of ASF."""
    place = 1 + (packet[0] & 0x0F) if packet[0] & 0x80 else 0
    lengths, properties = packet[place], packet[place + 1]
    place += 2

    def field(bits: int) -> int:
        nonlocal place
        width = _WIDTHS[bits & 3]
        if place + width > len(packet):
            raise ValueError(place)
        place += width
        return int.from_bytes(packet[place - width : place], "little")

    end = field(lengths >> 5) or len(packet)
    field(lengths >> 1)
    end -= field(lengths >> 3)
    place += 6
    count, width = 1, 0
    if lengths & 1:
        count, width = packet[place] & 0x3F, packet[place] >> 6
        place += 1
    for _ in range(count):
        stream = packet[place] & 0x7F
        place += 1
        number, offset = field(properties >> 4), field(properties >> 2)
        copied = field(properties)
        size = int.from_bytes(packet[place : place + 4], "little") if copied >= 8 else 0
        place += copied
        length = field(width) if lengths & 1 else end - place
        place += length
        if length <= 0 or place > end or (size and offset + length > size):
            raise ValueError(place)
        modulus = 1 << 8 * _WIDTHS[properties >> 4 & 3]
        yield _Fragment(stream, number, modulus, offset, size, length)


def _continues(last: _Fragment | None, each: _Fragment) -> bool:
    """Return whether a fragment follows another one, of the same frame or of the one before."""
    if last is None or not last.size or not each.size:
        return True
    if last.offset + last.length < last.size:
        is_next = each.offset == last.offset + last.length and each.number == last.number
        return is_next and each.size == last.size
    return each.offset == 0 and each.number == (last.number + 1) % each.modulus
