"""Where the pixels of a sample are: a picture, a video file, or a folder of frames."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError, ImageError

Pixels = NDArray[np.uint8]
Kind = Literal["image", "video"]

_SIDEWAYS = range(5, 9)  # EXIF orientations that swap width and height
_ORIENTATION = 0x0112


class Media(Protocol):
    """Pixels of one sample, read when asked for."""

    kind: Kind

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def fps(self) -> float:
        """Frames per second; 0 for a picture."""

    @property
    def frame_count(self) -> int | None:
        """Number of frames, if the file states it."""

    @property
    def files(self) -> list[Path]:
        """The files with the pixels."""

    def frames(self) -> Iterator[Pixels]:
        """Yield the frames in order, RGB."""


class Picture:
    """One image file.

    Parameters
    ----------
    path : Path
    is_upright : bool, default True
        Turn the picture as its EXIF tag says.
    """

    kind: Kind = "image"
    fps = 0.0
    frame_count = 1

    def __init__(self, path: Path, *, is_upright: bool = True) -> None:
        self._path, self._is_upright = path, is_upright
        self.files = [path]

    @cached_property
    def size(self) -> tuple[int, int]:
        """Rows and columns, from the header alone where Pillow reads it."""
        return size_of_picture(self._path, is_upright=self._is_upright)

    def frames(self) -> Iterator[Pixels]:
        """Yield the picture."""
        yield read_rgb(self._path) if self._is_upright else _read_unturned(self._path)


class VideoFile:
    """One video file."""

    kind: Kind = "video"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.files = [path]

    @cached_property
    def _header(self) -> tuple[tuple[int, int], float, int | None]:
        from ..io.video_reader import VideoReader

        with VideoReader(self._path) as reader:
            width, height = reader.size
            return (height, width), reader.fps, reader.frame_count

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._header[0]

    @property
    def fps(self) -> float:
        """Frames per second, as the file says."""
        return self._header[1]

    @property
    def frame_count(self) -> int | None:
        """Number of frames, as the file says."""
        return self._header[2]

    def frames(self) -> Iterator[Pixels]:
        """Yield the frames in order."""
        from ..io.video_reader import VideoReader

        with VideoReader(self._path) as reader:
            for frame in reader:
                yield np.ascontiguousarray(frame[..., ::-1])


class FrameFiles:
    """Pictures that are the frames of a video."""

    kind: Kind = "video"

    def __init__(self, paths: list[Path], fps: float) -> None:
        self.files, self.fps = paths, fps

    @cached_property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the first frame."""
        return size_of_picture(self.files[0])

    @property
    def frame_count(self) -> int | None:
        """Number of files."""
        return len(self.files)

    def frames(self) -> Iterator[Pixels]:
        """Yield the frames in order."""
        for path in self.files:
            yield read_rgb(path)


class NoVideo:
    """A video without its file; its truth may be there.

    Parameters
    ----------
    reason : str
        Names the missing file.
    fps : float
        The data set's frame rate.
    picture : Path, optional
        A map of the same size.
    """

    kind: Kind = "video"
    frame_count = None

    def __init__(self, reason: str, fps: float, picture: Path | None = None) -> None:
        self._reason, self.fps, self._picture = reason, fps, picture
        self.files: list[Path] = []

    @cached_property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        if self._picture is None:
            raise DatasetError(self._reason)
        return size_of_picture(self._picture)

    def frames(self) -> Iterator[Pixels]:
        """Refuse."""
        raise DatasetError(self._reason)


def read_rgb(path: Path) -> Pixels:
    """Return an image file as uint8 RGB, ``(H, W, 3)``; grey images get three equal channels."""
    from ..io.pictures import read_image

    return _as_rgb(read_image(path))


def read_grey(path: Path) -> NDArray[Any]:
    """Return the map in an image file, ``(H, W)``: uint8, uint16 or floats as stored.

    Raises
    ------
    ImageError
        If it is a colour picture.
    """
    from ..io.pictures import read_image

    values = read_image(path)
    if values.ndim == 2:
        return values
    grey: NDArray[Any] = values[..., 0]
    if values.ndim != 3 or any((values[..., i] != grey).any() for i in range(values.shape[2])):
        raise ImageError(f"{path}: must be a grey map; got a colour picture")
    return np.ascontiguousarray(grey)


def size_of_picture(path: Path, *, is_upright: bool = True) -> tuple[int, int]:
    """Return rows and columns, without decoding where Pillow reads the header.

    Raises
    ------
    ImageError
        If the file is missing or no image.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            width, height = picture.size
            turned = is_upright and picture.getexif().get(_ORIENTATION) in _SIDEWAYS
    # Pillow raises almost anything for damaged files; the reader names the file and the reason.
    except Exception:
        height, width = read_rgb(path).shape[:2]
        return height, width
    return (width, height) if turned else (height, width)


def _as_rgb(values: NDArray[Any]) -> Pixels:
    if values.dtype == np.uint16:
        values = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    elif values.dtype != np.uint8:
        values = np.rint(255 * values.clip(0, 1)).astype(np.uint8)
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    return values


def _read_unturned(path: Path) -> Pixels:
    """Return an image file with a wrong EXIF tag."""
    import cv2

    from ..io.opencv_logging import quiet_opencv

    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ImageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    with quiet_opencv:
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        pixels = cv2.imdecode(data, flags) if data.size else None
    if pixels is None:
        raise ImageError(f"{path}: not an image, or damaged")
    return np.ascontiguousarray(pixels[..., ::-1])
