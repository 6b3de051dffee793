"""FLV: a chain of tags, each followed by its size."""

import mmap
import struct
from collections import Counter

from .parts import missing

_AUDIO, _VIDEO, _SCRIPT = 8, 9, 18
_COMMAND = 5  # a kind of frame without a picture, of a byte or two
_RARE = 0.1  # fraction of tags with a wrong size behind them, up to which they count as damage


def check_flv(data: mmap.mmap) -> str:
    """Compare the size of an FLV file with the stated one, and walk through its tags."""
    stated = data.find(b"filesize\0", 0, 4096)
    if stated > 0:
        (size,) = struct.unpack_from(">d", data, stated + 9)
        if size > len(data):
            return missing(data, int(size))
    start = int.from_bytes(data[5:9], "big") + 4
    kinds: Counter[tuple[int, int]] = Counter()  # of tags, with the first byte of their content
    tags = wrong = 0
    place = 0  # of the first wrong size
    while start + 11 <= len(data):
        kind = data[start] & 0x1F
        if kind not in (_AUDIO, _VIDEO, _SCRIPT):
            return "" if not any(data[start:]) else f"damaged at byte {start:,}"
        size = int.from_bytes(data[start + 1 : start + 4], "big")
        end = start + 11 + size
        if kind == _VIDEO and size > 16 and data[start + 11] >> 4 & 7 == _COMMAND:
            return f"damaged at byte {start + 11:,}"
        if kind != _SCRIPT and size:
            kinds[kind, data[start + 11]] += 1
        tags += 1
        if end + 4 <= len(data) and int.from_bytes(data[end : end + 4], "big") != 11 + size:
            place = place or end
            wrong += 1
        start = end + 4
    if wrong and wrong < max(2, _RARE * tags):  # some programs write other sizes throughout
        return f"damaged at byte {place:,}"
    is_whole = len(data) == start - 4  # without the last four bytes, which repeat a size
    fault = "" if is_whole else missing(data, start + 11 if any(data[start:]) else start)
    return fault or _odd_codecs(kinds, has_audio=bool(data[4] & 4))


def _odd_codecs(kinds: Counter[tuple[int, int]], *, has_audio: bool) -> str:
    """Look for frames that FFmpeg takes for those of another stream."""
    audio = {byte: count for (kind, byte), count in kinds.items() if kind == _AUDIO}
    video = {byte: count for (kind, byte), count in kinds.items() if kind == _VIDEO}
    few = _RARE * kinds.total()
    if not has_audio and 0 < sum(audio.values()) < few:
        return "damaged: single tags are of audio, which the header excludes"
    if any(byte in video and count < few for byte, count in audio.items()):
        return "damaged: single frames are marked as audio"
    codecs: Counter[int] = Counter()
    for byte, count in video.items():
        codecs[byte & 0x0F] += count
    if len(codecs) > 1 and min(codecs.values()) <= _RARE * max(codecs.values()):
        return "damaged: single tags have another codec"
    return ""
