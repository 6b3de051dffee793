"""Superpixel contrast: rare colours that lie close together, in one frame or against the last."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ... import images, runtime
from ..superpixels.segments import DTYPES
from ._maps import Method, Options, check_out, fill_change, fill_map, spare_maps


def superpixel_contrast(
    image: ArrayLike,
    reference: ArrayLike | None = None,
    *,
    region_size: int = 10,
    regularizer: float = 1.0,
    method: Method = "auto",
    smooth: bool = False,
    sigma_color: float = 20.0,
    sigma_position: float = 0.25,
    steepness: float = 6.0,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each superpixel: high if its colour is rare nearby, and found in few places.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored; floats lie in [0, 1]. A stack has one
        more axis in front and each frame is scored by itself. A device array (Numba, CuPy,
        PyTorch) stays on its device.
    reference : array_like, optional
        The previous frame, of the same form. The superpixels of `image` are then compared with
        those of `reference` instead of their own.
    region_size, regularizer
        Of the superpixels, as in `slic`.
    method : {"auto", "exact", "fast"}, default "auto"
        "exact" compares all pairs of superpixels. "fast" takes time linear in their number; its
        maps of photographs lie within 0.01 of the exact ones. "auto" is exact up to 2,048
        superpixels, where that takes no longer. On a device all are exact.
    smooth : bool, default False
        Give each pixel the mean of the superpixels of the 16 tiles around it, weighted by
        likeness of colour and place (the paper's, with alpha = beta = 1/30), instead of the value
        of its own.
    sigma_color : float, default 20.0
        How far apart alike colours are, in CIELab; 0.001 to 1e6.
    sigma_position : float, default 0.25
        How far apart near superpixels are, as a share of the image's height and width; 0.001 to
        1e6. With a `reference`, 0.03 (and ``steepness=0``) compares with what was about there a
        frame ago, which tells what moves; ``Stream("superpixel-motion")`` does so by itself.
    steepness : float, default 6.0
        Weight k of distribution against uniqueness, from 0 up.
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
        In [0, 1], scaled so that the least superpixel scores 0 and the most 1 (before `smooth`).
        An image of one colour scores 0.

    Raises
    ------
    ImageError
        If the image or the reference is empty, not of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device); if they differ in shape, dtype or place; or if `out`
        does not fit.
    ValueError
        If an option is not in its range, or `method`, `color` or `backend` none of those named.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    See Also
    --------
    superpixel_change : What scores more than in the previous frame.
    Stream : Frames of a video, which need one or two rounds of segmentation each.

    Notes
    -----
    With colours c in CIELab and positions p, of superpixels i of the image and j of the image or
    of the reference: uniqueness U_i is the mean of ``|c_i - c_j|**2``, weighted by
    ``exp(-|p_i - p_j|**2 / (2 sigma_position**2))``; distribution D_i is the variance of the p_j,
    weighted by ``exp(-|c_i - c_j|**2 / (2 sigma_color**2))``, about their weighted mean, or with a
    reference likewise. Saliency is ``U exp(-steepness D)``, with U, D and the result each scaled
    to [0, 1]. Superpixels are those of `slic`, run to its end; all weigh alike, whatever their
    size.

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
        region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness
    )
    forms: dict[str, Any] = {"color": color, "channel_axis": channel_axis, "dtypes": DTYPES}
    frames: tuple[images.Frames, ...] = (images.as_frames(image, **forms),)
    if reference is not None:
        frames += (images.as_frames(reference, name="reference", **forms),)
        images.check_same(frames[0], frames[1], ("image", "reference"))
    job = images.Job(backend, out, *frames)
    for i in range(job.saliency.shape[0]):
        fill_map(job, i, options)
    return job.result()


def superpixel_change(
    frame: ArrayLike,
    previous: ArrayLike,
    *,
    signed: bool = False,
    region_size: int = 10,
    regularizer: float = 1.0,
    method: Method = "auto",
    smooth: bool = False,
    sigma_color: float = 20.0,
    sigma_position: float = 0.25,
    steepness: float = 6.0,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Return how much more salient each pixel is than in the previous frame.

    The difference of two maps of `superpixel_contrast`, each of its frame alone.

    Parameters
    ----------
    frame, previous : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Two frames, or stacks of them, of the same shape and dtype.
    signed : bool, default False
        Keep where saliency fell, as negative values.
    region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness
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
        As `superpixel_contrast`; also if `out` is uint8 and `signed` true.
    ValueError
        If an option is not in its range, or `method`, `color` or `backend` none of those named.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

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
        region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness
    )
    forms: dict[str, Any] = {"color": color, "channel_axis": channel_axis, "dtypes": DTYPES}
    pair = (
        images.as_frames(frame, name="frame", **forms),
        images.as_frames(previous, name="previous", **forms),
    )
    images.check_same(*pair, names=("frame", "previous"))
    check_out(out, signed)
    job = images.Job(backend, out, *pair)
    maps = spare_maps(job)
    for i in range(job.saliency.shape[0]):
        for which in range(2):
            fill_map(job, i, options, which, maps[which])
        fill_change(job, i, maps, signed)
    return job.result()
