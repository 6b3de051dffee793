"""Boxes in two notations: left, top, width, height; or left, top, right, bottom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_xyxy(boxes: ArrayLike) -> NDArray[Any]:
    """Return boxes (x, y, width, height) as (left, top, right, bottom).

    Parameters
    ----------
    boxes : array_like of int or float, (N, 4) or (4,)
        Left column, top row, width and height in pixels, as all functions of fastsal return them.

    Returns
    -------
    corners : array, (N, 4) or (4,)
        Left column, top row, and the column and row after the last ones, as torchvision and
        detectors use them: ``image[top:bottom, left:right]`` is the box.

    Raises
    ------
    ValueError
        If `boxes` is not numeric with a last axis of 4.

    Examples
    --------
    >>> import fastsal
    >>> fastsal.as_xyxy([[40, 32, 64, 48]])
    array([[ 40,  32, 104,  80]])
    """
    array = np.asarray(boxes)
    if array.ndim not in (1, 2) or array.shape[-1] != 4 or array.dtype.kind not in "iuf":
        raise ValueError(
            f"`boxes` must be numbers of shape (N, 4) or (4,); got {array.dtype.name} of shape "
            f"{array.shape}"
        )
    return np.concatenate([array[..., :2], array[..., :2] + array[..., 2:]], axis=-1)


def iou(boxes: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    """Return the intersection over union of each box (x, y, width, height) with others, (n, m)."""
    first = np.asarray(boxes, np.float64).reshape(-1, 1, 4)
    second = np.asarray(others, np.float64).reshape(1, -1, 4)
    start = np.maximum(first[..., :2], second[..., :2])
    stop = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    shared = np.maximum(stop - start, 0).prod(axis=-1)
    union = first[..., 2:].prod(axis=-1) + second[..., 2:].prod(axis=-1) - shared
    ratio: NDArray[np.float64] = shared / np.maximum(union, np.finfo(np.float64).tiny)
    return ratio
