"""Small videos in every container, with frames that are drawn here."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np


def drawn(index: int, size: tuple[int, int] = (160, 96)) -> np.ndarray:
    """BGR frame with a textured ground and a square that moves by 4 pixels."""
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    frame = np.stack([40 + 120 * rows / height, 60 + 120 * columns / width, 90 + 0 * rows], -1)
    left = 8 + 4 * index % (width - 40)
    frame[height // 3 : height // 3 + 24, left : left + 24] = (30, 200, 220)
    return frame.astype(np.uint8)


def write_video(
    path: Path,
    codec: str,
    *,
    frames: int = 20,
    size: tuple[int, int] = (160, 96),
    pixels: str = "yuv420p",
    interlaced: bool = False,
    options: dict[str, str] | None = None,
    times: list[int] | None = None,
    offset: float = 0.0,
    sound: tuple[str, float, float] | None = None,
    **container: Any,
) -> Path:
    """Write drawn frames, 25 per second or at `times` in milliseconds, and sound if any.

    `sound` is an encoder, the seconds at which the sound starts, and how long it lasts.
    """
    with av.open(str(path), "w", **container) as target:
        stream: Any = target.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        if interlaced:
            stream.codec_context.flags |= 0x00040000 | 0x20000000  # DCT and motion by fields
        if times is not None:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        tone: Any = None
        if sound is not None:
            rate = 48_000 if sound[0] == "libopus" else 44_100
            tone = target.add_stream(sound[0], rate=rate, layout="stereo")
            tone.bit_rate = 128_000
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(drawn(index, size), format="bgr24")
            if times is None:
                frame.pts, frame.time_base = index + round(25 * offset), Fraction(1, 25)
            else:
                frame.pts, frame.time_base = times[index], Fraction(1, 1000)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        if tone is not None and sound is not None:
            for packet in _tone(tone, *sound[1:]):
                target.mux(packet)
    return path


def _tone(stream: Any, start: float, seconds: float) -> Iterator[Any]:
    rate = stream.rate
    context = stream.codec_context
    resampler = av.AudioResampler(context.format, context.layout, rate, context.frame_size or None)
    for at in range(round(rate * start), round(rate * (start + seconds)), 1024):
        wave = 6000 * np.sin(np.arange(at, at + 1024) / 20)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
        frame.pts, frame.rate, frame.time_base = at, rate, Fraction(1, rate)
        for piece in resampler.resample(frame):
            yield from stream.encode(piece)
    yield from stream.encode(None)
