"""Whitened differences of Gaussians: cells that are jointly unusual in colour and scale."""

from __future__ import annotations

import numbers
from typing import Any

from numpy.typing import ArrayLike

from ... import images, runtime
from ...kernels import finish
from ...parts import Jobs


def whitened(
    image: ArrayLike,
    *,
    size: int = 128,
    smooth: float = 0.02,
    center_bias: float = 0.0,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each pixel by how unusual its differences of Gaussians are, all of them taken together.

    The method works on a thumbnail, so it costs little. Borders and letterbox bars do not disturb
    it. It predicts where people look better than `image_signature` does.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. Floats lie in [0, 1], and
        ``image / 255`` gives nearly the map of ``image``. A stack has one more axis in front and
        each frame is scored by itself. A device array (Numba, CuPy, PyTorch) stays on its device.
    size : int, default 128
        Cells along the longer side of the thumbnail: 8 to 512. 64 takes a quarter of the time and
        is nearly as accurate.
    smooth : float, default 0.02
        Sigma of the Gaussian that blurs the map, as a fraction of its width: 0 to 1.
    center_bias : float, default 0
        From 0 to 1: the fraction of the map that is multiplied by a Gaussian around its centre, a
        quarter of the image wide and high. People look at the middle of photographs anyway.
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
        In [0, 1]. An image of one colour scores 0 everywhere, and so does an image of a few pixels.
        Any number of threads gives the same bits. CPU and CUDA agree to 1e-3.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device); or if `out` does not fit it.
    ValueError
        If `size`, `smooth`, `center_bias`, `color` or `backend` is not one of the allowed values.
    BackendUnavailableError
        If `backend` was requested by name and cannot run here.

    Notes
    -----
    The image is divided into near squares, each of which gets the CIELab of its mean colour (that
    of eight of its rows, if it has more). Each of the three planes is blurred by seven Gaussians,
    of 0.8 to 12.7 cells at size 128; smaller sizes take those of half a cell and more. The signed
    differences between neighbouring scales are standardised. A cell's score is their squared
    Mahalanobis distance ``f.T @ inv(C + 0.001 I) @ f``, with their correlation matrix C: after
    whitening, only what is unusual in all colours and scales together counts. Differences whose
    standard deviation is below 0.001 are taken for rounding errors and left out. The idea is
    Rosenholtz's [1]_; whitening colours and scales was proposed by Garcia-Diaz et al. [2]_, who
    whiten log-Gabor energies instead.

    References
    ----------
    .. [1] R. Rosenholtz, "A simple saliency model predicts a number of motion popout phenomena",
       Vision Research 39(19), 1999. https://doi.org/10.1016/S0042-6989(99)00077-2
    .. [2] A. Garcia-Diaz, X. R. Fdez-Vidal, X. M. Pardo and R. Dosil, "Saliency from hierarchical
       adaptation through decorrelation and variance normalization", Image and Vision Computing
       30(1), 2012. https://doi.org/10.1016/j.imavis.2011.11.007

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.full((60, 80, 3), 100, np.uint8)
    >>> image[20:28, 40:48] = 200, 60, 60
    >>> saliency = fastsal.whitened(image)
    >>> bool(saliency[20:28, 40:48].min() > saliency[:, :30].max())
    True
    """
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, dtypes=images.DTYPES)
    longer = _checked_size(size)
    options = finish.checked(smooth, center_bias)
    jobs = Jobs(backend, out, frames)
    for job in jobs:
        (source,) = job.inputs
        bench = runtime.bench(__package__, job.target)
        bench.whitened(
            source.pixels, source.channels, color == "rgb", frames.shape[-1], longer, *options,
            job.saliency,
        )  # fmt: skip
    return jobs.result


def _checked_size(size: int) -> int:
    is_whole = isinstance(size, numbers.Integral) and not isinstance(size, bool)
    if not is_whole or not 8 <= size <= 512:
        raise ValueError(f"`size` must be a whole number from 8 to 512; got {size!r}")
    return int(size)
