"""Frames of a file or a URL, decoded by PyAV."""

from __future__ import annotations

import math
import os
from array import array
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ..errors import VideoError
from .containers import (
    MISSING,
    fault_of,
    has_lost_packets,
    is_gap,
    is_shown,
    played_fraction,
)
from .demuxing import demuxed
from .video_files import NO_VIDEO, STALL_SECONDS, check_name, is_url, rotated, upright_ratio

_CHUNK = 8  # bytes at least of each frame of an AVI
_UNSETTLED = 16  # frames at the start of a broadcast, which may refer to frames before it
_COVERS = Disposition.attached_pic | Disposition.timed_thumbnails


class AVDecoder:
    """Decoder of the first video stream of a file or a URL.

    Parameters
    ----------
    source : str or Path

    Raises
    ------
    VideoError
        The source cannot be opened, or holds no video.
    """

    def __init__(self, source: str | Path) -> None:
        self._name = str(source)
        self._path = None if is_url(source) else Path(source)
        self._container: Any = self._opened()
        try:
            self._stream: Any = self._video_stream()
            self._describe()
        except BaseException:
            self._container.close()
            raise
        self._origin: int | None = self._stream.start_time
        self._reformatter = VideoReformatter()
        self._frame: Any = None
        self._slots: deque[int] = deque()
        self._losses = _Losses(self._stream)
        self._frames = self._decoded()

    def advance(self) -> float | None:
        self._frame = next(self._frames, None)
        if self._frame is None:
            return None
        self.sample_aspect_ratio = upright_ratio(self._stream.sample_aspect_ratio, self._rotation())
        moment = self._slots.popleft() if self._slots else self._frame.pts
        if moment is None:
            return math.nan
        if self._origin is None:
            self._origin = moment
        return float((moment - self._origin) * self._stream.time_base)

    def picture(self) -> NDArray[np.uint8]:
        try:
            # One reformatter for all frames: a new one per frame costs another conversion's time.
            converted: Any = self._reformatter.reformat(self._frame, format="bgr24")
            pixels: NDArray[np.uint8] = converted.to_ndarray()
        except (av.FFmpegError, ValueError, MemoryError) as error:
            kind = self._frame.format.name
            raise VideoError(
                f"{self._name}: {kind} frames cannot be converted to BGR ({_reason_of(error)})"
            ) from error
        return rotated(pixels, self._rotation())

    def fault(self) -> str:
        if self._path is None and self.frame_count is None:  # a live stream may lose frames
            return self._losses.interruption()
        fault = self._losses.description()
        if self._path is None or fault:
            return fault
        if played_fraction(self._path) == 1:
            fault = self._losses.unread()
        fault = fault or fault_of(self._path)
        if not fault and self._losses.has_jumps and has_lost_packets(self._path):
            fault = MISSING
        return fault

    def close(self) -> None:
        self._container.close()

    def _opened(self) -> Any:
        check_name(Path(self._name))
        # Absolute, because FFmpeg takes a name such as "a:b.mp4" for a protocol.
        name = os.path.abspath(self._path) if self._path else self._name
        timeout = None if self._path else (STALL_SECONDS, STALL_SECONDS)
        try:
            # Titles in Latin-1 are common in old AVI files.
            return av.open(name, metadata_errors="replace", timeout=timeout)
        except (av.FFmpegError, ValueError, OSError) as error:
            reason = _reason_of(error)
            kind = "not a video that FFmpeg can decode, or damaged"
            kind = kind if self._path else "the stream cannot be opened"
            raise VideoError(f"{self._name}: {kind} ({reason})") from error

    def _video_stream(self) -> Any:
        streams = [each for each in self._container.streams.video if not each.disposition & _COVERS]
        if not streams:
            raise VideoError(f"{self._name}: {NO_VIDEO}")
        if streams[0].codec_context is None:
            raise VideoError(f"{self._name}: FFmpeg has no decoder for the video in it")
        streams[0].thread_type = "AUTO"
        return streams[0]

    def _describe(self) -> None:
        stream = self._stream
        self.sample_aspect_ratio = upright_ratio(stream.sample_aspect_ratio, 0)
        self.has_audio = bool(self._container.streams.audio)
        self._has_slots = self._container.format.name == "avi"
        self.fps = float(stream.guessed_rate or stream.average_rate or 0)
        seconds = (self._container.duration or 0) / 1e6
        if stream.duration:
            seconds = float(stream.duration * stream.time_base)
        # An edit list plays only some of the frames that the header counts.
        estimates = [stream.frames, round(seconds * self.fps)] if _states_length(stream) else []
        self.frame_count = min((number for number in estimates if number > 0), default=None)

    def _rotation(self) -> int:
        # FFmpeg counts counter-clockwise.
        return 0 if self._frame is None else -self._frame.rotation % 360

    def _decoded(self) -> Iterator[Any]:
        try:
            # Only the packets of this stream: damage in another one does not matter.
            for packet in demuxed(self._container, self._stream):
                is_last = packet.dts is None and packet.pts is None and packet.size == 0
                if packet.size or is_last:  # an empty packet repeats a frame
                    yield from self._decode(packet)
        except av.FFmpegError as error:
            self._losses.reading_stopped = _reason_of(error)

    def _decode(self, packet: Any) -> list[Any]:
        self._losses.expect(packet)
        # An AVI has no times of presentation, but frames of equal distances, some left out.
        if packet.size and self._has_slots and packet.dts is not None:
            self._slots.append(packet.dts)
        try:
            frames: list[Any] = packet.decode()
        except av.EOFError:
            return []
        except (av.FFmpegError, ValueError, MemoryError) as error:
            self._losses.decoding_failed = self._losses.decoding_failed or _reason_of(error)
            return []
        self._losses.count(frames)
        return frames


