"""Frames of a file, a URL or a camera, decoded by OpenCV."""

from __future__ import annotations

import functools
import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from .containers import (
    MISSING,
    fault_of,
    has_field_packets,
    has_lost_packets,
    is_gap,
    is_shown,
    played_fraction,
)
from .opencv_logging import quiet_opencv
from .video_files import (
    NO_VIDEO,
    index_or_name,
    is_file,
    is_url,
    open_capture,
    open_source,
    rotated,
    upright_ratio,
)

_COVER_RATE = 90_000  # FFmpeg gives cover pictures this rate
_SLACK = 2  # frames, and 2 %
# Never interlaced; and filter graphs end at an empty packet, by which Theora repeats a frame.
_PROGRESSIVE = ("theo", "VP80", "VP90", "AV01", "gif ", "apng")


class OpenCVDecoder:
    """Decoder of a file, a URL or a camera.

    OpenCV 4.13 to 5.0 hands out an unwritten buffer for every interlaced frame, without an error.
    There, FFmpeg's `setfield` filter marks all frames of a file as progressive first.

    Parameters
    ----------
    source : str, Path or int

    Raises
    ------
    VideoError
        The source cannot be opened, or holds no video.
    """

    def __init__(self, source: str | Path | int) -> None:
        self._name = str(source)
        self._path = Path(source) if is_file(source) else None  # type: ignore[arg-type]
        self._is_camera = isinstance(index_or_name(source), int)
        self._header: Any = open_source(source)
        self._capture = self._header
        self._describe()
        self._turn = 0  # degrees clockwise that OpenCV does not apply itself
        self._origin = self._start = self._first = 0.0  # seconds
        # The clock of a camera starts anywhere, that of an AVI after the decoder's delay.
        self._shifts_clock = self._is_camera or Path(self._name).suffix.lower() == ".avi"
        self._tells_times = True
        self._frames = self._gaps = self._jumps = 0
        self._last = 0.0
        self._suspect: NDArray[np.uint8] | None = None
        self._distrusted = is_url(source) and not converts_interlaced()
        if self._path is not None:
            self._check_for_cover(self._path)
            if self._codec not in _PROGRESSIVE and not converts_interlaced():
                self._use_progressive_frames(self._path)

    def advance(self) -> float | None:
        if not self._capture.grab():
            return None
        self._frames += 1
        told: float = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        if self._frames == 1:
            self._origin = told if self._shifts_clock else 0.0
            self._first = told - self._origin + self._start
            self._last = told
        self._gaps += is_gap(self._codec, (told - self._last) * self.fps)
        self._jumps += (told - self._last) * self.fps > 1.75
        self._last = told
        return told - self._origin + self._start if self._tells_times else math.nan

    def picture(self) -> NDArray[np.uint8]:
        try:
            found, frame = self._capture.retrieve()
        except (cv2.error, MemoryError):
            found, frame = False, None
        if not found:
            raise VideoError(f"{self._name}: frame {self._frames - 1} cannot be decoded")
        if self._distrusted:
            self._check_written(frame)
        return rotated(frame, self._turn)

    def fault(self) -> str:
        if self._path is None:
            return ""
        is_incomplete = self._gaps or (self._jumps and has_lost_packets(self._path))
        gaps = MISSING if is_incomplete else ""
        return fault_of(self._path) or gaps or self._lost_frames(self._path)

    def close(self) -> None:
        self._capture.release()
        self._header.release()

    def _describe(self) -> None:
        header = self._header
        self.fps = header.get(cv2.CAP_PROP_FPS)
        count = header.get(cv2.CAP_PROP_FRAME_COUNT)
        code = int(header.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        self._codec = code.to_bytes(4, "little").decode("latin-1")
        # A live source answers with the smallest integer there is.
        self.frame_count = int(count) if 0 < count < 1e9 else None
        parts = [int(header.get(each)) for each in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN)]
        self._rotation = int(header.get(cv2.CAP_PROP_ORIENTATION_META) or 0)
        ratio = Fraction(*parts) if min(parts) > 0 else None
        self.sample_aspect_ratio = upright_ratio(ratio, self._rotation)

    def _position(self) -> float:
        seconds: float = self._header.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        return seconds

    def _use_progressive_frames(self, path: Path) -> None:
        graph = f"movie=filename={_escaped(os.path.abspath(path))}:s=v\\\\:0,setfield=prog"
        capture = open_filter_graph(graph)
        if not capture.isOpened():
            return
        self._capture, self._turn = capture, self._rotation
        # The graph has its own clock, and invents times for files without.
        times = [
            self._header.get(cv2.CAP_PROP_POS_MSEC) / 1e3 for _ in range(2) if self._header.grab()
        ]
        self._tells_times = len(times) < 2 or times[1] != times[0]
        self._start = times[0] if times and not self._shifts_clock else 0.0
        self._shifts_clock = True

    def _check_for_cover(self, path: Path) -> None:
        """Refuse the cover picture of an audio file."""
        if self.fps != _COVER_RATE or self.frame_count == 1:
            return
        capture = open_capture(os.path.abspath(path))
        is_cover = capture.grab() and not capture.grab()
        capture.release()
        if is_cover:
            raise VideoError(f"{self._name}: {NO_VIDEO}")

    def _check_written(self, frame: NDArray[np.uint8]) -> None:
        """Refuse a stream with two equal frames at its start, which an unwritten buffer gives."""
        if self._suspect is None:
            self._suspect = frame.copy()
            return
        self._distrusted = False
        if np.array_equal(self._suspect, frame):
            raise VideoError(
                f"{self._name}: OpenCV {cv2.__version__} cannot convert interlaced video, and "
                "this stream may be interlaced; install PyAV with `pip install av`"
            )

    def _lost_frames(self, path: Path) -> str:
        if self.frame_count is not None and self._frames >= self.frame_count:
            return ""
        expected = self._expected_frames(path)
        lost = expected - self._frames
        # In transport and program streams, each field may be one packet.
        if lost <= (self._frames if has_field_packets(path) else 0):
            return ""
        if self._frames == 0:
            return "no frame can be decoded by OpenCV; PyAV may: pip install av"
        return (
            f"cut short or damaged: OpenCV cannot decode {lost} of {expected} frames; "
            "PyAV may: pip install av"
        )

    def _expected_frames(self, path: Path) -> int:
        """Return the number of frames from the first decoded one on, according to the packets."""
        played = played_fraction(path)
        if played is not None and played < 0.99 and self.frame_count is not None:
            # Packets are not counted: they include those outside the edit list.
            return math.floor(0.98 * played * self.frame_count) - _SLACK
        parameters = [cv2.CAP_PROP_FORMAT, -1]
        packets = open_capture(os.path.abspath(path), cv2.CAP_FFMPEG, parameters)
        codec = "vp8" if self._codec == "VP80" else ""
        # An MP4 starts with a frame that needs no other, unlike streams cut out of a broadcast.
        start = self._first - 1e-3 if played is None else -math.inf
        expected = 0
        try:
            while packets.grab():
                found, data = packets.retrieve()
                if found and data is not None and packets.get(cv2.CAP_PROP_POS_MSEC) / 1e3 >= start:
                    expected += is_shown(codec, data.ravel())
        finally:
            packets.release()
        return expected


def open_filter_graph(graph: str) -> Any:
    """Open a filter graph of FFmpeg's as a capture, which the caller checks for being open."""
    return open_capture(graph, cv2.CAP_FFMPEG, options="input_format;lavfi")


@functools.cache
def converts_interlaced() -> bool:
    """Return whether OpenCV converts interlaced frames, tried on a white one."""
    with quiet_opencv:
        capture = open_filter_graph("color=c=white:size=32x32,format=yuv420p,setfield=mode=tff")
        frame = capture.read()[1] if capture.isOpened() else None
        capture.release()
    # Both the test and the remedy need filter graphs.
    return frame is None or bool(frame.min() > 200)


def _escaped(name: str) -> str:
    """Return a file name for a filter graph, which removes two levels of escapes."""
    for _ in range(2):
        name = re.sub(r"([^\w/.\-])", r"\\\1", name)
    return name
