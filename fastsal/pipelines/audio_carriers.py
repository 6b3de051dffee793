"""Two ways of audio into a new file: copied packet by packet, or encoded again as AAC."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np

# Codecs that players find in MP4 and QuickTime files; other audio is encoded again.
_COPIED = ("aac", "mp3", "ac3", "eac3", "alac", "opus")
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
_TOLERANCE = 0.05  # seconds between timestamp and samples so far, below which they are continuous
_LONGEST_SILENCE = 10.0  # seconds filled with samples; a longer gap stays one of timestamps


def can_copy(stream: Any, container: str) -> bool:
    """Return whether a container holds this stream as it is; its muxer has the last word."""
    if stream.codec_context.codec.canonical_name not in _COPIED:
        return False
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


class Copy:
    """Carries packets over as they are."""

    def __init__(self, target: Any, stream: Any) -> None:
        self._stream = target.add_stream_from_template(stream)

    def carried(self, packet: Any, start: float) -> list[Any]:
        shift = round(start / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        if packet.pts < 0:
            return []
        packet.stream = self._stream
        return [packet]

    def rest(self) -> list[Any]:
        return []


class Transcoding:
    """Decodes packets and encodes them as AAC, at the nearest sample rate that AAC has.

    Damaged or missing packets become silence, so that picture and audio stay together.
    """

    def __init__(self, target: Any, stream: Any) -> None:
        rates: Any = av.Codec("aac", "w").audio_rates
        wanted = stream.codec_context.sample_rate
        self._rate = min((rate for rate in rates if rate >= wanted), default=48_000)
        channels = stream.codec_context.layout.nb_channels
        self._layout = _LAYOUTS.get(channels, "stereo")
        self._stream = target.add_stream("aac", rate=self._rate)
        self._stream.layout = self._layout
        self._channels = self._stream.layout.nb_channels
        self._resampler: Any = None
        self._form: tuple[Any, ...] = ()
        self._position = 0  # of the next sample

    def carried(self, packet: Any, start: float) -> list[Any]:
        packets: list[Any] = []
        for frame in packet.decode():
            due = None if frame.time is None else round((frame.time - start) * self._rate)
            for piece in self._resampled(frame):
                packets += self._encoded(piece.to_ndarray(), due)
                due = None  # further pieces follow the first one
        return packets

    def rest(self) -> list[Any]:
        packets: list[Any] = self._stream.encode(None)
        return packets

    def _resampled(self, frame: Any) -> list[Any]:
        # A broadcast changes from stereo to 5.1 and back, which one resampler does not follow.
        form = frame.format.name, frame.layout.name, frame.sample_rate
        if form != self._form:
            self._form = form
            self._resampler = av.AudioResampler("fltp", self._layout, self._rate)
        frame.pts = None
        pieces: list[Any] = self._resampler.resample(frame)
        return pieces

    def _encoded(self, samples: np.ndarray[Any, Any], due: int | None) -> list[Any]:
        """Encode samples so that the first of them stands at `due`."""
        gap = 0 if due is None else due - self._position
        if self._position and abs(gap) <= _TOLERANCE * self._rate:
            gap = 0
        packets: list[Any] = []
        if gap > _LONGEST_SILENCE * self._rate:
            self._position += gap
        elif gap > 0:
            packets += self._encode(np.zeros((self._channels, gap), np.float32))
        elif gap < 0:
            samples = samples[:, -gap:]
        return packets + self._encode(samples)

    def _encode(self, samples: np.ndarray[Any, Any]) -> list[Any]:
        if samples.shape[1] == 0:
            return []
        contiguous: Any = np.ascontiguousarray(samples)
        frame = av.AudioFrame.from_ndarray(contiguous, format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._position, Fraction(1, self._rate)
        self._position += samples.shape[1]
        packets: list[Any] = self._stream.encode(frame)
        return packets
