"""Superpixels: SLIC as VLFeat's vl_slic defines it, and statistics of regions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import containers, devices, images, runtime
from ...annotations import of_image
from ...call import Call
from ...errors import ImageError
from ...images import Array, Color
from ...kernels import regions
from .options import FEATURES, SUMS, Mode, checked_options, grid_shape, source_of, units_of


class RegionStats(NamedTuple):
    """Statistics of regions, label by label; `bbox` holds first and last rows and columns.

    Entry i of each array describes label i, or label i + 1 if the labels start at 1.

    Attributes
    ----------
    area : array of int64, (n,)
        Number of pixels.
    centroid : array of float32, (n, 2)
        Mean row and mean column, in pixels.
    mean_color : array of float32, (n, 3)
        CIELab (D65) of the mean sRGB colour.
    bbox : array of int32, (n, 4)
        First row, first column, last row + 1, last column + 1.
    """

    area: Any
    centroid: Any
    mean_color: Any
    bbox: Any


@of_image(np.int32)
def slic(
    image: ArrayLike,
    *,
    region_size: int = 10,
    regularizer: float = 1.0,
    max_iter: int | None = None,
    min_region_size: int | None = None,
    mode: Mode = "exact",
    initial: ArrayLike | None = None,
    relabel: bool = True,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    backend: runtime.Choice = "auto",
) -> Array:
    """Segment an image into SLIC superpixels, with labels equal to VLFeat's ``vl_slic``.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored; floats lie in [0, 1]. Colours are
        compared in RGB, as in vl_slic, not in CIELab. A device array (Numba, CuPy, PyTorch)
        stays on its device.
    region_size : int, default 10
        Side of the initial tiles, in pixels. The number of tiles is
        ``ceil(H / region_size) * ceil(W / region_size)``.
    regularizer : float, default 1.0
        Weight of position relative to colour, 0 to 1e20. Larger values give more compact
        superpixels.
    max_iter : int, optional
        Maximum number of iterations, 100 by default. Iteration stops earlier, like vl_slic, when an
        iteration lowers the energy by less than 1e-5 of the total decrease. Fast mode always takes
        `max_iter` iterations. Its default is ``2 * region_size - 10``, from 10 to 100, because
        larger regions converge later.
    min_region_size : int, optional
        Connected components with fewer pixels are merged into an earlier neighbour. A component
        without an earlier neighbour stays. Default: ``region_size**2 // 36``.
    mode : {"exact", "fast"}, default "exact"
        "exact" gives the labels of vl_slic. "fast" computes in integers, several times faster: see
        Notes. Each of its labels is one connected component. `regularizer` has the same meaning up
        to 16, and larger values count as 16.
    initial : array_like, optional
        Start for video, so that one or two iterations are enough. Integers of shape (H, W) are
        labels of the previous frame: each region starts at the mean of its pixels in this image.
        Host floats of shape (n, 2 + channels) are one centre per tile, row by row: row, column,
        and channels in [0, 1] in the order of `image`.
    relabel : bool, default True
        Number the labels 0, 1, ... in the order of their first pixels. With False labels are those
        of vl_slic, the index of the tile; some numbers are then missing. In fast mode a new label
        is the number of tiles plus the index of its first pixel.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two axes.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    labels : array of int32, (H, W)
        On the CPU equal to vl_slic's bit for bit, with any number of threads. A device sums in
        another order: at least 99.5 % of the labels are equal. In fast mode all backends and
        numbers of threads give the same bits.

    Raises
    ------
    ImageError
        If `image` is empty, is not a single image of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device). If `initial` does not fit the image.
    ValueError
        If an option is out of its range, or `color` or `backend` is not one of the listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    SLIC is k-means in (row, column, colour) with a local search window [1]_. The definition is that
    of VLFeat [2]_: each pixel is compared with the centres of the four nearest tiles. As in
    vl_slic, one label can have several connected components, each of at least the minimum size.
    `slic_like_skimage` gives each component its own label.

    Fast mode is the same clustering with other arithmetic, and takes these steps:

    1. Channels become levels of 8 bits: the upper byte of uint16, and ``floor(256 * value)``, at
       most 255, of floats. Colours and positions are integers in units of an eighth of a level. A
       pixel of distance is ``8 * 255 * sqrt(regularizer) / region_size`` units, rounded to a
       multiple of 2**-16. Places count from the corner of a tile, and are rounded.
    2. Centres start where vl_slic's start, or at those of the previous frame in a stream.
    3. Each iteration compares a pixel with the centres of the four nearest tiles by squared
       distance; the first of equal ones wins. Then each centre moves to the mean of its pixels,
       rounded. All iterations except the last take every second row, even and odd in turn, as in
       fast-slic [3]_ and in the spirit of preemptive SLIC [4]_.
    4. The largest component of each label stays if it has `min_region_size` pixels; the first of
       equal ones wins. The component of the first pixel of the image always stays, and is
       then the one that keeps its label. Another component of `min_region_size` pixels gets a
       new label. Every other one takes the final label of the pixel above its first pixel, or
       left of it in the first row.

    Colours are compared in RGB in both modes. Boundary recall, undersegmentation error and
    achievable accuracy are within 0.01 of those of exact mode (64 photographs, region sizes 10 and
    20, regularizers 0.1 and 1). A weak regularizer gives more labels than tiles: with 0.1 up to
    two thirds more. A larger `min_region_size` lowers their number.

    References
    ----------
    .. [1] R. Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods",
       IEEE TPAMI 34(11), 2012. https://doi.org/10.1109/TPAMI.2012.120
    .. [2] A. Vedaldi and B. Fulkerson, "VLFeat: an open and portable library of computer vision
       algorithms", 2008. https://www.vlfeat.org
    .. [3] A. Kim, "fast-slic", 2019. https://github.com/Algy/fast-slic
    .. [4] P. Neubert and P. Protzel, "Compact watershed and preemptive SLIC: on improving
       trade-offs of superpixel segmentation algorithms", ICPR 2014.
       https://doi.org/10.1109/ICPR.2014.181

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((4, 8), np.uint8)
    >>> image[:, 3:] = 255
    >>> fastsal.slic(image, region_size=4)
    array([[0, 0, 0, 1, 1, 1, 1, 1],
           [0, 0, 0, 1, 1, 1, 1, 1],
           [0, 0, 0, 1, 1, 1, 1, 1],
           [0, 0, 0, 1, 1, 1, 1, 1]], dtype=int32)
    >>> fastsal.slic(image, region_size=4, mode="fast")[0]
    array([0, 0, 0, 1, 1, 1, 1, 1], dtype=int32)
    """
    options = checked_options(region_size, regularizer, max_iter, min_region_size, mode)
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, stacks=False)
    with Call(backend, None, frames) as call:
        kernels, source = call.kernels(__package__), source_of(call.inputs[0])
        size, regularizer, min_size, max_iter = options.of(frames.shape)
        grid = grid_shape(frames.shape, size)
        centers = None if initial is None else _initial_centers(initial, call, size)
        labels = call.empty(frames.shape, np.int32)
        view = call.view(labels)
        if mode == "fast":
            scale, given = options.scale(frames.shape), centers
            centers = call.view(call.empty((FEATURES, *grid), np.int32))
            sums = call.view(call.empty((math.prod(grid), SUMS), np.int64))
            if given is None:
                kernels.place_fast(*source, size, scale, frames.shape, centers)
            else:
                kernels.convert_fast(given, size, scale, centers)
            args = size, scale, min_size, True, max_iter, centers, sums, frames.shape
            kernels.fill_labels(kernels.slic_fast(*source, *args), view)
        else:
            weights = frames.white, size, regularizer, min_size
            kernels.slic(*source, *weights, max_iter, centers, view)
        if relabel:
            tiles = math.prod(grid)
            new = math.prod(frames.shape) if mode == "fast" else 0  # see `slic_fast`
            call.kernels(regions.__name__).renumber(view, tiles, tiles + new)
        return call.result(labels)


def _initial_centers(initial: Any, call: Call, size: int) -> Any:
    """Return the first centres, (5, down, across), from labels or centres of the last frame."""
    if not devices.is_device_array(initial):
        initial = containers.as_numpy(initial, "initial")
        if initial.dtype.kind == "f":
            return call.upload(_given_centers(initial, call.inputs[0], size))
    labels, count = _checked_labels(initial, call, "initial")
    frames, kernels = call.inputs[0], call.kernels(__package__)
    sums = call.view(call.empty((count, SUMS), np.int64))
    call.kernels(regions.__name__).sum_regions(*source_of(frames), labels, sums)
    centers = call.view(call.empty((FEATURES, *grid_shape(frames.shape, size)), np.float32))
    kernels.place_centers(*source_of(frames), frames.white, size, frames.shape, centers)
    kernels.move_centers(sums, units_of(frames), size, False, centers)
    return centers


def _given_centers(initial: NDArray[Any], frames: images.Frames, size: int) -> NDArray[np.float32]:
    """Return centres given in one row per tile, in the kernels' order of channels."""
    down, across = grid_shape(frames.shape, size)
    channels = 1 if frames.channels == 1 else 3
    shape = down * across, 2 + channels
    if initial.shape != shape:
        raise ImageError(
            f"`initial` must have shape {shape} if it holds centres; got {initial.shape}"
        )
    limits = np.array([*frames.shape, *[1] * channels])
    if not ((initial >= 0) & (initial <= limits)).all():  # NaN fails both
        raise ImageError(
            "`initial` must hold centres inside the image with channels in [0, 1]; "
            "got others, or NaN"
        )
    centers = np.zeros((FEATURES, down, across), np.float32)
    for k in range(2 + channels):
        column = initial[:, k if k < 2 or frames.is_rgb or channels == 1 else 6 - k]
        centers[k] = column.reshape(down, across)
    return centers