class _Losses:
    """Compares the frames decoded with the packets that hold them.

    A stream cut out of a broadcast starts with packets that refer to frames before the cut.
    Therefore packets count only from the time of the first decoded frame on.
    """

    def __init__(self, stream: Any) -> None:
        self._codec = stream.codec_context.name
        self._times = array("q")  # of the packets with a visible frame
        self._untimed = 0
        self._first: int | None = None
        self._frames = 0
        self._interlaced = False
        self._gaps = self._jumps = 0  # steps in time of more than one frame
        self._corrupt = 0  # packets that the container marks as incomplete, damaged frames
        self._packets = 0
        self._last: float | None = None
        self._rate = float(stream.guessed_rate or stream.average_rate or 0)
        self._end = 0  # of the last packet, in units of the stream's time base
        # Only these containers state the length of the video stream itself.
        counts = stream.container.format.name.startswith(("avi", "mov")) and _states_length(stream)
        self._promised_end = (stream.duration or 0) if counts else 0
        self._has_times = stream.container.format.name != "avi"
        self._starts_whole = stream.container.format.name.startswith("mov")
        self._promised = stream.frames
        self._step = (stream.duration or 0) / max(stream.frames, 1)
        self.reading_stopped = ""
        self.decoding_failed = ""

    @property
    def has_jumps(self) -> bool:
        """Whether some frames stand farther apart than the rate says."""
        return self._jumps > 0

    def expect(self, packet: Any) -> None:
        """Note a packet that is about to be decoded."""
        moment = packet.dts if packet.pts is None else packet.pts
        self._packets += packet.size > 0
        self._corrupt += packet.is_corrupt and self._frames > 0
        if packet.size == 0 or packet.is_discard:  # outside the edit list
            return
        if moment is None:
            self._untimed += self._first is not None
        else:
            self._end = max(self._end, moment + (packet.duration or 0))
            if is_shown(self._codec, packet):
                self._times.append(moment)

    def count(self, frames: list[Any]) -> None:
        """Note the frames that came out."""
        for frame in frames:
            self._frames += 1
            self._corrupt += frame.is_corrupt and self._frames > _UNSETTLED
            self._interlaced = self._interlaced or frame.interlaced_frame
            if frame.time is not None:
                step = 0.0 if self._last is None else frame.time - self._last
                self._jumps += step * self._rate > 1.75
                # Decoders put frames in order if the container has their times.
                self._corrupt += self._has_times and -10 < step * self._rate < 0
                self._gaps += is_gap(self._codec, step * self._rate)
                self._last = frame.time
        if frames and self._first is None:
            # An MP4 starts with a frame that needs no other.
            is_any = self._starts_whole or frames[0].pts is None
            self._first = -(1 << 62) if is_any else frames[0].pts

    def unread(self) -> str:
        """Compare the packets with the frames that an MP4 counts, if its edit list plays all."""
        lost = self._promised - self._packets
        return f"damaged: {lost} of {self._promised} frames cannot be read" if lost > 0 else ""

    def interruption(self) -> str:
        """Return the reason why reading stopped before the end."""
        if not self.reading_stopped:
            return ""
        return f"reading stopped after {self._frames} frames ({self.reading_stopped})"

    def description(self) -> str:
        """Return the kind of damage, empty if there is none."""
        if self.reading_stopped:
            return f"damaged: {self.interruption()}"
        first = self._first
        expected = self._untimed + sum(moment >= (first or 0) for moment in self._times)
        lost = expected - self._frames
        # The two fields of an interlaced frame may be packets of their own.
        if lost > 0 and (self.decoding_failed or not self._interlaced):
            reason = f" ({self.decoding_failed})" if self.decoding_failed else ""
            return f"damaged: {lost} of {expected} frames cannot be decoded{reason}"
        if self._gaps or (self._jumps and self._corrupt):
            return MISSING
        if self._end < self._promised_end - 1.5 * self._step:
            return f"cut short or damaged: only {self._frames} frames are left"
        return ""


def _states_length(stream: Any) -> bool:
    """Return whether the number of frames is one: an AVI from a pipe has an impossible number."""
    size = stream.container.size
    return stream.container.format.name != "avi" or not 0 < size < _CHUNK * stream.frames


def _reason_of(error: BaseException) -> str:
    """Return FFmpeg's words for an error, without number and function."""
    return (getattr(error, "strerror", None) or str(error)).lower()
