"""``cv2.saliency``'s background model."""

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
    """Self-tuning background subtraction, bit for bit OpenCV's: see `fastsal.BinWang`.

    As in OpenCV: `setImagesize`, then `init`, then a frame after the other. Masks are 0 and 1.

    Parameters
    ----------
    opencv5 : bool or {"5.0", "5.1"}, default False
        Which OpenCV's rules to follow: those of 4, which are the intended ones, or by mistakes
        of their own those of 5.0 (True) or 5.1. See `fastsal.BinWang`.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.
    """

    def __init__(self, *, opencv5: Opencv5 = False, backend: runtime.Choice = "auto") -> None:
        super().__init__(backend=backend)
        self._opencv5: Opencv5 = opencv5
        self._width = self._height = 0
        self._stream: BinWang | None = None

    def setImagesize(self, W: int, H: int) -> None:
        """Set width and height of the frames; `init` makes it so."""
        self._width, self._height = operator.index(W), operator.index(H)

    def getImageWidth(self) -> int:
        """Return the width that `init` takes."""
        return self._width

    def setImageWidth(self, val: int) -> None:
        """Set the width that `init` takes."""
        self._width = operator.index(val)

    def getImageHeight(self) -> int:
        """Return the height that `init` takes."""
        return self._height

    def setImageHeight(self, val: int) -> None:
        """Set the height that `init` takes."""
        self._height = operator.index(val)

    def init(self) -> bool:
        """Start anew with frames of the size that was set, and return True.

        Raises
        ------
        ValueError
            If no size was set, or one that is not positive; OpenCV would crash.
        """
        shape = self._height, self._width
        if min(shape) < 1:
            raise ValueError(
                f"expected setImagesize(W, H) with positive sizes before init(), got W="
                f"{self._width} and H={self._height}"
            )
        self._stream = BinWang(shape, opencv5=self._opencv5, color="bgr", backend=self._backend)
        return True

    def _result(self, image: Any, out: Any) -> Any:
        if self._stream is None:
            raise ImageError("expected setImagesize(W, H) and init() before the first frame")
        frame, stream = plain_image(image), self._stream
        shape = tuple(frame.shape)[:2]
        return delivered(
            lambda target: stream.update(frame, out=target), shape, np.uint8, image, out
        )
