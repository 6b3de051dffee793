"""Array arguments and results by OpenCV's conventions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import containers, devices
from ..errors import ImageError


def version() -> tuple[int, int]:
    """Return OpenCV's version, major and minor."""
    import cv2

    major, minor = cv2.__version__.split(".")[:2]
    return int(major), int(minor)


def is_umat(array: Any) -> bool:
    """Return whether this is one of OpenCV's arrays for OpenCL; if so, OpenCV is imported."""
    kind = getattr(sys.modules.get("cv2"), "UMat", None)
    return kind is not None and isinstance(array, kind)


def is_empty(array: Any) -> bool:
    """Return whether OpenCV finds no image in this: None, or an array with a length of zero."""
    shape = getattr(array.get() if is_umat(array) else array, "shape", (1,))
    return array is None or 0 in tuple(shape)


def plain(array: Any, name: str) -> Any:
    """Return an array as methods take it: a UMat brought to the host, rank 1 turned into 2.

    OpenCV 4 takes an array of rank 1 for a column, OpenCV 5 for a row.
    """
    array = array.get() if is_umat(array) else array
    if devices.is_device_array(array):
        return array
    if not isinstance(array, np.ndarray):
        raise ImageError(f"`{name}` must be an array; got {type(array).__name__}")
    found = containers.as_numpy(array, name)  # a masked one only if nothing is masked
    return found.reshape(_as_matrix(found.shape))


def plain_image(image: Any) -> Any:
    """Return an image as the methods take it, its channels last."""
    array = plain(image, "image")
    shape = devices.shape_of(array)
    if len(shape) > 2 and shape[-1] not in (1, 3, 4):
        hint = "; use np.moveaxis(image, 0, -1)" if shape[0] in (1, 3, 4) else ""
        raise ImageError(
            f"`image` must have 1, 3 or 4 channels; got {shape[-1]} in shape {shape}{hint}"
        )
    return array


def delivered(
    compute: Callable[[Any], Any], shape: tuple[int, ...], dtype: DTypeLike, image: Any, out: Any
) -> Any:
    """Return ``compute(out)`` in `out` if that is of this shape and dtype, else in a new array.

    As OpenCV does, which takes no notice of an array that does not fit. A UMat as input or `out`
    gives a UMat.
    """
    if is_umat(image) or is_umat(out):
        import cv2

        return cv2.UMat(compute(None))
    if not _fits(out, shape, dtype):
        return compute(None)
    if devices.is_device_array(out):
        return compute(out)
    if not out.flags.writeable:
        raise ImageError("the output array must be writeable; got a read-only array")
    if out.flags.c_contiguous and not np.may_share_memory(out, image):
        compute(out.reshape(shape))
    else:
        out[...] = compute(None).reshape(out.shape)
    return out


def _fits(out: Any, shape: tuple[int, ...], dtype: DTypeLike) -> bool:
    if out is None:
        return False
    if not (isinstance(out, np.ndarray) or devices.is_device_array(out)):
        raise ImageError(f"the output must be an array or None; got {type(out).__name__}")
    found = tuple(out.shape)
    if isinstance(out, np.ndarray):
        found = shape if found == (*shape, 1) else _as_matrix(found)  # one channel is none
    return found == shape and devices.dtype_of(out) == np.dtype(dtype)


def _as_matrix(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape as which OpenCV takes an array: of rank 1, a column or a row."""
    if len(shape) != 1:
        return shape
    return (*shape, 1) if version() < (5, 0) else (1, *shape)
