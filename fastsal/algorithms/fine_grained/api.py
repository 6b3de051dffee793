"""Fine-grained saliency: centre-surround differences at six sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime, validation
from ...annotations import of_image
from ...call import Call
from ...chunked import compute
from ...images import Array, Color
from ...kernels.levels import in_levels


@of_image(np.float32)
def fine_grained(
    image: ArrayLike,
    *,
    exact: bool = False,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute fine-grained saliency: centre-surround differences at six sizes.

    By default the values equal OpenCV's StaticSaliencyFineGrained bit for bit.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours. Colours are converted by OpenCV's fixed-point luma; a fourth channel
        is ignored. Floats in [0, 1] and uint16 are rounded to 8 bits, so the map of ``image / 255``
        equals that of ``image``. A stack has one more axis in front, and each frame is processed
        separately. A device array (Numba, CuPy, PyTorch) stays on its device.
    exact : bool, default False
        Sum the windows in integers. OpenCV sums in float32, which rounds if the grey levels of an
        image sum to more than 2**23. The normalisation then amplifies the error: a white image of
        1920 x 1080 gets spots of saliency 1. With `exact` it is 0 everywhere.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two; None if it is a stack of grey images.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `image`. uint8 gets 255 * saliency, which is a whole number.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1], in steps of 1/255. An image of one level scores 0 everywhere. CPU, CUDA and any
        number of threads give the same bits.

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
    The image is smoothed twice by a 3x3 binomial window. Window sizes n are 12, 24, 28, 48, 56 and
    112. Each pixel is compared with the mean of its window, without the pixel. The window spans
    rows y-n+1 to y+n and columns x-n+1 to x+n, clipped at the borders. Positive differences (in
    whole grey levels) are summed into ON, negative ones into OFF. Each sum is scaled to 255 and
    truncated. The map is ON + OFF modulo 256 [1]_.

    References
    ----------
    .. [1] S. Montabone and A. Soto, "Human detection using a mobile platform and novel features
       derived from a visual saliency mechanism", Image and Vision Computing 28(3), 2010.
       https://doi.org/10.1016/j.imavis.2009.06.006

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((5, 7), np.uint8)
    >>> image[2, 3] = 255
    >>> fastsal.fine_grained(image)[2, 3]
    np.float32(1.0)
    """
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)
    is_exact = validation.flag("exact", exact)

    def fill(call: Call) -> None:
        (source,) = call.inputs
        if source.pixels.dtype == np.uint16:
            source = in_levels(call, source, np.uint8)
        call.kernels(__package__).fine_grained(
            source.pixels, source.channels, source.weights, source.shape[-1], is_exact,
            call.saliency,
        )  # fmt: skip

    return compute(fill, backend, out, frames)
