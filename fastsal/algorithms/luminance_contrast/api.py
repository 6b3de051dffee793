"""Luminance contrast (LC): global contrast from the grey-level histogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime
from ...annotations import of_image
from ...call import Call
from ...chunked import compute
from ...images import Array, Color
from ...kernels.levels import in_levels


@of_image(np.float32)
def luminance_contrast(
    image: ArrayLike,
    *,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute luminance contrast (LC): each pixel's grey-level distance to all other pixels.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours. Colours are converted by OpenCV's fixed-point luma; a fourth channel
        is ignored. Floats lie in [0, 1] and are rounded to the 65,536 levels of uint16. A stack has
        one more axis in front, and each frame is processed separately. A device array (Numba,
        CuPy, PyTorch) stays on its device.
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
        In [0, 1]: min-max normalised, so the level with the highest contrast is 1 and the one with
        the lowest is 0. An image of one level gives 0 everywhere.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1]. If `out` does not fit it. Values on a device are not checked: they are clipped,
        and NaN becomes 0.
    ValueError
        If `color` or `backend` is not one of the listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    The contrast of level v is ``sum(count(u) * abs(v - u) for u in levels)``, computed from the
    histogram [1]_. The cost is O(H * W + levels) instead of O((H * W)**2). All sums are integers,
    so results are bit-identical on CPU and CUDA with any number of threads.

    References
    ----------
    .. [1] Y. Zhai and M. Shah, "Visual attention detection in video sequences using
       spatiotemporal cues", ACM Multimedia, 2006. https://doi.org/10.1145/1180639.1180824

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.array([[0, 0, 0, 100], [0, 0, 0, 255]], dtype=np.uint8)
    >>> fastsal.luminance_contrast(image).round(2)
    array([[0. , 0. , 0. , 0.3],
           [0. , 0. , 0. , 1. ]], dtype=float32)
    """
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)
    return compute(_fill, backend, out, frames)


def _fill(call: Call) -> None:
    (source,) = call.inputs
    if source.pixels.dtype == np.float32:
        source = in_levels(call, source, np.uint16)
    call.kernels(__package__).luminance_contrast(
        source.pixels, source.channels, source.weights, call.saliency
    )
