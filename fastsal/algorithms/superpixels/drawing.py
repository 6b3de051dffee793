"""Draw the boundaries of superpixels into an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import containers, devices, images, validation
from ...errors import ImageError
from ...images import Array


def draw_boundaries(
    image: ArrayLike,
    labels: ArrayLike,
    *,
    line: tuple[int, int, int] = (255, 255, 0),
    channel_axis: int | None = -1,
) -> Array:
    """Draw the boundaries of regions into an image, two pixels wide.

    Boundaries are those of ``skimage.segmentation.find_boundaries(labels, mode="thick")``.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Host array. A fourth channel is ignored; floats lie in [0, 1].
    labels : array_like of integers, (H, W)
        Label of each pixel, for example from `slic`.
    line : tuple of int, default (255, 255, 0)
        Colour of the boundaries, 0 to 255, in the channel order of `image`.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two axes.

    Returns
    -------
    picture : array of uint8, (H, W, 3)
        New array.

    Raises
    ------
    ImageError
        If `image` is not a single host image of these forms, or `labels` are not integers of shape
        (H, W).
    ValueError
        If `line` is not three integers from 0 to 255.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((2, 4), np.uint8)
    >>> labels = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])
    >>> fastsal.superpixels.draw_boundaries(image, labels, line=(9, 0, 0))[0, :, 0]
    array([0, 9, 9, 0], dtype=uint8)
    """
    from skimage.segmentation import find_boundaries

    color = _checked_line(line)
    frames = _host_frames(image, channel_axis)
    picture = images.picture_of(frames)
    names = _host_labels(labels, picture.shape[:2])
    picture[find_boundaries(names, mode="thick")] = color
    return containers.returned(picture, frames.is_tensor)


def _checked_line(line: Any) -> NDArray[np.uint8]:
    color = np.asarray(line)
    fits = color.shape == (3,) and color.dtype.kind in "iu"
    if not (fits and color.min() >= 0 and color.max() <= 255):
        raise ValueError(
            f"`line` must be three integers from 0 to 255; got {validation.shown(line)}"
        )
    return color.astype(np.uint8)


def _host_frames(image: ArrayLike, channel_axis: int | None) -> images.Frames:
    if devices.is_device_array(image):
        raise ImageError("`image` must be on the host; got a device array; copy it to the host")
    return images.as_frames(image, channel_axis=channel_axis, stacks=False)


def _host_labels(labels: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    if devices.is_device_array(labels):
        raise ImageError("`labels` must be on the host; got a device array; copy it to the host")
    names = containers.as_numpy(labels, "labels")
    if names.dtype.kind not in "iu" or names.shape != shape:
        raise ImageError(
            f"`labels` must be integers of shape {shape}; got {names.dtype} of shape {names.shape}"
        )
    return names
