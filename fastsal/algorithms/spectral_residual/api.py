"""Spectral residual saliency: log-amplitude spectrum minus its local mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime, validation
from ...annotations import of_image
from ...call import Call
from ...chunked import compute
from ...images import Array, Color

_MAX_SIDE = 4096


@of_image(np.float32)
def spectral_residual(
    image: ArrayLike,
    *,
    size: tuple[int, int] = (64, 64),
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute the spectral residual: log-amplitude spectrum minus its local mean, transformed back.

    The values equal OpenCV's StaticSaliencySpectralResidual to 2e-7.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours. Colours are converted by OpenCV's fixed-point luma; a fourth channel
        is ignored. Floats lie in [0, 1] and are multiplied by 255. The map of ``image / 255`` is
        nearly that of ``image``, because only integers are rounded. A stack has one more axis in
        front, and each frame is processed separately. A device array (Numba, CuPy, PyTorch) stays
        on its device.
    size : (int, int), default (64, 64)
        Height and width of the thumbnail, each from 1 to 4096. A smaller thumbnail finds larger
        objects. Powers of two are fastest.
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
        In [0, 1]. The maximum is 1 before upsampling to the image's size, and usually a little less
        afterwards. Results are bit-identical for any number of threads; CPU and CUDA agree to
        1e-6.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device). If `out` does not fit it.
    ValueError
        If `size` is not two integers from 1 to 4096, or `color` or `backend` is not one of the
        listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    The image is resized to `size` by bilinear interpolation without smoothing, so most pixels of
    a large image are never read. With the log-amplitude L and the phase P of its spectrum, the
    residual is R = L - mean3x3(L). The map is ``abs(ifft(exp(R + iP)))**2``, smoothed and
    upsampled to the image's size [1]_.

    References
    ----------
    .. [1] X. Hou and L. Zhang, "Saliency detection: a spectral residual approach", CVPR 2007.
       https://doi.org/10.1109/CVPR.2007.383267

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.full((64, 64), 100, np.uint8)
    >>> image[20:28, 40:48] = 200
    >>> saliency = fastsal.spectral_residual(image)
    >>> bool(saliency[18:30, 38:50].min() > saliency[40:, :30].max())
    True
    """
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)
    return residual_map(frames, size, 255.0, out=out, backend=backend)


def residual_map(
    frames: images.Frames, size: tuple[int, int], scale: float, *, out: Any,
    backend: runtime.Choice,
) -> Any:  # fmt: skip
    """Return the map of images of floats of any range, multiplied by `scale`."""
    shape = validation.shape("size", size, _MAX_SIDE)

    def fill(call: Call) -> None:
        (source,) = call.inputs
        call.kernels(__package__).spectral_residual(
            source.pixels, source.channels, source.weights, source.shape[-1], shape, scale,
            call.saliency,
        )  # fmt: skip

    return compute(fill, backend, out, frames)
