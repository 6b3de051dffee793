"""The two static methods of ``cv2.saliency``."""

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
    """Fine-grained saliency, equal to OpenCV's bit for bit (see `fastsal.fine_grained`).

    Floats in [0, 1] are rounded to 8 bits. OpenCV reads the memory of floats as bytes and returns
    noise.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import opencv
    >>> method = opencv.StaticSaliencyFineGrained_create()
    >>> found, saliency = method.computeSaliency(np.eye(9, dtype=np.uint8))
    >>> saliency.dtype
    dtype('float32')
    """

    def _result(self, image: Any, out: Any) -> Any:
        array = plain_image(image)

        def saliency(target: Any) -> Any:
            return fine_grained(array, color="bgr", out=target, backend=self._backend)

        return delivered(saliency, _map_shape(array), np.float32, image, out)


class StaticSaliencySpectralResidual(StaticSaliency):
    """Spectral residual saliency, equal to OpenCV's to 2e-7 (see `fastsal.spectral_residual`).

    Values are used unscaled, so floats in [0, 1] give another map than the same image in uint8.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import opencv
    >>> method = opencv.StaticSaliencySpectralResidual_create()
    >>> found, saliency = method.computeSaliency(np.eye(64, dtype=np.uint8))
    >>> saliency.shape
    (64, 64)
    """

    def __init__(self, *, backend: runtime.Choice = "auto") -> None:
        super().__init__(backend=backend)
        self._width = self._height = 64

    def getImageWidth(self) -> int:
        """Return the width of the thumbnail, in pixels."""
        return self._width

    def setImageWidth(self, val: int) -> None:
        """Set the width of the thumbnail, in pixels: 1 to 4096. It is not the image's width."""
        self._width = _length(val)

    def getImageHeight(self) -> int:
        """Return the height of the thumbnail, in pixels."""
        return self._height

    def setImageHeight(self, val: int) -> None:
        """Set the height of the thumbnail, in pixels: 1 to 4096. It is not the image's height."""
        self._height = _length(val)

    def _result(self, image: Any, out: Any) -> Any:
        array = _levels(plain_image(image))
        frames = images.as_frames(array, color="bgr", dtypes=(*_ANY, *_GRAY), largest=_LARGEST)

        def saliency(target: Any) -> Any:
            size = self._height, self._width
            return residual_map(frames, size, 1.0, out=target, backend=self._backend)

        return delivered(saliency, frames.shape, np.float32, image, out)


def _map_shape(array: Any) -> tuple[int, ...]:
    """Return the shape of the map of an image; invalid arrays are refused later."""
    shape = tuple(array.shape)
    return shape[:-1] if len(shape) > 2 else shape


def _levels(array: Any) -> Any:
    """Return numbers as the backend takes them, which has 16 bits for 8 and 32 for 64."""
    if not isinstance(array, np.ndarray) or array.dtype.name not in _GRAY:
        return array
    if array.ndim > 2 and array.shape[-1] != 1:
        raise ImageError(
            f"colour images must have dtype {validation.joined(_ANY)}; "
            f"got {array.dtype} of shape {array.shape}"
        )
    levels = array.astype(np.int16 if array.dtype == np.int8 else np.int32)
    if array.dtype == np.int16:
        return array
    if array.dtype == np.int64 and not np.array_equal(levels, array):
        raise ImageError("an int64 `image` must hold values of 32 bits; got larger ones")
    return levels


def _length(val: int) -> int:
    """Return a number of rows or columns, or raise ValueError; OpenCV would fail later."""
    return validation.integer("val", operator.index(val), 1, 4096)
