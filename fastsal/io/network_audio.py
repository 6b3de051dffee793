"""The sound of a video file as networks take it: one channel, 22,050 samples per second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 22050  # Hz

_FAILURES = (av.FFmpegError, ValueError)


def read_sound(path: str | Path, start: float = 0.0) -> NDArray[np.int16] | None:
    """Return the samples of a file's first audio stream, or None if it has none.

    Channels are mixed to one. Sound that cannot be decoded ends where that happens.

    Parameters
    ----------
    path : str or Path
        A video file.
    start : float
        Time of the first sample in seconds after the start of the file. Sound that begins later
        has silence before it.

    Returns
    -------
    samples : array of int16, (samples,), or None
    """
    try:
        with av.open(str(path), metadata_errors="ignore") as file:
            if not file.streams.audio:
                return None
            return _from(start, file)
    except _FAILURES:
        return None


def _from(start: float, file: Any) -> NDArray[np.int16] | None:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    parts: list[NDArray[np.int16]] = []
    begins: float | None = None
    for frame in _frames(file):
        if begins is None:
            begins = float(frame.time or 0.0)
        frame.pts = None  # gaps are not filled with more than the decoder gives
        parts += [each.to_ndarray()[0] for each in resampler.resample(frame)]
    parts += [each.to_ndarray()[0] for each in resampler.resample(None)] if parts else []
    if begins is None or not parts:
        return None
    samples = np.concatenate(parts)
    offset = round((start - begins) * RATE)
    if offset >= 0:
        return samples[offset:]
    return np.concatenate([np.zeros(-offset, np.int16), samples])


def _frames(file: Any) -> Iterator[Any]:
    """Yield audio frames up to the end, or to the first that cannot be decoded."""
    try:
        yield from file.decode(file.streams.audio[0])
    except _FAILURES:
        return
