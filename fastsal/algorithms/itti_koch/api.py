"""Itti-Koch saliency: contrast in intensity, colour and orientation over an image pyramid."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images, runtime, validation
from ...annotations import DeviceArray
from ...call import Call
from ...chunked import compute
from ...images import Array, Color
from ...kernels import postprocess
from . import options


class Conspicuity(NamedTuple):
    """Conspicuity maps of intensity, colour and orientation, each scaled to [0, 1]."""

    intensity: Any
    color: Any
    orientation: Any


@overload
def itti_koch(
    image: DeviceArray,
    *,
    preset: str | options.IttiOptions = ...,
    smooth: float | None = ...,
    center_bias: float = ...,
    return_conspicuity: bool = ...,
    color: Color = ...,
    channel_axis: int | None = ...,
    out: Array | None = ...,
    backend: runtime.Choice = ...,
) -> Any: ...
@overload
def itti_koch(
    image: ArrayLike,
    *,
    preset: str | options.IttiOptions = ...,
    smooth: float | None = ...,
    center_bias: float = ...,
    return_conspicuity: Literal[False] = ...,
    color: Color = ...,
    channel_axis: int | None = ...,
    out: Array | None = ...,
    backend: runtime.Choice = ...,
) -> NDArray[np.float32]: ...
@overload
def itti_koch(
    image: ArrayLike,
    *,
    preset: str | options.IttiOptions = ...,
    smooth: float | None = ...,
    center_bias: float = ...,
    return_conspicuity: Literal[True],
    color: Color = ...,
    channel_axis: int | None = ...,
    out: Array | None = ...,
    backend: runtime.Choice = ...,
) -> tuple[NDArray[np.float32], Conspicuity]: ...
def itti_koch(
    image: Any,
    *,
    preset: str | options.IttiOptions = "default",
    smooth: float | None = None,
    center_bias: float = 0,
    return_conspicuity: bool = False,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute Itti-Koch saliency: centre-surround contrast in intensity, colour and orientation.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey (without colour contrast) or colour; a fourth channel is ignored.
        Floats lie in [0, 1] and are multiplied by 255. A stack has one more axis in front, and each
        frame is processed separately. A device array (Numba, CuPy, PyTorch) stays on its device.
    preset : {"default", "paper", "fixation"} or IttiOptions, default "default"
        Options that the paper leaves open. "paper" follows the paper literally and predicts
        fixations least accurately. "default" uses signed orientations, fades features towards the
        border and uses colour differences. "fixation" also uses CIELab, halves the weight of
        orientation and smooths by 0.02; it predicts fixations best.
    smooth : float, optional
        Sigma of a Gaussian blur, as a fraction of the map's width. Fixations scatter around their
        object, so 0.02 to 0.03 raises NSS by about 6 % and AUC by 0.01. Default: the preset's
        value, 0 except for "fixation".
    center_bias : float, default 0
        Weight in [0, 1] of a Gaussian around the centre (sigma: a quarter of each side).
        Photographers centre their subjects, so NSS and AUC rise; shuffled AUC falls.
    return_conspicuity : bool, default False
        Also return the three conspicuity maps.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two; None if it is a stack of grey images.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `image`. uint8 gets round(255 * saliency).
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1], min-max normalised before the 16-fold upsampling. Uniform images, and images up
        to 16 x 16, give 0. Results are bit-identical for any number of threads. CPU and CUDA agree
        to 1e-4, except where rounding decides between two nearly equal local maxima.
    conspicuity : tuple of arrays of float32
        With `return_conspicuity`: ``intensity``, ``color`` and ``orientation``, like `saliency`.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device). If `out` does not fit it.
    ValueError
        If `preset`, `smooth`, `center_bias`, `color` or `backend` is not one of the allowed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    Scale s is smaller by 2**s. The filter for scale 2 is 1 3 6 10 12 12 10 6 3 1, for coarser
    scales 1 3 3 1. Each scale has intensity, red-green, blue-yellow, and Gabor filters of four
    orientations (9 x 9 pixels, period 7, sigma 7/3). Scales 2, 3 and 4 are compared with the
    scales three and four levels above (Eq. 1 to 4 of [1]_). Pairs with a surround larger than the
    image are omitted, except (2, 5). The operator N promotes maps with few peaks. It rescales each
    feature map to [0, 1] and multiplies it by (max - mean of the other local maxima)**2.
    The feature maps are summed at scale 4 into three conspicuity maps (Eq. 5 to 7): intensity,
    colour and orientation. N is applied per orientation. The sum of their N is the map (Eq. 8).

    The map of an image rotated by 90 degrees is the rotated map, to 1e-4, if both sides are
    multiples of 256 pixels. Other sizes leave a part of a pixel at the right or lower border of a
    coarse scale, so the maps differ. Small images can differ completely.

    Unlike in the paper, colours are computed at scale 2, not per pixel, and normalised by
    brightness where it exceeds a tenth of the maximum.

    References
    ----------
    .. [1] L. Itti, C. Koch and E. Niebur, "A model of saliency-based visual attention for rapid
       scene analysis", IEEE TPAMI 20(11), 1998. https://doi.org/10.1109/34.730558

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((120, 160, 3), np.uint8)
    >>> image[10::30, 10::30] = image[11::30, 10::30] = [0, 255, 0]
    >>> image[70:72, 100] = [255, 0, 0]  # a red dot among green ones
    >>> saliency = fastsal.itti_koch(image)
    >>> [int(at) // 30 for at in np.unravel_index(saliency.argmax(), saliency.shape)]
    [2, 3]
    """
    settings = options.checked(preset)
    smooth, center_bias = postprocess.checked(
        settings.smooth if smooth is None else smooth, center_bias
    )
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)

    def fill(call: Call, parts: Any = ()) -> None:
        (source,) = call.inputs
        views = [call.view(part).reshape(frames.flat_shape) for part in parts]
        call.kernels(__package__).itti_koch(
            source.pixels, source.channels, source.is_rgb, source.shape[-1], settings,
            smooth, center_bias, call.saliency, views,
        )  # fmt: skip

    if not validation.flag("return_conspicuity", return_conspicuity):
        return compute(fill, backend, out, frames)
    with Call(backend, out, frames) as call:
        parts = [call.output(f"conspicuity {i}", frames.shape) for i in range(3)]
        fill(call, parts)
        return call.result(), Conspicuity(*map(call.result, parts))
