"""Two ways of audio into a new file: copied packet by packet, or decoded and encoded again."""

from __future__ import annotations

import contextlib
import ctypes
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

# Codecs that players find in MP4 and QuickTime files; other audio is encoded again.
_COPIED = ("aac", "mp3", "ac3", "eac3", "alac", "opus")
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
# seconds between timestamp and samples before it, below which they are continuous
_TOLERANCE = 0.05
_LONGEST_SILENCE = 10.0  # seconds filled with samples; a longer gap stays one of timestamps
_DOLBY_SYNC = b"\x0b\x77"
_FAILURES = (av.FFmpegError, ValueError, MemoryError)


def can_copy(stream: Any, container: str) -> bool:
    """Return whether a container holds this stream unchanged; its muxer has the last word."""
    if container == "avi" or stream.codec_context.codec.canonical_name not in _COPIED:
        return False  # an AVI has no times, so that late audio needs silence in front
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def layout_of(context: Any) -> str:
    """Return FFmpeg's name of a stream's channel layout, such as "5.1".

    PyAV's objects free a layout of custom order that is not theirs, and the process crashes. The
    object is therefore kept for ever; streams and frames that have one must not be decoded.
    """
    layout = context.layout
    name: str = layout.name
    if is_custom(name):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return name


def is_custom(layout: str) -> bool:
    """Return whether a layout lists its channels because it has no name."""
    return "+" in layout


class Clock:
    """Time of packets, by their timestamps or by the samples before them.

    An AVI has no timestamps. FFmpeg computes them from fields of the header, which some writers set
    wrongly. Its audio has no gaps, so the time follows from the samples.

    Parameters
    ----------
    counts_samples : bool
        As for AVI.
    """

    def __init__(self, *, counts_samples: bool) -> None:
        self.counts_samples = counts_samples
        self._counted: float | None = None  # seconds
        self._step = 0.0  # seconds in the packet decoded last

    def time_of(self, packet: Any) -> float:
        """Return the seconds at which the next packet stands."""
        stated = float(packet.pts * packet.time_base)
        if not self.counts_samples:
            return stated
        return stated if self._counted is None else self._counted

    def decode(self, packet: Any) -> Iterator[tuple[Any, float | None]]:
        """Decode a packet; yield frames and their seconds. A damaged one is as long as the last."""
        begin = self.time_of(packet)
        try:
            frames: list[Any] = packet.decode()
            self._step = sum(each.samples / each.sample_rate for each in frames)
        finally:
            self._counted = begin + self._step
        for frame in frames:
            yield frame, begin if self.counts_samples else frame.time
            begin += frame.samples / frame.sample_rate


