"""MPEG's program and transport streams."""

import mmap

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
    if start + 4 <= len(data) and any(data[start : start + 4]):
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
