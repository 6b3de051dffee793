"""SLIC with the parameters of scikit-image, and its boundaries of regions drawn into an image."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import containers, devices, images, validation
from ...errors import ImageError
from ...images import Array
from ...runtime import backend_module
from .options import checked_options

_MAX_SIGMA = 1000.0


def slic_like_skimage(
    image: ArrayLike,
    n_segments: int = 100,
    compactness: float = 10.0,
    max_num_iter: int = 10,
    sigma: float = 0,
    *,
    convert2lab: bool | None = None,
    enforce_connectivity: bool = True,
    min_size_factor: float = 0.5,
    start_label: int = 1,
    channel_axis: int | None = -1,
) -> Array:
    """Segment an image into SLIC superpixels, with the parameters of `skimage.segmentation.slic`.

    It is many times faster than scikit-image and runs on the CPU. The distance is the same (CIELab
    against position), so equal `compactness` gives similar superpixels. Labels differ, because
    centres start on vl_slic's grid and each pixel is compared with its four nearest centres only.
    Volumes and the options `spacing`, `max_size_factor`, `slic_zero` and `mask` are not supported.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        Grey levels or RGB colours of any range, rescaled to [0, 1] as in scikit-image.
    n_segments : int, default 100
        Approximate number of superpixels.
    compactness : float, default 10.0
        Weight of position relative to colour, above 0.
    max_num_iter : int, default 10
        Maximum number of k-means iterations. Iteration stops earlier if no label changes.
    sigma : float, default 0
        Standard deviation of a Gaussian that smooths the image first, 0 to 1000 pixels.
    convert2lab : bool, optional
        Compare colours in CIELab. Default: True if the image has three channels.
    enforce_connectivity : bool, default True
        Merge components below the minimum size into a neighbour, and give each other component its
        own label.
    min_size_factor : float, default 0.5
        Minimum size as a fraction of the mean size of a superpixel.
    start_label : {1, 0}, default 1
        First label.
    channel_axis : int or None, default -1
        Axis of the channels; None for a grey image.

    Returns
    -------
    labels : array of int32, (H, W)
        Numbered from `start_label` in the order of their first pixels.

    Raises
    ------
    ImageError
        If `image` is not a single image of these forms, or holds NaN or infinities.
    ValueError
        If an option is out of its range.

    See Also
    --------
    slic : Parameters of vl_slic, devices, and a start from the previous frame.

    Notes
    -----
    SLIC is k-means in (row, column, colour) with a local search window [1]_.

    References
    ----------
    .. [1] R. Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods",
       IEEE TPAMI 34(11), 2012. https://doi.org/10.1109/TPAMI.2012.120

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((20, 20, 3), np.uint8)
    >>> image[:, 10:] = 255
    >>> labels = fastsal.superpixels.slic_like_skimage(image, n_segments=2)
    >>> labels[0, 0], labels[0, -1]
    (np.int32(1), np.int32(2))
    """
    first = validation.integer("start_label", start_label, 0, 1)
    count = validation.number("n_segments", n_segments, 1)
    form = "a number above 0"
    compact = validation.number("compactness", compactness, math.nextafter(0, 1), form=form)
    min_factor = validation.number("min_size_factor", min_size_factor, 0)
    blur = validation.number("sigma", sigma, 0, _MAX_SIGMA)
    planes = _stretched(image, channel_axis)
    rows, cols, channels = planes.shape
    size = max(1, round(math.sqrt(rows * cols / count)))
    min_size = int(min(min_factor * size * size, 1 << 30)) if enforce_connectivity else 0
    options = checked_options(size, min(compact, 1e10) ** 2, max_num_iter, min_size)
    if blur > 0:
        planes = _smoothed(planes, blur)
    if convert2lab and channels != 3:
        raise ValueError(
            f"`convert2lab` must be None or False unless the image has 3 channels; got {channels}"
        )
    slic = backend_module(__package__, "cpu").slic
    if channels == 3 and convert2lab is not False:
        _kernels("color._cpu_lab").convert_to_lab(planes)
    planes.flags.writeable = False
    labels = np.empty((rows, cols), np.int32)
    args = True, 1, *options.of((rows, cols)), None, labels
    slic(planes.reshape(-1), channels, *args)
    if enforce_connectivity:
        _kernels("regions._cpu_components").number_components(labels, first)
    else:
        _kernels("regions._cpu").renumber(labels, labels.size, labels.size)
        labels += np.int32(first)
    return containers.returned(labels, containers.is_tensor(image))


def _kernels(name: str) -> Any:
    """Return a module of kernels, imported on first use, because it imports Numba."""
    return importlib.import_module(f"...kernels.{name}", __package__)


def _stretched(image: ArrayLike, channel_axis: int | None) -> NDArray[np.float32]:
    """Return a new array (H, W, 1 or 3) in [0, 1]."""
    array = containers.as_numpy(image, "image")
    if array.dtype.kind not in "buif":
        raise ImageError(f"`image` must be an array of real numbers; got {array.dtype}")
    grey = channel_axis is None
    if array.ndim != (2 if grey else 3) or not array.size:
        form = "(H, W)" if grey else "(H, W, 3)"
        raise ImageError(f"`image` must have shape {form} and not be empty; got {array.shape}")
    array = array[..., None] if channel_axis is None else np.moveaxis(array, channel_axis, -1)
    if array.shape[-1] not in (1, 3):
        raise ImageError(
            f"`image` must have 1 or 3 channels; got {array.shape[-1]} in shape {array.shape}"
        )
    low, high = float(array.min()), float(array.max())
    if not math.isfinite(high - low):
        raise ImageError(f"`image` must be finite; got values from {low} to {high}")
    # Wide types keep their range until it is that of float32.
    wide: Any = np.float32 if array.itemsize <= 4 else np.float64
    planes: NDArray[Any] = np.array(array, wide, order="C")
    planes -= wide(low)
    if high > low:
        planes /= wide(high - low)
    return planes.astype(np.float32, copy=False)


def _smoothed(planes: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    from skimage.filters import gaussian

    smooth = gaussian(planes, sigma=(sigma, sigma, 0), mode="reflect", channel_axis=None)
    return np.ascontiguousarray(smooth, np.float32)


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
    _check_on_host(image, "image")
    frames = images.as_frames(image, channel_axis=channel_axis, stacks=False)
    picture = images.picture_of(frames)
    _check_on_host(labels, "labels")
    names = containers.as_numpy(labels, "labels")
    if names.dtype.kind not in "iu" or names.shape != frames.shape:
        raise ImageError(
            f"`labels` must be integers of shape {frames.shape}; "
            f"got {names.dtype} of shape {names.shape}"
        )
    picture[find_boundaries(names, mode="thick")] = color
    return containers.returned(picture, frames.is_tensor)


def _check_on_host(array: Any, name: str) -> None:
    if devices.is_device_array(array):
        raise ImageError(f"`{name}` must be on the host; got a device array; copy it to the host")


def _checked_line(line: Any) -> NDArray[np.uint8]:
    color = np.asarray(line)
    fits = color.shape == (3,) and color.dtype.kind in "iu"
    if not (fits and color.min() >= 0 and color.max() <= 255):
        raise ValueError(
            f"`line` must be three integers from 0 to 255; got {validation.shown(line)}"
        )
    return color.astype(np.uint8)
