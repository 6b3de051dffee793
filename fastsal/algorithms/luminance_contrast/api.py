"""Luminance contrast (LC): saliency from the grey-level histogram alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime
from ...kernels.levels import in_levels
from ...parts import Jobs


def luminance_contrast(
    image: ArrayLike,
    *,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each pixel by how far its grey level lies from those of all others.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels, or colours, which OpenCV's fixed-point luma turns into grey levels; a fourth
        channel is ignored. Floats lie in [0, 1] and are rounded to the 65,536 levels of uint16.
        A stack has one more axis in front and each frame is scored by itself. A device array
        (Numba, CuPy, PyTorch) stays on its device.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two; None if it is a stack of grey images.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `image`. uint8 gets round(255 * saliency).
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others, since
        moving a picture to a device and back takes longer than this map takes here.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1]: of the levels present the most contrasting scores 1 and the least 0. An image
        of one level scores 0 everywhere.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (on a device these become the nearer bound, NaN becomes 0); or if `out` does not
        fit it.
    ValueError
        If `color` or `backend` is none of those named.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    Notes
    -----
    A pixel of level v has the contrast sum over u of count(u) * abs(v - u). Counting levels first
    makes this O(H * W + levels) instead of O((H * W)**2) [1]_. All sums are integers, so their
    order cannot matter: CPU, CUDA and any number of threads give the same bits.

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
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, dtypes=images.DTYPES)
    jobs = Jobs(backend, out, frames)
    for job in jobs:
        (source,) = job.inputs
        if source.pixels.dtype == np.float32:
            source = in_levels(source, job.target, np.uint16)
        bench = runtime.bench(__package__, job.target)
        bench.luminance_contrast(source.pixels, source.channels, source.weights, job.saliency)
    return jobs.result
