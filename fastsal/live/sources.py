"""Where live frames come from: a camera, a stream, a file, or the demo's scene."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from ..io.opencv_decoder import open_filter_graph
from ..io.opencv_logging import quiet_opencv
from ..io.video_decoders import open_decoder
from ..io.video_files import index_or_name, is_url, open_source
from ..io.video_reader import VideoReader
from ..pipelines import scene

SYNTHETIC = "synthetic"
_LAVFI = "lavfi:"
_USUAL_SIZE, _SYNTHETIC_FPS = (640, 480), 30.0

Frame = NDArray[np.uint8]
Size = tuple[int, int]


class Source(Protocol):
    """Gives BGR frames, each when it is there."""

    is_camera: bool  # shown as in a mirror
    is_live: bool  # comes at its own pace, whether or not anybody keeps up
    size: Size  # of the first frames; later ones may be of another

    def read(self) -> Frame | None:
        """Wait for the next frame; None if there is none any more."""

    def close(self) -> None:
        """Give the device or the file back."""


def open_live(source: str | int, size: Size | None = None) -> Source:
    """Open a camera by its index, a URL, a file, ``synthetic``, or ``lavfi:`` and a filter graph.

    Parameters
    ----------
    source : str or int
        Digits that name no file are a camera's index.
    size : (int, int), optional
        Width and height to ask a camera for; other sources are not asked.

    Raises
    ------
    VideoError
        If it cannot be opened.
    """
    if source == SYNTHETIC:
        return Synthetic(size or _USUAL_SIZE)
    index = index_or_name(source)
    if isinstance(index, int):
        return Capture(_opened_camera(index, size), f"camera {index}", is_camera=True)
    source = str(source)
    if source.startswith(_LAVFI):
        return Capture(_opened_graph(source.removeprefix(_LAVFI)), source)
    if is_url(source):
        return Network(source)
    return File(source)


class Network:
    """A stream from a URL, through PyAV where it is installed, else OpenCV."""

    is_camera, is_live = False, True

    def __init__(self, url: str) -> None:
        self._name = url
        self._busy = threading.Lock()
        self._count = 0
        with quiet_opencv:
            self._decoder = open_decoder(url)
        try:
            self._ready = self._next()
        except BaseException:
            self._decoder.close()
            raise
        self.size = _USUAL_SIZE if self._ready is None else self._ready.shape[1::-1]

    def read(self) -> Frame | None:
        frame, self._ready = self._ready, None
        return self._next() if frame is None else frame

    def close(self) -> None:
        # Closing it while another thread is stuck in a read would crash.
        if self._busy.acquire(timeout=0.5):
            self._decoder.close()
            self._busy.release()

    def _next(self) -> Frame | None:
        with self._busy:
            if self._decoder.advance() is not None:
                self._count += 1
                return self._decoder.picture()
        if self._decoder.frame_count is not None:  # a file behind a URL, which may end
            return None
        raise VideoError(f"{self._name}: no more frames after the first {self._count}")


class Capture:
    """A camera, or a filter graph of FFmpeg's, through OpenCV."""

    is_live = True

    def __init__(self, capture: Any, name: str, *, is_camera: bool = False) -> None:
        self.is_camera = is_camera
        self._capture = capture
        self._name = name
        self._busy = threading.Lock()
        self._count = 0
        length = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        width, height = (
            int(capture.get(each)) for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self.size = (width, height) if width > 0 < height else _USUAL_SIZE
        self._may_end = 0 < length < 1e9  # a live source answers with nonsense

    def read(self) -> Frame | None:
        with self._busy:
            try:
                found, frame = self._capture.read()
            except cv2.error as error:
                raise VideoError(f"{self._name}: frame {self._count} cannot be decoded") from error
        if found:
            self._count += 1
            picture: Frame = frame
            return picture
        if self._may_end:
            return None
        raise VideoError(f"{self._name}: no more frames after the first {self._count}")

    def close(self) -> None:
        # Releasing under a read that another thread is stuck in would crash; the capture then
        # goes when that thread does.
        if self._busy.acquire(timeout=0.5):
            self._capture.release()
            self._busy.release()


class File:
    """A video file, at the pace it was taken."""

    is_camera = is_live = False

    def __init__(self, path: str) -> None:
        self._reader = VideoReader(path)
        self.size = self._reader.size
        self._pace = Pace(self._reader.fps)

    def read(self) -> Frame | None:
        frame = next(self._reader, None)
        if frame is not None:
            self._pace.wait()
        return frame

    def close(self) -> None:
        self._reader.close()


class Synthetic:
    """The demo's moving scene: a camera for machines without one."""

    is_camera, is_live = False, True

    def __init__(self, size: Size) -> None:
        self.size = size
        self._frames = scene.drawn(size)
        self._pace = Pace(_SYNTHETIC_FPS)

    def read(self) -> Frame | None:
        frame = next(self._frames)
        self._pace.wait()
        return frame

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class Pace:
    """Lets one frame pass per tick of a steady clock; one that is late does not hurry the next."""

    def __init__(self, fps: float) -> None:
        self._gap = 1 / fps
        self._next = 0.0

    def wait(self) -> None:
        """Return when the next frame is due."""
        now = time.perf_counter()
        if now < self._next:
            time.sleep(self._next - now)
            self._next += self._gap
        else:
            self._next = now + self._gap


def _opened_camera(index: int, size: Size | None) -> Any:
    with quiet_opencv:
        try:
            capture = open_source(index)
        except VideoError as error:
            raise VideoError(f"{error}; {_cameras()}") from None
        # In this order: uncompressed, most cameras give large pictures at a third of their rate.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture


def _cameras() -> str:
    """List the cameras, on systems that list them."""
    folder = Path("/sys/class/video4linux")
    found = []
    for path in sorted(folder.glob("video*")):
        with contextlib.suppress(OSError):
            found.append(f"{path.name.removeprefix('video')} {(path / 'name').read_text().strip()}")
    cameras = f"cameras here: {', '.join(found)}" if found else "no camera was found"
    return f"{cameras} (--source synthetic needs none, --web uses the browser's)"


def _opened_graph(graph: str) -> Any:
    """Open a filter graph of FFmpeg's as a camera."""
    with quiet_opencv:
        capture = open_filter_graph(graph)
    if not capture.isOpened():
        raise VideoError(f"{_LAVFI}{graph}: FFmpeg cannot open this filter graph as a video source")
    return capture
