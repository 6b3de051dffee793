"""Structure of video containers: whether a file ends before the parts that it announces."""

import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .asf import check_asf
from .chunks import check_gif, check_mxf, check_riff
from .flv import check_flv
from .matroska import check_matroska
from .mp4 import check_mp4, is_mp4, played_fraction_of, sample_seconds
from .mpeg import check_program_stream, check_transport_stream, lacks_packets, packet_size
from .ogg import check_ogg
from .parts import CUT
from .parts import MISSING as MISSING


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
        return f"{CUT}the last part of its structure is incomplete"
    except (OSError, ValueError, OverflowError):  # the file is gone, or empty now
        return ""
    return ""


def is_shown(codec: str, packet: Any) -> bool:
    """Return whether a packet holds a visible frame: VP8 has some that are only referred to."""
    return codec != "vp8" or bool(memoryview(packet)[0] & 0x10)


def is_gap(codec: str, frames: float) -> bool:
    """Return whether a step in time, in frames, means that some were lost.

    That is so in MPEG-1 and MPEG-2 video, which have no variable frame rate. Longer steps are
    pauses, or the seams of recordings.
    """
    return codec in ("mpeg1video", "mpeg2video", "mpg1", "mpg2") and 1.75 < frames < 10


def has_field_packets(path: Path) -> bool:
    """Return whether packets are parts of a stream instead of whole frames: MPEG's streams."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data[:4] == b"\0\0\1\xba" or bool(packet_size(data))
    except (OSError, ValueError):
        return False


def has_lost_packets(path: Path) -> bool:
    """Return whether packets are missing in a transport stream; False for other files."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return bool(packet_size(data)) and lacks_packets(data)
    except (OSError, ValueError):
        return False


def frame_seconds(path: Path) -> list[float]:
    """Return the duration of every frame of an MP4, or of an AVIF's animation; empty if unknown."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return sample_seconds(data)
    except (OSError, ValueError, struct.error, IndexError, StopIteration, ZeroDivisionError):
        return []


def played_fraction(path: Path) -> float | None:
    """Return the fraction of the video that an MP4 or MOV plays, by its edit list; else None."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return played_fraction_of(data) if is_mp4(data) else None
    except (OSError, ValueError, struct.error, IndexError, StopIteration):
        return 1.0


def _starts(*starts: bytes) -> Callable[[mmap.mmap], bool]:
    return lambda data: any(data[: len(each)] == each for each in starts)


_CHECKS: tuple[tuple[Callable[[mmap.mmap], Any], Callable[[mmap.mmap], str]], ...] = (
    (_starts(b"\x1a\x45\xdf\xa3"), check_matroska),
    (_starts(b"RIFF"), check_riff),
    (_starts(b"FLV"), check_flv),
    (_starts(b"GIF8"), check_gif),
    (_starts(b"\0\0\1\xba"), check_program_stream),
    (_starts(b"OggS"), check_ogg),
    (_starts(b"\x30\x26\xb2\x75"), check_asf),
    (_starts(b"\x06\x0e\x2b\x34"), check_mxf),
    (is_mp4, check_mp4),
    (packet_size, check_transport_stream),
)