class Copy:
    """Carries packets over unchanged.

    Attributes
    ----------
    early, overlapping, empty : float, float, int
        As `Transcoding`.
    """

    def __init__(self, target: Any, stream: Any, clock: Clock) -> None:
        self._stream = target.add_stream_from_template(stream)
        self._clock = clock
        self._is_dolby = stream.codec_context.codec.canonical_name in ("ac3", "eac3")
        self._tick = Fraction(1, stream.codec_context.sample_rate)
        self.early = self.overlapping = 0.0
        self.empty = 0

    def carried(self, packet: Any, start: float) -> list[Any]:
        if self._is_dolby and bytes(memoryview(packet)[:2]) != _DOLBY_SYNC:
            raise ValueError("no frame of AC-3")  # FFmpeg would write a broken track
        if self._clock.counts_samples:
            at = self._clock.time_of(packet)
            with contextlib.suppress(*_FAILURES):  # damage stays, as in every copy
                packet.duration = sum(each.samples for each, _ in self._clock.decode(packet))
            packet.pts = packet.dts = round(at / self._tick)
            packet.time_base = self._tick
        shift = round(start / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        if packet.pts < 0:
            if not packet.is_discard:  # as an edit list says
                self.early = max(self.early, float(-packet.pts * packet.time_base))
            return []
        packet.stream = self._stream
        return [packet]

    def rest(self) -> list[Any]:
        return []


class Transcoding:
    """Decodes packets and encodes them: as PCM for AVI, else as AAC at the nearest rate it has.

    Damaged or missing packets become silence, so that picture and audio stay together.

    Attributes
    ----------
    early : float
        Seconds of audio before the start, which are left out.
    overlapping : float
        Seconds that are left out because their timestamps repeat those of earlier samples.
    empty : int
        Packets that gave no samples.
    """

    def __init__(self, target: Any, stream: Any, clock: Clock) -> None:
        self._has_times = target.format.name != "avi"
        name = "aac" if self._has_times else "pcm_s16le"
        wanted = stream.codec_context.sample_rate
        rates: Any = av.Codec(name, "w").audio_rates or [wanted]
        self._rate = min((rate for rate in rates if rate >= wanted), default=48_000)
        channels = stream.codec_context.layout.nb_channels
        self._layout = _LAYOUTS.get(channels, "stereo")
        self._stream = target.add_stream(name, rate=self._rate)
        self._stream.layout = self._layout
        self._channels = self._stream.layout.nb_channels
        self._clock = clock
        self._resampler: Any = None
        self._form: tuple[Any, ...] = ()
        self._position = 0  # of the next sample
        self.early = self.overlapping = 0.0
        self.empty = 0

    def carried(self, packet: Any, start: float) -> list[Any]:
        packets: list[Any] = []
        is_empty = not packet.is_discard  # as an edit list says
        for frame, seconds in self._clock.decode(packet):
            is_empty = False
            due = None if seconds is None else round((seconds - start) * self._rate)
            for piece in self._resampled(frame):
                samples = piece.to_ndarray().reshape(-1, self._channels)
                packets += self._encoded(samples, due)
                due = None  # further pieces follow the first one
        self.empty += is_empty
        return packets

    def rest(self) -> list[Any]:
        packets: list[Any] = self._stream.encode(None)
        return packets

    def _resampled(self, frame: Any) -> list[Any]:
        # A broadcast changes from stereo to 5.1 and back, which one resampler does not follow.
        form = frame.format.name, frame.layout.name, frame.sample_rate
        if form != self._form:
            self._form = form
            # Packed, because PyAV reads beyond the planes of a planar frame of 8 channels.
            self._resampler = av.AudioResampler("flt", self._layout, self._rate)
        frame.pts = None
        pieces: list[Any] = self._resampler.resample(frame)
        return pieces

    def _encoded(self, samples: np.ndarray[Any, Any], due: int | None) -> list[Any]:
        """Encode samples ``(n, channels)`` so that the first of them stands at `due`."""
        gap = 0 if due is None else due - self._position
        if self._position and abs(gap) <= _TOLERANCE * self._rate:
            gap = 0
        packets: list[Any] = []
        longest = round(_LONGEST_SILENCE * self._rate)
        if gap > longest and self._has_times:
            self._position += gap
        elif gap > 0:
            for begin in range(0, gap, longest):
                silence = np.zeros((min(longest, gap - begin), self._channels), np.float32)
                packets += self._encode(silence)
        elif gap < 0:
            self._note_trimmed(min(-gap, len(samples)), due or 0)
            samples = samples[-gap:]
        return packets + self._encode(samples)

    def _note_trimmed(self, count: int, due: int) -> None:
        early = min(count, max(0, -due))
        self.early += early / self._rate
        self.overlapping += (count - early) / self._rate

    def _encode(self, samples: np.ndarray[Any, Any]) -> list[Any]:
        if len(samples) == 0:
            return []
        packed: Any = np.ascontiguousarray(samples).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._position, Fraction(1, self._rate)
        self._position += len(samples)
        packets: list[Any] = self._stream.encode(frame)
        return packets
