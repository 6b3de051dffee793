"""The sound of a video, carried over to another, with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What players find in these containers; other sound is encoded anew.
_COPIED = ("aac", "mp3", "ac3", "eac3", "alac", "opus")
_LEAD = 1.0  # seconds of packets before the start that are looked through


class Sound:
    """The audio streams of a file, from a time on, packet by packet.

    Parameters
    ----------
    path : Path
        The file.
    start : float
        Seconds, on the clock of its first video stream, that become 0.
    """

    def __init__(self, path: str | Path, start: float) -> None:
        import av

        self._source = av.open(str(path))
        self.streams: list[Any] = list(self._source.streams.audio)
        video: Any = next(iter(self._source.streams.video), None)
        first = video.start_time * video.time_base if video and video.start_time else 0
        self._start = start + float(first)
        self._target: Any = None
        self._carriers: dict[int, _Copy | _Encoding] = {}
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None

    def add_to(self, target: Any) -> None:
        """Add the streams to a container that is about to be written."""
        self._target = target
        for stream in self.streams:
            carrier = _Copy if stream.codec.canonical_name in _COPIED else _Encoding
            self._carriers[stream.index] = carrier(target, stream)
        if self.streams:
            if self._start > _LEAD:
                self._source.seek(int((self._start - _LEAD) * 1_000_000))
            self._packets = self._source.demux(self.streams)
            self._next = self._following()

    def mux_until(self, seconds: float) -> None:
        """Write the packets up to a time of the new video."""
        while self._next is not None and self._time_of(self._next) <= seconds:
            packet, self._next = self._next, self._following()
            if self._time_of(packet) >= 0:
                carrier = self._carriers[packet.stream.index]
                self._target.mux(carrier.carried(packet, self._start))

    def close(self) -> None:
        """Write what encoders hold back, and let go of the file."""
        for carrier in self._carriers.values():
            self._target.mux(carrier.rest())
        self._source.close()

    def _following(self) -> Any:
        # A packet without a time only says that its stream has ended.
        return next((packet for packet in self._packets if packet.pts is not None), None)

    def _time_of(self, packet: Any) -> float:
        return float(packet.pts * packet.time_base) - self._start


class _Copy:
    """Packets as they are."""

    def __init__(self, target: Any, stream: Any) -> None:
        self._stream = target.add_stream_from_template(stream)

    def carried(self, packet: Any, start: float) -> list[Any]:
        shift = round(start / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        packet.stream = self._stream
        return [packet]

    def rest(self) -> list[Any]:
        return []


class _Encoding:
    """Packets decoded and encoded anew, as AAC."""

    def __init__(self, target: Any, stream: Any) -> None:
        import av

        self._stream = target.add_stream("aac", rate=stream.rate)
        self._stream.layout = "stereo" if stream.layout.nb_channels > 1 else "mono"
        self._resampler = av.AudioResampler("fltp", self._stream.layout, stream.rate)

    def carried(self, packet: Any, start: float) -> list[Any]:
        packets = []
        for frame in packet.decode():
            frame.pts -= round(start / frame.time_base)
            for piece in self._resampler.resample(frame):
                packets += self._stream.encode(piece)
        return packets

    def rest(self) -> list[Any]:
        packets: list[Any] = self._stream.encode(None)
        return packets
