"""Damage in AVIF files, which Pillow's decoder hides."""

from __future__ import annotations

import io
from typing import Any

from ..errors import ImageError
from .encoders import has_av


def check_avif(data: bytes) -> None:
    """Refuse a picture that is no valid AV1 data.

    Any bits decode to some picture. The bits after each tile must be 0 (AV1 specification, section
    8.2.4). dav1d checks them in its strict mode, which PyAV offers and Pillow does not. Without
    PyAV nothing is checked.

    Raises
    ------
    ImageError
        The data is damaged.
    """
    if not has_av():
        return
    import av

    try:
        file: Any = av.open(io.BytesIO(data), metadata_errors="replace")
    except (av.FFmpegError, ValueError):  # a layout that FFmpeg does not know
        return
    with file:
        streams = list(file.streams.video)  # colour, and alpha
        for context in (each.codec_context for each in streams):
            if context is None or context.codec.name != "libdav1d":
                return
            context.options = {"strict": "1"}
        try:
            for packet in file.demux(streams):
                packet.decode()
        except av.EOFError:
            return
        except (av.FFmpegError, ValueError) as error:
            raise ImageError("the image is damaged (its AV1 data breaks off)") from error
