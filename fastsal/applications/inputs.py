"""Checks of pictures and of the saliency that weighs or crops them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import images
from ..errors import ImageError
from ..metrics.inputs import Map, as_host, as_map, check_finite
from ..registry import method_of

_SAMPLES = 2  # per pixel of a reduced image and axis

Saliency = ArrayLike | str | Callable[[Any], Any]  # a map, a key of METHODS, or image -> map


def as_picture(value: Any, name: str) -> NDArray[Any]:
    """Return an image as (H, W, channels) with its dtype, alpha left out, or raise ImageError."""
    array = as_host(value, name)
    frames = images.as_frames(array, name=name, largest=math.inf, stacks=False)
    height, width = frames.shape
    pixels: NDArray[Any] = frames.pixels.reshape(height, width, frames.channels)[..., :3]
    if pixels.dtype.kind == "f" and (pixels.min() < 0 or pixels.max() > 1):
        raise ImageError(
            f"floats of `{name}` must be in [0, 1]; "
            f"got values from {pixels.min()} to {pixels.max()}"
        )
    return pixels


def shaped(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W, channels) as (H, W) if it is grey."""
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def reduced(pixels: NDArray[Any], longest: int) -> NDArray[Any]:
    """Return an image, (H, W, channels), with a longer side of at most `longest`.

    Each pixel is the mean of about 2 x 2 samples. Float64 becomes float32.
    """
    from ..kernels.resample import resample, taps_between

    height, width = pixels.shape[:2]
    size = max(height, width)
    if size > longest:
        step = max(1, size // (_SAMPLES * longest))
        few = np.ascontiguousarray(pixels[::step, ::step])
        few = few.astype(np.float32, copy=False) if few.dtype.kind == "f" else few
        taps = [
            taps_between(np.linspace(0, length, max(1, round(side * longest / size)) + 1), length)
            for length, side in zip(few.shape, (height, width), strict=False)
        ]
        return resample(few, *taps)
    return pixels


def as_pair(reference: Any, image: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return two images of the same shape and dtype, or raise ImageError."""
    first, second = as_picture(reference, "reference"), as_picture(image, "image")
    if first.shape != second.shape or first.dtype != second.dtype:
        raise ImageError(
            "`reference` and `image` must have the same shape and dtype; "
            f"got {first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
    return first, second


def as_weights(saliency: Saliency, image: Any, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return a map of weights of this shape: not negative, finite, and equal if all are 0."""
    found = as_saliency(map_of(saliency, image))
    check_shape(found, shape)
    weights = found.astype(np.float64)
    return weights if weights.any() else np.ones(shape)


def as_saliency(saliency: Any) -> Map:
    """Return a map of finite numbers from 0 up, or raise ImageError."""
    found = as_map(saliency, "saliency")
    low = found.min()
    if not (low >= 0 and found.max() < math.inf):  # NaN fails
        check_finite(found, "saliency")
        raise ImageError(f"`saliency` must not be negative; got a minimum of {low}")
    return found


def check_shape(saliency: Map, shape: tuple[int, ...]) -> None:
    """Raise ImageError unless a map has the rows and columns of its image."""
    if saliency.shape != shape:
        raise ImageError(
            f"`saliency` must be a map of the image's shape {shape}; got {saliency.shape}"
        )


def map_of(saliency: Saliency, image: Any) -> Any:
    """Return the map itself, or the map of `image` from a method's key or from a callable."""
    if isinstance(saliency, str):
        method = method_of(saliency)
        if method.kind in ("motion", "network"):
            raise ValueError(
                f"`saliency` must be a method for single images; got {saliency!r}, which compares "
                "frames: pass its map instead"
            )
        if method.kind == "static":
            return method.load(method.function)(image)
        return method.make().update(image)  # a map of boxes
    return saliency(image) if callable(saliency) else saliency
