"""The audio of a video, carried over to another, with PyAV.

The video never depends on it: audio that cannot be carried over is left out, and `Sound.limits`
says so.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import av
from av.stream import Disposition

from .audio_carriers import Clock, Copy, Transcoding, can_copy, is_custom, layout_of
from .counts import count_of
from .demuxing import demuxed
from .video_files import STALL_SECONDS, is_url

_LEAD = 1.0  # seconds of packets before the start that are read
_MOST_READ_ERRORS = 10  # in a row, after which the audio counts as ended
_COVERS = Disposition.attached_pic | Disposition.timed_thumbnails
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_FAILURES = (av.FFmpegError, ValueError, MemoryError)
_WITHOUT_HEADER = ("flv", "mpeg", "mpegts")
_FAR = {"probesize": "100000000", "analyzeduration": "600000000"}  # bytes, microseconds
_AUDIBLE = 0.1  # seconds, from which on a loss is reported
_FEW = 0.05  # fraction of packets without samples, the first ones of some decoders


class Carrier(Protocol):
    """Turns packets of one stream into packets of the new file."""

    early: float  # seconds before the start, which are left out
    overlapping: float  # seconds that are left out, as earlier samples have their timestamps
    empty: int  # packets that gave no samples

    def carried(self, packet: Any, start: float) -> list[Any]:
        """Return the packets for a packet, with times that count from `start` seconds on."""

    def rest(self) -> list[Any]:
        """Return the packets that are held back."""


class Sound:
    """The audio streams of a file, from a time on, packet by packet.

    Parameters
    ----------
    path : str or Path
        A file, or the URL of one.
    start : float
        Seconds after the start of its first video stream; they become 0.
    is_cut : bool
        Whether the caller asked for that start, so that earlier sound is no loss.

    Attributes
    ----------
    keeps_rest : bool
        Whether audio that lasts longer than the new video is written too.
    """

    def __init__(self, path: str | Path, start: float, *, is_cut: bool = False) -> None:
        self.keeps_rest = False
        self._is_cut = is_cut
        self._tracks: dict[int, _Track] = {}
        self._target: Any = None
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None
        self._stopped_at: float | None = None
        self._start = start
        self._source: Any = None
        self._failure = ""
        try:
            self._source = _opened(str(path))
        except (*_FAILURES, OSError) as error:
            self._failure = f"the audio is left out: the file cannot be opened again ({error})"
            return
        streams = self._source.streams
        self._counts_samples = self._source.format.name == "avi"
        self._tracks = {
            each.index: _Track(each, Clock(counts_samples=self._counts_samples), is_cut=is_cut)
            for each in streams.audio
        }
        videos = [each for each in streams.video if not each.disposition & _COVERS]
        if videos and videos[0].start_time:
            self._start += float(videos[0].start_time * videos[0].time_base)

    @property
    def has_tracks(self) -> bool:
        """Whether the file has audio, even if it is damaged or cannot be decoded."""
        return bool(self._tracks)

    @property
    def limits(self) -> str:
        """The audio that the new file lacks, in words; empty if none."""
        name = "the audio" if len(self._tracks) == 1 else "audio track {}"
        found = [self._failure] if self._failure else []
        found += [
            f"{name.format(number)} {loss}"
            for number, track in enumerate(self._tracks.values(), 1)
            if (loss := track.loss)
        ]
        if self._stopped_at is not None:
            found.append(f"the file is damaged and gives no audio after {self._stopped_at:.1f} s")
        return "; ".join(found)

    def add_to(self, target: Any) -> None:
        """Add the streams to a container that is about to be written."""
        self._target = target
        for track in self._tracks.values():
            track.add_to(target)
        carried = [track.stream for track in self._tracks.values() if track.carrier is not None]
        if not carried:
            return
        if self._is_cut and self._start > _LEAD and not self._counts_samples:
            try:
                self._source.seek(int((self._start - _LEAD) * 1_000_000))
            except _FAILURES:  # no index: read from the beginning
                self._source.seek(0)
        self._packets = self._read(carried)
        self._next = next(self._packets, None)

    def mux_until(self, seconds: float) -> None:
        """Write the packets up to a time of the new video."""
        while self._next is not None and self._time_of(self._next) <= seconds:
            packet, self._next = self._next, next(self._packets, None)
            self._tracks[packet.stream.index].mux(self._target, packet, self._start)

    def close(self) -> None:
        """Write the rest if requested, flush the encoders, and close the file."""
        if self.keeps_rest:
            self.mux_until(math.inf)
        for track in self._tracks.values():
            track.finish(self._target)
        if self._source is not None:
            self._source.close()

    def _read(self, streams: list[Any]) -> Iterator[Any]:
        """Yield packets with a time; a damaged place is skipped, too many of them end it."""
        last, errors = 0.0, 0
        while errors < _MOST_READ_ERRORS:
            try:
                for packet in demuxed(self._source, streams):
                    errors = 0
                    if packet.pts is not None and packet.size:
                        last = self._time_of(packet)
                        yield packet
                return
            except _FAILURES:
                errors += 1
        self._stopped_at = max(last, 0.0)

    def _time_of(self, packet: Any) -> float:
        return self._tracks[packet.stream.index].clock.time_of(packet) - self._start


def _opened(name: str) -> Any:
    """Open a file; read far into it if audio may begin late, as its header says nothing of it."""
    # Absolute, because FFmpeg takes a name such as "a:b.mp4" for a protocol.
    name = name if is_url(name) else os.path.abspath(name)
    options: dict[str, Any] = {"metadata_errors": "replace"}
    if is_url(name):
        options["timeout"] = (STALL_SECONDS, STALL_SECONDS)
    container = av.open(name, **options)
    contexts = [each.codec_context for each in container.streams.audio]
    if container.format.name not in _WITHOUT_HEADER or not any(
        map(_is_unknown, contexts or [None])
    ):
        return container
    container.close()
    return av.open(name, options=_FAR, **options)


def _is_unknown(context: Any) -> bool:
    return context is None or not context.sample_rate


class _Track:
    """One audio stream on its way, and its losses."""

    def __init__(self, stream: Any, clock: Clock, *, is_cut: bool) -> None:
        self.stream = stream
        self.clock = clock
        self.carrier: Carrier | None = None
        self._is_cut = is_cut
        self._reason = ""
        self._read = self._muxed = self._damaged = 0  # packets

    @property
    def loss(self) -> str:
        """A predicate, such as "is left out: FFmpeg has no decoder for it"; empty if none."""
        carrier = self.carrier
        if carrier is None:
            return f"is left out: {self._reason}" if self._reason else ""
        if self._damaged and not self._muxed:
            return "is left out: every packet is damaged"
        if not self._muxed and not self._is_cut:
            reason = "it gives no samples at the time of the video"
            return f"is left out: {reason if self._read else 'the file gives no packet of it'}"
        losses = [f"lacks {count_of(self._damaged, 'damaged packet')}"] if self._damaged else []
        if carrier.early > _AUDIBLE and not self._is_cut:
            losses.append(f"lacks its first {carrier.early:.1f} s, before the video")
        if carrier.overlapping > _AUDIBLE:
            losses.append(f"lacks {carrier.overlapping:.1f} s with repeated timestamps")
        if carrier.empty > 1 + _FEW * self._read:
            losses.append(f"lacks {count_of(carrier.empty, 'packet')} without samples")
        return " and ".join(losses)

    def add_to(self, target: Any) -> None:
        """Choose between a copy and AAC, and add that stream."""
        context = self.stream.codec_context
        layout = "" if context is None else layout_of(context)
        if context is None:
            self._reason = "FFmpeg has no decoder for it"
        elif layout.startswith("0 ") or not context.sample_rate:
            self._reason = "its channels or sample rate are unknown"
        elif is_custom(layout):
            self._reason = f"PyAV cannot decode its order of channels, {layout}"
        else:
            kind = Copy if can_copy(self.stream, target.format.name) else Transcoding
            try:
                self.carrier = kind(target, self.stream, self.clock)
            except _FAILURES as error:
                self._reason = str(error)

    def mux(self, target: Any, packet: Any, start: float) -> None:
        """Carry one packet over, unless it is damaged."""
        if self.carrier is None:
            return
        self._read += 1
        try:
            packets = self.carrier.carried(packet, start)
            target.mux(packets)
            self._muxed += len(packets)
        except _FAILURES as error:
            if getattr(error, "errno", None) in _OF_THE_DISK:
                raise
            self._damaged += 1

    def finish(self, target: Any) -> None:
        """Write the packets that the encoder holds back."""
        if self.carrier is None:
            return
        try:
            packets = self.carrier.rest()
            target.mux(packets)
            self._muxed += len(packets)
        except _FAILURES as error:
            if getattr(error, "errno", None) in _OF_THE_DISK:
                raise
            self._damaged += 1
