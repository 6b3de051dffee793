"""One browser's session with its own method: pictures in, coloured maps out."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable
from typing import Any, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from ... import runtime
from ...errors import ImageError
from ...registry import BUILT_IN
from ...render.overlay import in_colors
from ...validation import joined
from ..engine import Choice, Engine
from ..view_settings import COLORMAPS

MOST_PIXELS = 1920 * 1080
MOST_SCANS = 64  # progressive files have about 10; each costs time in proportion to the pixels
_SCAN = b"\xff\xda"
BACKENDS = get_args(runtime.Choice)
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 85]


class Session:
    """One client's method and looks.

    Parameters
    ----------
    choice : Choice
        Method and backend at the start.
    smoothing : float
        As `Engine`.
    """

    def __init__(self, choice: Choice, *, smoothing: float = 0.0) -> None:
        self._engine = Engine(choice, smoothing=smoothing)
        self._colormap = COLORMAPS[0]

    def greeting(self) -> str:
        """Return the available and the current choices as JSON."""
        return json.dumps({
            "methods": {key: method.title for key, method in BUILT_IN.items()},
            "backends": [name for name, each in runtime.backends().items() if each.available],
            "colormaps": COLORMAPS,
            **self._state(),
        })  # fmt: skip

    def reply(self, jpeg: bytes) -> tuple[str, bytes]:
        """Return the figures, as JSON, and the map of a picture in colours, as a JPEG.

        Raises
        ------
        ImageError
            If the picture cannot be read or is too large.
        """
        frame = _decoded(jpeg)
        began = time.perf_counter()
        saliency = self._engine.update(frame)
        compute_ms = 1e3 * (time.perf_counter() - began)
        painted = in_colors(saliency, self._colormap, color="bgr")
        _, encoded = cv2.imencode(".jpg", painted, _QUALITY)
        figures = {**self._state(), "compute_ms": round(compute_ms, 2)}
        return json.dumps(figures), encoded.tobytes()

    def obey(self, text: str) -> None:
        """Take the method, backend, colour map or smoothing that a message in JSON names.

        Raises
        ------
        ImageError
            If it cannot be understood.
        """
        try:
            asked = json.loads(text)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            raise ImageError("the settings must be a JSON object")
        choice = self._engine.choice
        colormap = _one_of(asked.get("colormap", self._colormap), COLORMAPS, "`colormap`")
        method = _one_of(asked.get("method", choice.method), BUILT_IN, "`method`")
        backend = _one_of(asked.get("backend", choice.backend), BACKENDS, "`backend`")
        smoothing = _fraction_of(asked.get("smoothing", self._engine.smoothing), "`smoothing`")
        self._colormap, self._engine.smoothing = colormap, smoothing
        self._engine.change(Choice(method, backend))  # type: ignore[arg-type]

    def close(self) -> None:
        """Wait for a change in progress."""
        self._engine.close()

    def _state(self) -> dict[str, Any]:
        choice = self._engine.choice
        return {
            "method": choice.method, "backend": runtime.resolve(choice.backend),
            "colormap": self._colormap, "smoothing": self._engine.smoothing,
            "notice": self._engine.notice,
        }  # fmt: skip


def _one_of(value: Any, names: Iterable[str], name: str) -> str:
    if not isinstance(value, str) or value not in names:
        raise ImageError(f"{name} must be {joined(names)}")
    return value


def _fraction_of(value: Any, name: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < 1:
        raise ImageError(f"{name} must be a number in [0, 1)")
    return float(value)


def _decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """Return a picture, BGR; check its header before the decoder takes memory and time."""
    # From Pillow, which comes with scikit-image: OpenCV prints on stderr of damaged pictures.
    # `Image.open` would warn of sizes that are refused here anyway.
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        picture = JpegImageFile(io.BytesIO(jpeg))
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError("the image must be a JPEG") from error
    with picture:
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise ImageError(
                f"the JPEG must have at most {MOST_PIXELS} pixels; got {width}x{height}"
            )
        if jpeg.count(_SCAN) > MOST_SCANS:
            raise ImageError(f"the JPEG must have at most {MOST_SCANS} scans")
        try:
            rgb = np.asarray(picture.convert("RGB"))
        except (OSError, SyntaxError, ValueError) as error:
            raise ImageError("the JPEG is damaged") from error
    bgr: NDArray[np.uint8] = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return bgr
