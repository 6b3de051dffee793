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
