"""The background model of ``cv2.saliency``."""

from __future__ import annotations

import operator
from typing import Any, Literal

import numpy as np

from .. import runtime
from ..algorithms.bin_wang import BinWang
from ..errors import ImageError
from .arrays import delivered, plain_image
from .kinds import MotionSaliency

Opencv5 = bool | Literal["5.0", "5.1"]


class MotionSaliencyBinWangApr2014(MotionSaliency):
    """Self-tuning background subtraction, equal to OpenCV's bit for bit (see `fastsal.BinWang`).

    As in OpenCV, call `setImagesize`, then `init`, then `computeSaliency` for each frame. Masks are
    0 and 1.

    Parameters
    ----------
    opencv5 : bool or {"5.0", "5.1"}, default False
        Version of the rules: False follows OpenCV 4, "5.0" (also True) and "5.1" follow OpenCV 5
        with its errors. See `fastsal.BinWang`.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import opencv
    >>> model = opencv.MotionSaliencyBinWangApr2014_create()
    >>> model.setImagesize(64, 48)
    >>> model.init()
    True
    >>> found, mask = model.computeSaliency(np.zeros((48, 64), np.uint8))
    >>> mask.shape
    (48, 64)
    """

    def __init__(self, *, opencv5: Opencv5 = False, backend: runtime.Choice = "auto") -> None:
        super().__init__(backend=backend)
        self._opencv5: Opencv5 = opencv5
        self._width = self._height = 0
        self._stream: BinWang | None = None

    def setImagesize(self, W: int, H: int) -> None:
        """Set the width and height of the frames for the next call of `init`."""
        self._width, self._height = operator.index(W), operator.index(H)

    def getImageWidth(self) -> int:
        """Return the width for `init`, in pixels."""
        return self._width

    def setImageWidth(self, val: int) -> None:
        """Set the width for `init`, in pixels."""
        self._width = operator.index(val)

    def getImageHeight(self) -> int:
        """Return the height for `init`, in pixels."""
        return self._height

    def setImageHeight(self, val: int) -> None:
        """Set the height for `init`, in pixels."""
        self._height = operator.index(val)

    def init(self) -> bool:
        """Start a new model for frames of the size that was set, and return True.

        Raises
        ------
        ValueError
            If the size was not set or is not positive; OpenCV crashes in this case.
        """
        shape = self._height, self._width
        if min(shape) < 1:
            raise ValueError(
                f"the image size must be positive; got W={self._width} and H={self._height}; "
                "call setImagesize(W, H) before init()"
            )
        self._stream = BinWang(shape, opencv5=self._opencv5, color="bgr", backend=self._backend)
        return True

    def _result(self, image: Any, out: Any) -> Any:
        if self._stream is None:
            raise ImageError("call setImagesize(W, H) and init() before the first frame")
        frame, stream = plain_image(image), self._stream
        shape = tuple(frame.shape)[:2]
        return delivered(
            lambda target: stream.update(frame, out=target), shape, np.uint8, image, out
        )
