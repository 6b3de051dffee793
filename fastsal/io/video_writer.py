"""Frames into a video file that is complete under its name, or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ..concurrency.interrupts import Terminated
from ..errors import FastsalError, VideoError
from .atomic_write import forget_partial, reason_of, start_partial
from .counts import count_of
from .encoders import CODECS, Encoder, Opener, keeps_shape, open_encoder
from .opencv_logging import quiet_opencv
from .video_files import check_target, playing_frames

if TYPE_CHECKING:
    from .audio import Sound

_SQUARE = Fraction(1)
_LONGEST_WRITE = 5.0  # seconds


class VideoWriter:
    """Writes BGR frames to a hidden partial file, which takes the target's name once it is whole.

    An exception inside the ``with`` block closes the partial file and keeps it if it plays. The
    exception names that file: in the message of a `FastsalError`, in a note of any other.

    Parameters
    ----------
    target : str or Path
        Ends in .mp4, .m4v, .mov (H.264 where PyAV is installed, else MPEG-4 Part 2) or .avi
        (Motion JPEG).
    fps : float
    size : (int, int)
        Width and height of the frames.
    sound : Sound, optional
        To go with them, where PyAV is installed.
    sample_aspect_ratio : Fraction
        Width of a pixel over its height. OpenCV's files have square pixels, so frames are resized
        to the shape that a player shows.
    opener : callable
        Opens the encoder of the partial file, as `open_encoder` does.
    keeps_part : bool, default True
        Keep the frames written before an error, if they play.

    Attributes
    ----------
    frames : int
        How many were written.
    keeps_times : bool
        Whether every frame keeps its time, or the file has a steady rate.
    encoded_size : (int, int)
        Width and height in the file. Both codecs want even numbers and OpenCV would cut an odd
        side; here its last row or column is repeated instead.

    Raises
    ------
    VideoError
        The target cannot be written, the disk fills up, or the result does not play.
    """

    def __init__(
        self,
        target: str | Path,
        fps: float,
        size: tuple[int, int],
        sound: Sound | None = None,
        sample_aspect_ratio: Fraction = _SQUARE,
        opener: Opener = open_encoder,
        *,
        keeps_part: bool = True,
    ) -> None:
        self.target = check_target(target)
        self._opener = opener
        self._keeps_part = keeps_part
        self.size = size
        self._shape = sample_aspect_ratio
        self._set_drawn_size(size)
        self.frames = 0
        name = f".{self.target.stem[:40]}.{secrets.token_hex(4)}.partial{self.target.suffix}"
        # A link keeps pointing: it is the file behind it that is replaced, in its own folder.
        self._final = Path(os.path.realpath(self.target))
        self.partial = self._final.parent / name
        self._encoder: Any = None
        self._limits = ""  # of the closed encoder
        self._busy = threading.Lock()  # while the encoder works, of whichever thread
        self._silence = contextlib.ExitStack()
        try:
            self._silence.enter_context(quiet_opencv)
            self._reserve_partial()
            self._check_space()
            if sample_aspect_ratio != _SQUARE and not keeps_shape(self.target):
                self._set_drawn_size(_with_square_pixels(size, sample_aspect_ratio))
            self._encoder = self._opened(fps, sound)
            self.keeps_times: bool = self._encoder.keeps_times
        except BaseException:
            self._discard()
            raise

    @property
    def limits(self) -> str:
        """The file's losses until now, in words; empty if none."""
        return self._limits if self._encoder is None else self._encoder.limits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            self.close()
        elif isinstance(error, Terminated) or not self._keeps_part:
            self._discard()
        else:
            add_remark(error, self.abandon())

    def write(self, frame: NDArray[np.uint8], at: float | None = None) -> None:
        """Append one frame.

        Parameters
        ----------
        frame : ndarray
            uint8 ``(H, W, 3)`` BGR of the size announced.
        at : float, optional
            Seconds at which it stands, of a source without a steady rate; else one step after the
            last. Where the file has a steady rate, the frame is left out or repeated to play when
            it should.
        """
        width, height = self.size
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise VideoError(
                f"{self.target}: frames must be uint8 of shape {(height, width, 3)}; "
                f"got {frame.dtype} of shape {frame.shape}"
            )
        if self._drawn_size != self.size:
            frame = cv2.resize(frame, self._drawn_size, interpolation=cv2.INTER_LINEAR)
        width, height = self._drawn_size
        right, below = self.encoded_size[0] - width, self.encoded_size[1] - height
        if right or below:
            frame = cv2.copyMakeBorder(frame, 0, below, 0, right, cv2.BORDER_REPLICATE)
        with self._busy:
            if self._encoder is None:
                raise VideoError(f"{self.target}: the file is closed")
            self._check_space()
            try:
                self.frames += self._encoder.write(frame, at)
            except OSError as error:
                raise _named(self.target, error) from error

    def close(self) -> None:
        """Finish the file, see that it plays, and give it its name."""
        if self._encoder is None:
            return
        try:
            self._release()
            self._check_result()
            os.replace(self.partial, self._final)
            forget_partial(self.partial)
        except BaseException as error:
            known = _named(self.target, error) if isinstance(error, OSError) else error
            if self._keeps_part:
                add_remark(known, self.abandon())
            else:
                self._discard()
            raise known from None

    def abandon(self) -> str:
        """Close the partial file, delete it unless it plays, and return a message about it."""
        with contextlib.suppress(OSError):  # a full disk, for example, has been reported already
            self._release()
        playing = playing_frames(self.partial) if self.frames else 0
        if playing:
            forget_partial(self.partial)
            kept = "frame is" if playing == 1 else f"{playing} frames are"
            return f"the first {kept} kept in {self.partial}"
        self._discard()
        return "nothing was kept" if self.frames == 0 else "the part written does not play; deleted"

    def _set_drawn_size(self, size: tuple[int, int]) -> None:
        width, height = self._drawn_size = size
        self.encoded_size = (width + width % 2, height + height % 2)

    def _reserve_partial(self) -> None:
        try:
            start_partial(self.partial)
            # OpenCV would only say that it failed; the operating system says why.
            self.partial.open("xb").close()
        except OSError as error:
            raise _named(self.target, error) from error

    def _opened(self, fps: float, sound: Sound | None) -> Encoder:
        try:
            encoder = self._opener(self.partial, fps, self.encoded_size, sound, self._shape)
        except (OSError, ValueError, OverflowError):  # PyAV's errors are some of these
            encoder = None
        if encoder is None:
            width, height = self.size
            raise VideoError(
                f"{self.target}: cannot write {width}x{height} at {fps:g} frames per second as "
                f"{self.target.suffix}; try another size or one of {', '.join(CODECS)}"
            )
        return encoder

    def _check_space(self) -> None:
        # OpenCV ignores write errors. Stopping while the index still fits leaves a file that plays.
        # The index, one incompressible frame, FFmpeg's buffers and delayed frames of the encoder
        # need space.
        width, height = self.encoded_size
        needed = 100 * self.frames + 3 * width * height + 100_000
        if self.frames and self._encoder.delay:
            mean = self.partial.stat().st_size / max(1, self.frames - self._encoder.delay)
            needed += int(2 * self._encoder.delay * mean)
        if shutil.disk_usage(self.partial.parent).free < needed:
            written = count_of(self.frames, "frame")
            raise VideoError(f"{self.target}: no space left on device after {written}")

    def _check_result(self) -> None:
        if self.frames == 0:
            raise VideoError(f"{self.target}: no frame was written")
        playing = playing_frames(self.partial)
        if playing != self.frames:
            written = "1 frame was" if self.frames == 1 else f"{self.frames} frames were"
            raise VideoError(
                f"{self.target}: {written} written and {playing} play back; is the disk full?"
            )

    def _release(self) -> None:
        # Closing it during a write of another thread would crash. This can happen after a second
        # Ctrl-C, which no longer waits for that thread.
        is_free = self._busy.acquire(timeout=_LONGEST_WRITE)
        encoder, self._encoder = self._encoder, None
        try:
            if encoder is not None and is_free:
                encoder.close()
                self._limits = encoder.limits
        finally:
            if is_free:
                self._busy.release()
            self._silence.close()

    def _discard(self) -> None:
        self._release()
        with contextlib.suppress(OSError):
            self.partial.unlink(missing_ok=True)
            forget_partial(self.partial)


def _with_square_pixels(size: tuple[int, int], ratio: Fraction) -> tuple[int, int]:
    """Return the size at which square pixels show the same shape, never smaller."""
    width, height = size
    return (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))


def add_remark(error: BaseException, remark: str) -> None:
    """Say one thing more in an exception: in the message of ours, as a note on any other."""
    if isinstance(error, FastsalError):
        error.args = (f"{error}; {remark}",)
    else:
        error.add_note(remark)


def _named(target: Path, error: OSError) -> VideoError:
    if isinstance(error, VideoError):
        return error
    return VideoError(f"{target}: {reason_of(error)}")
