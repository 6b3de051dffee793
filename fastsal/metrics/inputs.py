"""Checks of maps, masks and fixations. Nothing is computed before all of them have passed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import containers, devices, images
from ..errors import ImageError

Map = NDArray[Any]  # (H, W), C-contiguous, uint8, float32 or float64
Points = NDArray[np.int64]  # (n, 2): rows and columns inside the map

_EXACT_IN_FLOAT32 = ("uint16", "int8", "int16", "float16")


def as_map(value: ArrayLike, name: str) -> Map:
    """Return a map as uint8, float32 or float64 in native byte order, or raise ImageError.

    NaN and infinities are left to `check_finite`, or to functions that find them themselves.
    """
    array = as_host(value, name)
    if array.ndim != 2 or 0 in array.shape:
        raise ImageError(
            f"`{name}` must be a map of shape (H, W) with at least one pixel; got {array.shape}"
        )
    if array.dtype.kind not in "buif" or array.dtype.itemsize > 8:
        raise ImageError(f"`{name}` must hold real numbers; got dtype {array.dtype}")
    return images.read_only(np.ascontiguousarray(array.astype(_working(array.dtype), copy=False)))


def _working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of the kernels that holds all values of `dtype`."""
    if dtype.kind == "b" or dtype == np.uint8:
        return np.dtype(np.uint8)
    fits = dtype.name in _EXACT_IN_FLOAT32 or dtype == np.float32
    return np.dtype(np.float32 if fits else np.float64)


def as_host(value: Any, name: str) -> NDArray[Any]:
    """Return an array of the host; an array on a device is refused."""
    if devices.is_device_array(value):
        raise ImageError(
            f"`{name}` must be in host memory, since metrics run on the CPU; got a device array; "
            "use .cpu(), .get() or .copy_to_host()"
        )
    return containers.as_numpy(value, name)


def check_finite(array: Map, name: str, *, infinite: bool = False) -> None:
    """Raise ImageError if a map holds NaN, or infinities unless these are allowed."""
    if array.dtype.kind != "f":
        return
    wrong = np.isnan(array) if infinite else ~np.isfinite(array)
    if wrong.any():
        row, col = np.unravel_index(int(wrong.argmax()), array.shape)
        kind = "no NaN" if infinite else "finite values only"
        raise ImageError(
            f"`{name}` must hold {kind}; got {array[row, col]} at row {row}, column {col}"
        )


def as_fixations(
    fixations: ArrayLike, shape: tuple[int, int], name: str = "fixations", *, strict: bool = False
) -> Points:
    """Return the pixels that were fixated, duplicates kept; those outside the map are dropped.

    A boolean map of the same shape gives its True pixels in raster order.
    """
    array = as_host(fixations, name)
    if array.dtype == np.bool and array.ndim == 2:
        if array.shape != shape:
            raise ImageError(
                f"`{name}` must be a boolean map of the shape {shape} of the saliency map; "
                f"got {array.shape}: pass resize=True to resize the saliency map"
            )
        return np.argwhere(array)
    if array.size == 0:
        return np.empty((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "uif":
        raise ImageError(
            f"`{name}` must be numbers of shape (n, 2), rows and columns, or a boolean map; "
            f"got {array.dtype} {array.shape}"
        )
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ImageError(f"`{name}` must not hold NaN: remove samples that were lost")
    inside = ((array >= 0) & (array < np.array(shape))).all(1)
    outside = len(array) - int(inside.sum())
    if outside:
        text = f"{outside} of {len(array)} fixations lie outside the map of shape {shape}"
        if strict:
            raise ImageError(f"`{name}` must lie inside the map; {text}")
        warnings.warn(f"{text}: they are dropped", UserWarning, stacklevel=3)
        array = array[inside]
    return array.astype(np.int64)


def shape_of_fixation_map(fixations: Any) -> tuple[int, ...] | None:
    """Return the shape of fixations that are given as a boolean map, else None."""
    array = as_host(fixations, "fixations")
    return array.shape if array.dtype == np.bool and array.ndim == 2 else None


def as_mask(mask: ArrayLike) -> NDArray[np.bool]:
    """Return a mask of an object as booleans: those of a boolean array, or uint8 above 128."""
    array = as_host(mask, "mask")
    if array.ndim != 2 or 0 in array.shape:
        raise ImageError(
            f"`mask` must be of shape (H, W) with at least one pixel; got {array.shape}"
        )
    if array.dtype == np.bool:
        return np.ascontiguousarray(array)
    if array.dtype != np.uint8:
        raise ImageError(
            f"`mask` must be boolean, or uint8 with the object above 128; got {array.dtype}: "
            "pass a comparison such as mask > 0.5"
        )
    if 0 < array.max() <= 1:
        raise ImageError(
            "`mask` must be boolean, or uint8 with the object above 128; got values up to 1: "
            "pass mask.astype(bool)"
        )
    return np.ascontiguousarray(array > 128)


def same_shape(first: Map, second: Map, names: tuple[str, str], resize: bool) -> Map:
    """Return `first` in the shape of `second`, or raise ImageError unless it may be resized."""
    if first.shape == second.shape:
        return first
    if not resize:
        raise ImageError(
            f"`{names[0]}` and `{names[1]}` must have one shape; got {first.shape} and "
            f"{second.shape}: pass resize=True to resize `{names[0]}`"
        )
    return resized(first, second.shape)


def resized(saliency: Map, shape: tuple[int, ...]) -> Map:
    """Return a map in another shape, by linear interpolation between pixels."""
    from scipy.ndimage import zoom

    factors = [new / old for new, old in zip(shape, saliency.shape, strict=True)]
    values = zoom(saliency.astype(np.float64), factors, order=1, mode="nearest")
    if values.shape != tuple(shape):
        raise ImageError(f"`saliency` of shape {saliency.shape} cannot be resized to {shape}")
    return images.read_only(np.ascontiguousarray(values))