def _checked_labels(labels: Any, call: Call, name: str) -> tuple[Any, int]:
    """Return a label map of the image as kernels take it, and its maximum + 1; waits for a device.

    Raises
    ------
    ImageError
        If it is not on the device of the image, or is not integers of the shape of the image.
    """
    frames = call.inputs[0]
    is_on_device = frames.owner is not None
    if devices.is_device_array(labels) != is_on_device:
        raise ImageError(
            f"`{name}` and `image` must both be host arrays or both be device arrays; got one of "
            "each"
        )
    if is_on_device:
        is_integer = devices.dtype_of(labels) == np.int32
    else:
        labels = containers.as_numpy(labels, name)
        is_integer = labels.dtype.kind in "iu"
    if not is_integer or tuple(labels.shape) != frames.shape:
        form = "int32" if is_on_device else "integers"
        raise ImageError(
            f"`{name}` must be {form} of shape {frames.shape}; "
            f"got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    if is_on_device:
        view = devices.borrow(devices.contiguous(labels, None))
        call.join(view.stream)
    else:
        # Checked before the conversion to int32, which wraps larger labels.
        _check_range(int(labels.min()), int(labels.max()), frames.shape, name)
        view = call.upload(images.read_only(np.ascontiguousarray(labels, np.int32)))
    low, high = call.kernels(regions.__name__).range_of_labels(view)
    _check_range(low, high, frames.shape, name)
    return view, int(high) + 1


def _check_range(low: int, high: int, shape: tuple[int, ...], name: str) -> None:
    if low < 0 or high > math.prod(shape):
        raise ImageError(
            f"`{name}` must be from 0 to {math.prod(shape)}; got {low} to {high}; "
            "number labels of `slic` with relabel=True"
        )


def region_stats(
    image: ArrayLike,
    labels: ArrayLike,
    *,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    backend: runtime.Choice = "auto",
) -> RegionStats:
    """Compute area, centroid, mean colour and box (rows first) of every labelled region.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        As in `slic`.
    labels : array_like of integers, (H, W)
        Labels 0 to n - 1, or 1 to n as in scikit-image; every number must occur. On a device int32.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two axes.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others. The
        call waits for the device, because the number of regions determines the result's shape.

    Returns
    -------
    RegionStats
        ``area (n,)``, ``centroid (n, 2)`` (row, column), ``mean_color (n, 3)`` (CIELab of the mean
        colour) and ``bbox (n, 4)`` (first row and column, last row + 1 and column + 1). Sums are
        integers, floats in units of 2**-24, so the result does not depend on the number of threads.

    Raises
    ------
    ImageError
        If `image` is not a single image of these forms. If `labels` is not integers of shape
        (H, W), omits a number, or is not on the same device as the image.
    ValueError
        If `color` or `backend` is not one of the listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.array([[0, 0, 255], [0, 0, 255]], np.uint8)
    >>> stats = fastsal.region_stats(image, np.array([[0, 0, 1], [0, 0, 1]]))
    >>> stats.area, stats.centroid.tolist()
    (array([4, 2]), [[0.5, 0.5], [0.5, 2.0]])
    >>> stats.mean_color[:, 0].round()
    array([  0., 100.], dtype=float32)
    """
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, stacks=False)
    with Call(backend, None, frames) as call:
        names, count = _checked_labels(labels, call, "labels")
        kernels = call.kernels(regions.__name__)
        sums = call.view(call.empty((count, SUMS), np.int64))
        kernels.sum_regions(*source_of(call.inputs[0]), names, sums)
        area = call.on_host(sums)[:, 0].copy()
        first = 0 if area[0] else 1
        if not area[first:].all():
            missing = first + np.argmin(area[first:])
            raise ImageError(
                f"`labels` must use every number from {first} to {count - 1}; got none equal to "
                f"{missing}; renumber them first"
            )
        forms = ((count, 2), np.float32), ((count, 3), np.float32), ((count, 4), np.int32)
        position, lab, boxes = (call.empty(*form) for form in forms)
        means = call.view(position), call.view(lab)
        kernels.fill_means(sums, frames.channels, units_of(frames), *means)
        kernels.fill_boxes(names, call.view(boxes))
        if frames.owner is not None:
            on_device = call.empty((count,), np.int64)
            devices.send(area, call.view(on_device))
            found: tuple[Any, ...] = on_device, position, lab, boxes
        else:
            found = tuple(map(call.result, (position, lab, boxes)))
            found = containers.returned(area, frames.is_tensor), *found
        return RegionStats(*(each[first:] for each in found) if first else found)
