"""Video files as such: which names are possible, opening a source, whether a result plays."""

import os
import stat
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from ..validation import joined
from .animations import is_animation
from .atomic_write import check_regular, reason_of
from .encoders import CODECS
from .opencv_logging import quiet_opencv
from .pictures import PICTURE_SUFFIXES

VIDEO_SUFFIXES = (
    *(*CODECS, ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".ogv", ".3gp", ".ts"),
    *(".gif", ".m2ts", ".mts", ".flv", ".mxf", ".vob"),
)
_STILL_SUFFIXES = (*PICTURE_SUFFIXES, ".avif", ".hdr", ".jp2", ".pbm", ".pgm", ".pnm", ".ppm")
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_environment = threading.Lock()
NO_VIDEO = "the file has no video stream"
STALL_SECONDS = 10  # without data, after which a stream counts as lost


def is_file(source: str | Path | int) -> bool:
    """Whether the source is a regular file, as against a camera, a device or a stream."""
    return not isinstance(source, int) and Path(source).is_file()


def is_url(source: str | Path | int) -> bool:
    """Whether the source is a URL, which FFmpeg opens by its protocol."""
    return isinstance(source, str) and "://" in source


def index_or_name(source: str | Path | int) -> str | Path | int:
    """Return a camera's index if the digits name no file, else `source`."""
    is_index = isinstance(source, str) and source.isdecimal() and not Path(source).exists()
    return int(source) if is_index else source  # type: ignore[arg-type]  # a str, then


def open_capture(*arguments: Any, options: str | None = None) -> Any:
    """Open a capture of OpenCV's with options for FFmpeg, which it takes from the environment."""
    with _environment:
        kept = os.environ.get(_OPTIONS)
        if options is not None:
            os.environ[_OPTIONS] = options
        try:
            return cv2.VideoCapture(*arguments)
        finally:
            if options is not None and kept is None:
                del os.environ[_OPTIONS]
            elif options is not None:
                os.environ[_OPTIONS] = kept or ""


def rotated(frame: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """Return a frame turned clockwise; angles other than 90, 180 and 270 are ignored."""
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    if degrees not in codes:
        return frame
    turned: NDArray[np.uint8] = cv2.rotate(frame, codes[degrees])
    return turned


def upright_ratio(ratio: Fraction | None, degrees: int) -> Fraction:
    """Return a sample aspect ratio after rotation; 1 where the file states none."""
    if not ratio:
        return Fraction(1)
    return 1 / ratio if degrees in (90, 270) else ratio


def open_source(source: str | Path | int) -> Any:
    """OpenCV's capture of a file, a camera or a stream.

    Raises
    ------
    VideoError
        It is missing or cannot be opened.
    """
    if source == "":
        raise VideoError("the name of the source must not be empty")
    source = index_or_name(source)
    if isinstance(source, int):
        if not 0 <= source < 1 << 16:  # OpenCV crashes on negative ones, and has its own above
            raise VideoError(f"a camera index must be from 0 to 65535; got {source}")
        return _checked(open_capture(source), f"camera {source} cannot be opened")
    if is_url(source):
        check_name(Path(source))
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
        options = [number for limit in limits for number in (limit, 1000 * STALL_SECONDS)]
        capture = open_capture(source, cv2.CAP_FFMPEG, options)
        return _checked(capture, f"{source}: the stream cannot be opened")
    check_file(Path(source))
    # Absolute, because FFmpeg takes a name such as "a:b.mp4" for a protocol.
    capture = open_capture(os.path.abspath(source))
    return _checked(capture, f"{source}: not a video that OpenCV can decode, or damaged")


def check_name(path: Path) -> None:
    """Refuse a name that is not valid UTF-8: OpenCV's bindings crash the process on one.

    Raises
    ------
    VideoError
    """
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        name = os.fsencode(path).decode(errors="replace")
        raise VideoError(
            f"{name}: the file name must be valid UTF-8 for OpenCV; rename the file"
        ) from error


def check_file(path: Path) -> None:
    """Refuse a path that names no video, before a decoder sees it.

    Raises
    ------
    VideoError
    """
    check_name(path)
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            raise VideoError(f"{path}: is a folder, not a video")
        if stat.S_ISCHR(state.st_mode) and path.name.startswith("video"):
            return  # a camera, /dev/video0 say
        # Opening a pipe waits until something writes to it, which may be never.
        if not stat.S_ISREG(state.st_mode):
            raise VideoError(f"{path}: must be a file, a camera or a URL; got a pipe or a device")
        if state.st_size == 0:
            raise VideoError(f"{path}: the file is empty")
        # FFmpeg takes a still picture for a video of one frame.
        if path.suffix.lower() in _STILL_SUFFIXES and not is_animation(path):
            raise VideoError(f"{path}: is a still image; use `fastsal image`, or name its folder")
        path.open("rb").close()
    except VideoError:
        raise
    except OSError as error:
        raise VideoError(f"{path}: {reason_of(error)}") from error


def _checked(capture: Any, complaint: str) -> Any:
    if not capture.isOpened():
        capture.release()
        raise VideoError(complaint)
    return capture


def check_suffix(target: Path) -> None:
    """Refuse a name that no video is written under, wherever it lies.

    Raises
    ------
    VideoError
    """
    if target.suffix.lower() not in CODECS:
        raise VideoError(f"{target}: the file name must end in {joined(CODECS)}")


def check_target(target: str | Path) -> Path:
    """Return the target as a path, after seeing that a video could have this name here.

    Parameters
    ----------
    target : str or Path

    Returns
    -------
    Path

    Raises
    ------
    VideoError
        Unknown suffix, missing folder, a name that is not text, or an existing target that is no
        regular file.
    """
    if target == "":
        raise VideoError("the name of the target must not be empty")
    target = Path(target)
    check_name(target)
    check_suffix(target)
    try:
        check_regular(target)
    except OSError as error:
        raise VideoError(f"{target}: {reason_of(error)}") from error
    if not target.parent.is_dir():
        raise VideoError(f"{target}: no such folder: {target.parent}; create it first")
    return target


def check_not_source(source: str | Path | int | None, target: Path) -> None:
    """Refuse a target that would replace the source.

    Raises
    ------
    VideoError
    """
    if source is None or isinstance(source, int):
        return
    if target.exists() and Path(source).exists() and target.samefile(source):
        raise VideoError(f"{target}: source and target are the same file")


def playing_frames(path: Path) -> int:
    """How many frames a player finds: by header and last frame, or counted where those differ."""
    with quiet_opencv:
        capture = open_capture(os.path.abspath(path))
        try:
            promised = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
            return promised if _ends_at(capture, promised) else _counted_frames(capture)
        finally:
            capture.release()


def _ends_at(capture: Any, count: int) -> bool:
    found: bool = count > 0 and capture.set(cv2.CAP_PROP_POS_FRAMES, count - 1) and capture.grab()
    return found and not capture.grab()


def _counted_frames(capture: Any) -> int:
    capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    count = 0
    while capture.grab():
        count += 1
    return count
