"""Felzenszwalb and Huttenlocher's graph-based segmentation, labels equal to scikit-image's."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import containers, validation
from ...errors import ImageError
from ...images import Array
from ...runtime import backend_module

_WIDEST_SIGMA = 1000.0
_MOST_PIXELS = (1 << 29) - 1  # a pixel and a direction share 32 bits


def felzenszwalb(
    image: ArrayLike,
    *,
    scale: float | Iterable[float] = 1,
    sigma: float = 0.8,
    min_size: int = 20,
    channel_axis: int | None = -1,
) -> Array:
    """Segment an image by merging pixels along cheap edges, with scikit-image's labels.

    The image is blurred and becomes a graph of 8-connected pixels. An edge costs the Euclidean
    distance of its two colours. Edges merge regions in ascending order of cost. It runs on the
    host, since each merge depends on those before.

    Parameters
    ----------
    image : array_like of any number type, (H, W) or (H, W, C)
        Any number of channels. Integers are scaled to [0, 1] as `skimage.util.img_as_float` does;
        floats are used unchanged. A CPU tensor of PyTorch is read without a copy.
    scale : float or sequence of float, default 1
        Higher values give larger segments. A sequence of scales shares the blur and the sort.
    sigma : float, default 0.8
        Standard deviation of the Gaussian blur, 0 to 1000 pixels.
    min_size : int, default 20
        Smaller segments are merged with a neighbour.
    channel_axis : int or None, default -1
        Axis of the channels of an image with three axes; None for a grey image.

    Returns
    -------
    labels : array of int32, (H, W), or (S, H, W) for a sequence of S scales
        Labels from 0, in the raster order of each segment's first pixel.

    Raises
    ------
    ImageError
        If `image` is not one non-empty image of numbers, or holds NaN or infinities.
    ValueError
        If an option is out of its range.

    See Also
    --------
    slic : Superpixels of about equal size.

    References
    ----------
    .. [1] P. F. Felzenszwalb and D. P. Huttenlocher, "Efficient graph-based image segmentation",
       IJCV 59(2), 2004. https://doi.org/10.1023/B:VISI.0000022288.19776.77

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((8, 8))
    >>> image[:, 4:] = 1
    >>> fastsal.superpixels.felzenszwalb(image, sigma=0, min_size=4)[0]
    array([0, 0, 0, 0, 1, 1, 1, 1], dtype=int32)
    """
    is_single = isinstance(scale, Real) or np.ndim(scale) == 0  # type: ignore[arg-type]
    scales = _checked_scales([scale] if is_single else scale)
    blur = validation.number("sigma", sigma, 0, _WIDEST_SIGMA)
    smallest = validation.integer("min_size", min_size, 0, _MOST_PIXELS)
    colors = _colors_of(image, channel_axis)
    labels = labels_of(colors, scales, blur, smallest)
    return containers.returned(labels[0] if is_single else labels, containers.is_tensor(image))


def labels_of(
    colors: NDArray[np.float64], scales: NDArray[np.float64], sigma: float, min_size: int
) -> NDArray[np.int32]:
    """Return labels (S, H, W) of checked colours (H, W, C)."""
    from scipy import ndimage

    if sigma > 0:
        colors = ndimage.gaussian_filter(colors, (sigma, sigma, 0), mode="reflect")
    colors = np.ascontiguousarray(colors)[...]
    colors.flags.writeable = False
    labels: NDArray[np.int32] = backend_module(__package__, "cpu").segment(colors, scales, min_size)
    return labels


def _checked_scales(scales: Any) -> NDArray[np.float64]:
    try:
        values = [validation.number("scale", each, 0) for each in scales]
    except TypeError:
        values = []
    if not values:
        raise ValueError(
            f"`scale` must be a number from 0 up, or a sequence of them; "
            f"got {validation.shown(scales)}"
        )
    return np.array(values)


def _colors_of(image: ArrayLike, channel_axis: int | None) -> NDArray[np.float64]:
    """Return a new array (H, W, C) of float64."""
    from skimage.util import img_as_float64

    array = containers.as_numpy(image, "image")
    if array.dtype.kind not in "buif":
        raise ImageError(f"`image` must hold numbers; got {array.dtype}")
    if not array.size or array.ndim not in ((2,) if channel_axis is None else (2, 3)):
        form = "(H, W)" if channel_axis is None else "(H, W) or (H, W, C)"
        raise ImageError(f"`image` must be non-empty and of shape {form}; got {array.shape}")
    if array.ndim == 3:
        axis = validation.integer("channel_axis", channel_axis, -3, 2)
        array = np.moveaxis(array, axis, -1)
    else:
        array = array[..., None]
    if array.shape[0] * array.shape[1] > _MOST_PIXELS:
        raise ImageError(f"`image` must have at most {_MOST_PIXELS} pixels; got {array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ImageError("`image` must be finite; got NaN or infinities, replace them first")
    colors: NDArray[np.float64] = np.array(img_as_float64(array), order="C")
    return colors
