"""Superpixel contrast (saliency filters): colour uniqueness and spatial distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime
from ...annotations import DeviceArray, of_frame, of_image
from ...call import Call
from ...images import Array, Color
from ..superpixels.options import Choice
from ._maps import Method, Options, check_out, fill_change, fill_map, spare_maps


@of_image(np.float32)
def superpixel_contrast(
    image: ArrayLike,
    reference: ArrayLike | DeviceArray | None = None,
    *,
    region_size: int = 10,
    regularizer: float = 1.0,
    slic: Choice = "auto",
    method: Method = "auto",
    smooth: bool = False,
    sigma_color: float = 20.0,
    sigma_position: float = 0.25,
    steepness: float = 6.0,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute superpixel contrast: colour uniqueness times spatial compactness (saliency filters).

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored; floats lie in [0, 1]. A stack has one
        more axis in front, and each frame is processed separately. A device array (Numba, CuPy,
        PyTorch) stays on its device.
    reference : array_like, optional
        Previous frame, of the same shape and dtype. The superpixels of `image` are then compared
        with those of `reference`.
    region_size, regularizer
        Options of the superpixels, as in `slic`.
    slic : {"auto", "exact", "fast"}, default "auto"
        Mode of the superpixels, as in `slic`. "auto" is exact for images up to 1920 x 1080 (in
        pixels) and fast above. Maps of the two modes have a correlation of 0.98 on photographs.
    method : {"auto", "exact", "fast"}, default "auto"
        "exact" compares all pairs of superpixels. "fast" takes time linear in their number; on
        photographs its maps are within 0.01 of the exact ones. "auto" is exact up to 2,048
        superpixels, where "fast" is not faster. Devices always compute "exact".
    smooth : bool, default False
        Upsample by Eq. 8 of the paper (alpha = beta = 1/30). Each pixel gets a mean of the
        superpixels of the 16 tiles around it, weighted by similar colour and position. With False
        each pixel gets the value of its superpixel.
    sigma_color : float, default 20.0
        Standard deviation of the colour weight, in CIELab units; 0.001 to 1e6.
    sigma_position : float, default 0.25
        Standard deviation of the position weight, as a fraction of the image's height and width;
        0.001 to 1e6. To detect motion against a `reference`, use 0.03 and ``steepness=0``, the
        defaults of ``Stream("superpixel-motion")``.
    steepness : float, default 6.0
        Weight k of the distribution, at least 0.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if there are more than two axes; None for a stack of grey frames.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `image`. uint8 gets round(255 * saliency).
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1], min-max normalised over the superpixels (before `smooth`). An image of one colour
        gives 0.

    Raises
    ------
    ImageError
        If an image is empty or not of these forms, or holds NaN or floats outside [0, 1] (not
        checked on a device). If the two differ in shape, dtype or device. If `out` does not fit.
    ValueError
        If an option is out of its range, or `method`, `color` or `backend` is not one of the
        listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    See Also
    --------
    superpixel_change : Increase of this map between two frames.
    Stream : Frames of a video; each frame takes one iteration of `slic` instead of many.

    Notes
    -----
    Superpixels are those of `slic`, with equal weight. They have CIELab colours c and positions p.
    Index i runs over the image, and j over the image or the reference.

    Uniqueness U_i (Eq. 1 of [1]_) is the mean of ``|c_i - c_j|**2``, weighted by
    ``exp(-|p_i - p_j|**2 / (2 sigma_position**2))``. Distribution D_i (Eq. 4) is the variance of
    the p_j, weighted by ``exp(-|c_i - c_j|**2 / (2 sigma_color**2))``. Saliency is
    ``U exp(-steepness D)`` (Eq. 7). U, D and the result are each rescaled to [0, 1].

    References
    ----------
    .. [1] F. Perazzi, P. Kraehenbuehl, Y. Pritch and A. Hornung, "Saliency filters: contrast based
       filtering for salient region detection", CVPR 2012.
       https://doi.org/10.1109/CVPR.2012.6247743

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((30, 30, 3), np.uint8)
    >>> image[10:20, 10:20] = 255, 0, 0
    >>> saliency = fastsal.superpixel_contrast(image)
    >>> saliency[[0, 15], [0, 15]].round(2)
    array([0., 1.], dtype=float32)
    """
    options = Options.checked(
        region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness, slic
    )
    forms: dict[str, Any] = {"color": color, "channel_axis": channel_axis}
    frames: tuple[images.Frames, ...] = (images.as_frames(image, **forms),)
    if reference is not None:
        frames += (images.as_frames(reference, name="reference", **forms),)
        images.check_same(frames[0], frames[1], ("image", "reference"))
    with Call(backend, out, *frames) as call:
        for i in range(call.saliency.shape[0]):
            fill_map(call, i, options)
        return call.result()


@of_frame(np.float32)
def superpixel_change(
    frame: ArrayLike,
    previous: ArrayLike | DeviceArray,
    *,
    signed: bool = False,
    region_size: int = 10,
    regularizer: float = 1.0,
    slic: Choice = "auto",
    method: Method = "auto",
    smooth: bool = False,
    sigma_color: float = 20.0,
    sigma_position: float = 0.25,
    steepness: float = 6.0,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute the increase of superpixel contrast between two frames.

    The map is ``superpixel_contrast(frame) - superpixel_contrast(previous)``, clipped at 0.

    Parameters
    ----------
    frame, previous : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Two frames, or stacks of them, of the same shape and dtype.
    signed : bool, default False
        Keep negative values, where saliency decreased.
    region_size, regularizer, slic, method, smooth, sigma_color, sigma_position, steepness
        As in `superpixel_contrast`.
    color, channel_axis, backend
        As in `superpixel_contrast`.
    out : array of float32 or uint8, optional
        Where to put the map, as in `superpixel_contrast`; not uint8 if `signed`.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1], or in [-1, 1] if `signed`.

    Raises
    ------
    ImageError
        As in `superpixel_contrast`; also if `out` is uint8 and `signed` is True.
    ValueError
        If an option is out of its range, or `method`, `color` or `backend` is not one of the
        listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> previous = np.zeros((30, 30, 3), np.uint8)
    >>> frame = previous.copy()
    >>> frame[10:20, 10:20] = 255, 0, 0
    >>> fastsal.superpixel_change(frame, previous)[15, 15]
    np.float32(1.0)
    """
    options = Options.checked(
        region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness, slic
    )
    forms: dict[str, Any] = {"color": color, "channel_axis": channel_axis}
    pair = (
        images.as_frames(frame, name="frame", **forms),
        images.as_frames(previous, name="previous", **forms),
    )
    images.check_same(*pair, names=("frame", "previous"))
    check_out(out, signed)
    with Call(backend, out, *pair) as call:
        maps = spare_maps(call)
        for i in range(call.saliency.shape[0]):
            for which in range(2):
                fill_map(call, i, options, which, maps[which])
            fill_change(call, i, maps, signed)
        return call.result()
