"""Video files through networks, which look ahead and may listen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..concurrency.interrupts import heeded_interrupts
from ..concurrency.threaded_pipeline import Timings
from ..io.encoders import has_av
from ..io.video_files import is_file
from ..io.video_folders import FolderWriter
from ..io.videos import VideoReader, VideoWriter
from ..stream import Stream

Drawing = Callable[[NDArray[np.uint8], NDArray[np.float32]], NDArray[Any]]


class NetworkVideo:
    """One network over the frames of a file, in its authors' order of windows.

    Parameters
    ----------
    stream : Stream
        Stream of a network.
    draw : callable
        Makes a picture of a BGR frame and its map.

    Attributes
    ----------
    limits : str
        One line about sound that the last run did not use, or "".
    """

    def __init__(self, stream: Stream, draw: Drawing) -> None:
        self._stream = stream
        self._draw = draw
        self.limits = ""

    def run(
        self,
        source: str | Path | int,
        reader: VideoReader,
        writer: VideoWriter | FolderWriter,
        bar: Any,
        *,
        is_timed: bool,
    ) -> Timings:
        """Write a picture for every frame of the reader. Reading does not overlap the network."""
        timings = Timings()
        waiting: deque[tuple[NDArray[np.uint8], float, float]] = deque()
        reading = [0.0]

        def frames() -> Iterator[NDArray[np.uint8]]:
            began = time.perf_counter()
            for frame in reader:
                now = time.perf_counter()
                reading[0] += now - began
                waiting.append((frame, reader.seconds - reader.starts_at, now))
                yield frame
                began = time.perf_counter()

        sound = self._sound(source, reader)
        with bar, heeded_interrupts():
            began = time.perf_counter()
            # Maps come in windows: the rate counts the time that the first window takes.
            timings.written.append(began)
            for saliency in self._stream.network.maps(frames(), audio=sound, fps=reader.fps):
                frame, at, read_at = waiting.popleft()
                picture = self._draw(frame, saliency)
                timings.compute.append(time.perf_counter() - began - reading[0])
                writer.write(picture, at=at if is_timed else None)
                began = time.perf_counter()
                reading[0] = 0.0
                timings.written.append(began)
                timings.latency.append(began - read_at)
                bar.update()
        return timings

    def _sound(self, source: str | Path | int, reader: VideoReader) -> Any:
        """Return the sound from the first frame on; None without sound, or without PyAV."""
        self.limits = ""
        if not (self._stream.network.listens and is_file(source)):
            return None
        if not has_av():
            self.limits = (
                f"{self._stream.method.title} did not hear the sound of the file, which needs PyAV"
            )
            return None
        from ..io.network_audio import read_sound

        return read_sound(str(source), reader.starts_at)
