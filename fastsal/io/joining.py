"""Videos of consecutive parts, joined without decoding and encoding them again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from ..errors import VideoError
from .audio import Sound
from .video_files import playing_frames


def join_parts(
    parts: Sequence[tuple[Path, float]],
    target: Path,
    sound_source: str,
    *,
    is_cut: bool,
    has_end: bool,
) -> str:
    """Write the frames of all parts to one file, with the audio of their source.

    Parameters
    ----------
    parts : sequence of (Path, float)
        H.264 files of one encoder, and the time of their first frame in the source.
    target : Path
        An MP4 or QuickTime file.
    sound_source : str
    is_cut : bool
        Whether the caller asked for a start.
    has_end : bool
        Whether the caller asked for an end.

    Returns
    -------
    str
        Limitations of the file, such as missing audio; empty if there are none.

    Raises
    ------
    VideoError
        The parts have different headers, or the result does not play.
    """
    begin = parts[0][1]
    sound = Sound(sound_source, begin, is_cut=is_cut)
    sound.keeps_rest = not has_end
    frames = 0
    with ExitStack() as files:
        opened = [files.enter_context(av.open(str(path))) for path, _ in parts]
        streams = [each.streams.video[0] for each in opened]
        _check_equal(streams, target)
        container = files.enter_context(
            av.open(str(target), "w", options={"movflags": "+faststart"})
        )
        stream: Any = container.add_stream_from_template(streams[0])
        stream.time_base = streams[0].time_base
        sound.add_to(container)
        container.start_encoding()
        moments = [moment - begin for _, moment in parts]
        for packet in _shifted(zip(opened, moments, strict=True)):
            sound.mux_until(float(packet.dts * packet.time_base))
            packet.stream = stream
            container.mux(packet)
            frames += 1
        sound.close()
    playing = playing_frames(target)
    if playing != frames:
        raise VideoError(f"{target}: {frames} frames were joined and {playing} play back")
    return sound.limits


def _check_equal(streams: Sequence[Any], target: Path) -> None:
    """Refuse parts that a decoder would read differently after the header of the first."""
    headers = {(each.codec_context.extradata, each.time_base) for each in streams}
    if len(headers) != 1:
        raise VideoError(f"{target}: the parts have different headers and cannot be joined")


def _shifted(parts: Iterable[tuple[Any, float]]) -> Iterator[Any]:
    """Yield the packets of all parts with times of the whole video."""
    last: int | None = None
    for container, moment in parts:
        stream = container.streams.video[0]
        shift = round(Fraction(moment) / stream.time_base)
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None or packet.dts is None:
                continue
            packet.pts += shift
            # Decoding times only have to rise, and to come before those of presentation.
            packet.dts = packet.dts + shift if last is None else max(packet.dts + shift, last + 1)
            last = packet.dts
            yield packet
