"""What one browser is to the server: pictures in, maps in colours out, by a method of its own."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .... import runtime
from ....errors import ImageError
from ....methods import METHODS
from ...overlay import in_colors
from ..engine import Choice, Engine
from ..looks import COLORMAPS

MOST_PIXELS = 1920 * 1080
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 85]


class Session:
    """One client's method and looks.

    Parameters
    ----------
    choice : Choice
        What to start with.
    smoothing : float
        As `Engine`.
    """

    def __init__(self, choice: Choice, *, smoothing: float = 0.0) -> None:
        self._engine = Engine(choice, smoothing=smoothing)
        self._colormap = COLORMAPS[0]

    def greeting(self) -> str:
        """Return what there is to choose from, and what is chosen, as JSON."""
        return json.dumps({
            "methods": {key: method.title for key, method in METHODS.items()},
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
        """Take over what a message in JSON asks for: a method, a backend, a colour map.

        Raises
        ------
        ImageError
            If it cannot be understood.
        """
        try:
            wishes = json.loads(text)
            method, backend = wishes.get("method"), wishes.get("backend")
            colormap = wishes.get("colormap", self._colormap)
        except (ValueError, AttributeError):
            raise ImageError("expected an object in JSON") from None
        if colormap not in COLORMAPS:
            raise ImageError(f"expected a colour map among {', '.join(COLORMAPS)}")
        self._colormap = colormap
        choice = self._engine.choice
        if method is not None or backend is not None:
            self._engine.change(Choice(method or choice.method, backend or choice.backend))

    def close(self) -> None:
        """Wait for what is under way."""
        self._engine.close()

    def _state(self) -> dict[str, Any]:
        choice = self._engine.choice
        return {
            "method": choice.method, "backend": runtime.resolve(choice.backend),
            "colormap": self._colormap, "notice": self._engine.notice,
        }  # fmt: skip


def _decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """Return a picture, BGR, whose header was looked at before any memory was taken for it."""
    from PIL import Image  # comes with scikit-image

    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as header:
            width, height = header.size
    except Image.DecompressionBombError as error:
        raise ImageError(f"expected at most {MOST_PIXELS} pixels, got far more") from error
    except (OSError, SyntaxError) as error:
        raise ImageError("expected a JPEG") from error
    if width * height > MOST_PIXELS:
        raise ImageError(f"expected at most {MOST_PIXELS} pixels, got {width}x{height}")
    frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if frame is None:
        raise ImageError("the JPEG is damaged")
    picture: NDArray[np.uint8] = frame
    return picture
