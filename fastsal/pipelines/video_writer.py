"""Frames into a video file that is complete under its name, or not there."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import FastsalError, VideoError
from .quiet import quiet_opencv
from .video_files import CODECS, check_target, playing_frames


class VideoWriter:
    """Writes BGR frames to a hidden partial file, which takes the target's name once it is whole.

    An exception inside the ``with`` block closes the partial file, keeps it if it plays, and says
    which in the exception (message of a `FastsalError`, note on any other).

    Parameters
    ----------
    target : str or Path
        Ends in .mp4, .m4v, .mov (MPEG-4) or .avi (Motion JPEG).
    fps : float
    size : (int, int)
        Width and height of the frames.

    Attributes
    ----------
    frames : int
        How many were written.
    encoded_size : (int, int)
        Width and height in the file. Both codecs want even numbers and OpenCV would cut an odd
        side; here its last row or column is repeated instead.

    Raises
    ------
    VideoError
        The target cannot be written, the disk fills up, or the result does not play.
    """

    def __init__(self, target: str | Path, fps: float, size: tuple[int, int]) -> None:
        self.target = check_target(target)
        self.size = size
        self._fps = fps
        self.encoded_size = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        self.frames = 0
        name = f".{self.target.stem[:40]}.{secrets.token_hex(4)}.partial{self.target.suffix}"
        # A link keeps pointing: it is the file behind it that is replaced, in its own folder.
        self._final = Path(os.path.realpath(self.target))
        self.partial = self._final.parent / name
        self._writer: Any = None
        self._silence = contextlib.ExitStack()
        try:
            self._silence.enter_context(quiet_opencv)
            self._reserve_partial()
            self._check_space()
            self._writer = self._opened(fps)
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            add_remark(error, self.abandon())

    def write(self, frame: NDArray[np.uint8], at: float | None = None) -> None:
        """Append one frame.

        Parameters
        ----------
        frame : ndarray
            uint8 ``(H, W, 3)`` BGR of the size announced.
        at : float, optional
            Seconds at which it stands, of a source without a steady rate. The file has one, so
            the frame is left out or repeated to play when it should.
        """
        width, height = self.size
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise VideoError(
                f"{self.target}: expected uint8 frames of shape {(height, width, 3)}, "
                f"found {frame.dtype} {frame.shape}"
            )
        self._check_space()
        right, below = self.encoded_size[0] - width, self.encoded_size[1] - height
        if right or below:
            frame = cv2.copyMakeBorder(frame, 0, below, 0, right, cv2.BORDER_REPLICATE)
        due = self.frames + 1 if at is None else round(at * self._fps) + 1
        while self.frames < due:
            self._writer.write(frame)
            self.frames += 1

    def close(self) -> None:
        """Finish the file, see that it plays, and give it its name."""
        if self._writer is None:
            return
        try:
            self._release()
            self._check_result()
            os.replace(self.partial, self._final)
        except BaseException as error:
            known = _named(self.target, error) if isinstance(error, OSError) else error
            add_remark(known, self.abandon())
            raise known from None

    def abandon(self) -> str:
        """Close the partial file, delete it unless it plays, and say what became of it."""
        self._release()
        playing = playing_frames(self.partial) if self.frames else 0
        if playing:
            return f"the first {playing} frames are kept in {self.partial}"
        self._discard()
        return "nothing was kept" if self.frames == 0 else "the part written does not play; deleted"

    def _reserve_partial(self) -> None:
        try:
            # OpenCV would only say that it failed; the operating system says why.
            self.partial.open("xb").close()
        except OSError as error:
            raise _named(self.target, error) from error

    def _opened(self, fps: float) -> Any:
        code = cv2.VideoWriter.fourcc(*CODECS[self.target.suffix.lower()])
        try:
            writer = cv2.VideoWriter(str(self.partial), code, _encodable(fps), self.encoded_size)
            opened = writer.isOpened()
        except cv2.error:
            opened = False
        if not opened:
            width, height = self.size
            raise VideoError(
                f"{self.target}: OpenCV cannot write {width}x{height} at {fps:g} frames per second "
                f"as {self.target.suffix}; another of {', '.join(CODECS)} or size may do"
            )
        return writer

    def _check_space(self) -> None:
        # OpenCV ignores write errors. Stopping while the index still fits leaves a file that
        # plays: some bytes per frame for the index, one incompressible frame, FFmpeg's buffers.
        width, height = self.encoded_size
        needed = 100 * self.frames + 3 * width * height + 100_000
        if shutil.disk_usage(self.partial.parent).free < needed:
            raise VideoError(f"{self.target}: no space left on device after {self.frames} frames")

    def _check_result(self) -> None:
        if self.frames == 0:
            raise VideoError(f"{self.target}: no frame was written")
        playing = playing_frames(self.partial)
        if playing != self.frames:
            raise VideoError(
                f"{self.target}: {self.frames} frames were written and {playing} play back; "
                "is the disk full?"
            )

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None
        self._silence.close()

    def _discard(self) -> None:
        self._release()
        with contextlib.suppress(OSError):
            self.partial.unlink(missing_ok=True)


def add_remark(error: BaseException, remark: str) -> None:
    """Say one thing more in an exception: in the message of ours, as a note on any other."""
    if isinstance(error, FastsalError):
        error.args = (f"{error}; {remark}",)
    else:
        error.add_note(remark)


def _named(target: Path, error: OSError) -> VideoError:
    if isinstance(error, VideoError):
        return error
    return VideoError(f"{target}: {(error.strerror or str(error)).lower()}")


def _encodable(fps: float) -> float:
    # MPEG-4 counts in fractions of a second with denominators of 16 bits.
    digits = 3
    while digits and fps * 10**digits > 65535:
        digits -= 1
    return round(fps, digits)
