"""Decoders of videos: one interface, and the choice between PyAV, OpenCV and animated pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import VideoError
from .animations import AnimationDecoder, is_animation
from .encoders import has_av
from .opencv_decoder import OpenCVDecoder
from .video_files import check_file, index_or_name, is_file, is_url
from .video_folders import FolderDecoder, is_folder

Picture = NDArray[np.uint8]


class Decoder(Protocol):
    """Decodes the frames of one video, in the order of presentation."""

    fps: float  # 0 or NaN where the source states none
    frame_count: int | None  # from the header, an estimate in most formats; None when unknown
    sample_aspect_ratio: Fraction  # width of a pixel over its height, after rotation

    def advance(self) -> float | None:
        """Decode the next frame; return its time in seconds (NaN if unknown), None at the end."""

    def picture(self) -> Picture:
        """Return the frame decoded last: BGR uint8 ``(H, W, 3)``, a new array."""

    def fault(self) -> str:
        """Return, after the end, the reason why frames are missing; empty if none are."""

    def close(self) -> None:
        """Release the source."""


def open_decoder(source: str | Path | int, fps: float | None = None) -> Decoder:
    """Open a file, a folder of numbered images, a URL or a camera; `fps` is that of a folder.

    PyAV decodes files and URLs where it is installed. It gives exact times and reports damage;
    OpenCV 4.13 to 5.0 lacks interlaced video.

    Raises
    ------
    VideoError
        The source is missing or cannot be opened.
    """
    name = index_or_name(source)
    if is_folder(name):
        return FolderDecoder(Path(name), fps)
    if fps is not None:
        raise VideoError(f"{source}: `fps` applies to folders of numbered images; leave it out")
    if isinstance(name, int) or source == "":
        return OpenCVDecoder(source)
    if not is_url(name):
        check_file(Path(name))
        if is_animation(Path(name)):
            return AnimationDecoder(Path(name))
        if not is_file(name):  # a camera, /dev/video0 say
            return OpenCVDecoder(source)
    if has_av():
        from .av_decoder import AVDecoder

        return AVDecoder(name)
    return OpenCVDecoder(source)
