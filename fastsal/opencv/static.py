"""``cv2.saliency``'s two methods for single images."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import images, runtime, validation
from ..algorithms.fine_grained import fine_grained
from ..algorithms.spectral_residual import residual_map
from ..errors import ImageError
from .arrays import delivered, plain_image
from .kinds import StaticSaliency

_GRAY = ("int8", "int16", "int32", "int64")
_LARGEST = 1e12  # of floats: the powers of a spectrum must fit float32
_ANY = ("uint8", "uint16", "float32", "float64")


class StaticSaliencyFineGrained(StaticSaliency):
    """Fine-grained saliency, bit for bit OpenCV's: see `fastsal.fine_grained`.

    Floats in [0, 1] stand for bytes; OpenCV reads the memory of floats as if it held bytes, and
    what it returns is noise.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.
    """

    def _result(self, image: Any, out: Any) -> Any:
        array = plain_image(image)

        def saliency(target: Any) -> Any:
            return fine_grained(array, color="bgr", out=target, backend=self._backend)

        return delivered(saliency, _map_shape(array), np.float32, image, out)


class StaticSaliencySpectralResidual(StaticSaliency):
    """The spectral residual, to 2e-7 OpenCV's: see `fastsal.spectral_residual`.

    Numbers count as they are: floats in [0, 1] give another map than the bytes they stand for.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.
    """

    def __init__(self, *, backend: runtime.Choice = "auto") -> None:
        super().__init__(backend=backend)
        self._width = self._height = 64

    def getImageWidth(self) -> int:
        """Return how many columns images are reduced to."""
        return self._width

    def setImageWidth(self, val: int) -> None:
        """Set how many columns images are reduced to: not the width of the images."""
        self._width = _length(val)

    def getImageHeight(self) -> int:
        """Return how many rows images are reduced to."""
        return self._height

    def setImageHeight(self, val: int) -> None:
        """Set how many rows images are reduced to: not the height of the images."""
        self._height = _length(val)

    def _result(self, image: Any, out: Any) -> Any:
        array = _levels(plain_image(image))
        frames = images.as_frames(array, color="bgr", dtypes=(*_ANY, *_GRAY), largest=_LARGEST)

        def saliency(target: Any) -> Any:
            size = self._height, self._width
            return residual_map(frames, size, 1.0, out=target, backend=self._backend)

        return delivered(saliency, frames.shape, np.float32, image, out)


def _map_shape(array: Any) -> tuple[int, ...]:
    """Return the shape of the map of an image; what is no image is refused further down."""
    shape = tuple(array.shape)
    return shape[:-1] if len(shape) > 2 else shape


def _levels(array: Any) -> Any:
    """Return numbers as the bench takes them, which has 16 bits for 8 and 32 for 64."""
    if not isinstance(array, np.ndarray) or array.dtype.name not in _GRAY:
        return array
    if array.ndim > 2 and array.shape[-1] != 1:
        raise ImageError(
            f"expected colours of dtype {' or '.join(_ANY)}, got {array.dtype} {array.shape}"
        )
    levels = array.astype(np.int16 if array.dtype == np.int8 else np.int32)
    if array.dtype == np.int16:
        return array
    if array.dtype == np.int64 and not np.array_equal(levels, array):
        raise ImageError("expected int64 image with numbers of 32 bits")
    return levels


def _length(val: int) -> int:
    """Return a number of rows or columns, or raise ValueError; OpenCV would fail later."""
    number = operator.index(val)
    if not 1 <= number <= 4096:
        got = validation.shown(number)
        raise ValueError(f"expected rows and columns from 1 to 4096, got {got}")
    return number
