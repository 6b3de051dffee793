"""Superpixels to look at: their boundaries, drawn into the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import devices, images
from ...errors import ImageError
from ._site import DTYPES, WHITE
from .options import single


def draw_boundaries(
    image: ArrayLike,
    labels: ArrayLike,
    *,
    line: tuple[int, int, int] = (255, 255, 0),
) -> NDArray[np.uint8]:
    """Draw where regions meet, two pixels wide, as scikit-image finds it.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        The picture, on the host; a fourth channel is ignored; floats lie in [0, 1].
    labels : array_like of integers, (H, W)
        A number per region, those of `slic` say.
    line : tuple of int, default (255, 255, 0)
        Colour of the boundaries, 0 to 255, its channels in the order of the image's.

    Returns
    -------
    picture : array of uint8, (H, W, 3)
        A new array.

    Raises
    ------
    ImageError
        If `image` is not one image of these forms on the host, or `labels` not integers of its
        size.
    ValueError
        If `line` is not three levels.

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
    picture = _picture_of(image)
    names = _host_labels(labels, picture.shape[:2])
    picture[find_boundaries(names, mode="thick")] = color
    return picture


def _checked_line(line: Any) -> NDArray[np.uint8]:
    color = np.asarray(line)
    fits = color.shape == (3,) and color.dtype.kind in "iu"
    if not (fits and color.min() >= 0 and color.max() <= 255):
        raise ValueError(f"line must be three integers from 0 to 255, got {line!r}")
    return color.astype(np.uint8)


def _picture_of(image: ArrayLike) -> NDArray[np.uint8]:
    """Return a new uint8 picture (H, W, 3)."""
    if devices.is_device_array(image):
        raise ImageError("expected image on the host, got one on a device")
    frames = single(images.as_frames(image, dtypes=DTYPES))
    pixels = frames.pixels.reshape(*frames.shape, frames.channels)[..., :3]
    if pixels.dtype != np.uint8:
        white = np.float32(WHITE[pixels.dtype])
        pixels = np.rint(pixels * (np.float32(255) / white)).astype(np.uint8)
    picture: NDArray[np.uint8] = np.broadcast_to(pixels, (*frames.shape, 3)).copy()
    return picture


def _host_labels(labels: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    if devices.is_device_array(labels):
        raise ImageError("expected labels on the host, got them on a device")
    names = np.asarray(labels)
    if names.dtype.kind not in "iu" or names.shape != shape:
        raise ImageError(
            f"expected labels as integers of shape {shape}, got {names.dtype} {names.shape}"
        )
    return names
