"""Centre-surround saliency: how far each place differs from what is around it."""

from __future__ import annotations

from typing import Any, Literal

from numpy.typing import ArrayLike

from ... import images, runtime, validation
from ...kernels import finish
from ...parts import Jobs
from .forms import FORMS


def center_surround(
    image: ArrayLike,
    *,
    variant: Literal["fast", "vocus2"] = "fast",
    smooth: float | None = None,
    center_bias: float = 0.0,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each pixel by how far its place differs from its surround, in light and in colour.

    Parameters
    ----------
    image : array_like of uint8 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. Floats lie in [0, 1], and
        ``image / 255`` gives the map of ``image``, nearly. A stack has one more axis in front and
        each frame is scored by itself. A device array (Numba, CuPy, PyTorch) stays on its device.
    variant : {"fast", "vocus2"}, default "fast"
        "fast" reduces the image to 200 cells along its longer side and fades the map towards the
        borders, where surrounds are cut. "vocus2" gives the values of the authors' program with
        its default settings, to 1e-5: all pixels, ten scales, no fading, and far more work.
    smooth : float, optional
        Sigma of the Gaussian that blurs the map, as a fraction of its width: 0 to 1, 0 for none.
        By default 0.02 for "fast" and 0 for "vocus2". Of 40 photographs with fixations (OSIE)
        0.02 brings NSS from 1.16 to 1.20 and AUC from 0.78 to 0.80, of "vocus2" from 1.06 to 1.12
        and from 0.76 to 0.78; more than 0.03 helps no further.
    center_bias : float, default 0
        From 0 to 1: the share of the map that is multiplied by a Gaussian around its centre, a
        quarter of the image wide and high. Photographers put things in the middle and people look
        there: on the same photographs 0.5 brings NSS from 1.20 to 1.31 and AUC from 0.80 to 0.81,
        and 1 to 1.27 and 0.81, since the map fades to the borders anyway; AUC against fixations of
        other photographs, which takes the middle into account, falls from 0.70 to 0.68 and 0.62.
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
        In [0, 1]. The greatest value is 1 before the map is enlarged to the size of the image, and
        mostly a little less after. An image of one colour scores 0 everywhere. Any number of
        threads gives the same bits; CPU and CUDA agree to 1e-4.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device); or if `out` does not fit it.
    ValueError
        If `variant`, `smooth`, `center_bias`, `color` or `backend` is none of those allowed.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    Notes
    -----
    Intensity, red against green and blue against yellow are blurred by a narrow and by a wide
    Gaussian, in octaves, each half the size of the last; what the two blurs of a channel differ
    by, of whatever sign, adds up over channels and octaves to the map [1]_. "fast" has four
    octaves of one scale, blurs of 1 and 5 pixels, and half a weight for intensity; "vocus2" five
    octaves of two scales and blurs of 3 and 13 pixels.

    References
    ----------
    .. [1] S. Frintrop, T. Werner and G. Martin Garcia, "Traditional saliency reloaded: a good old
       model in new shape", CVPR 2015. https://doi.org/10.1109/CVPR.2015.7298603

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.full((60, 80, 3), 100, np.uint8)
    >>> image[20:28, 40:48] = 200, 60, 60
    >>> saliency = fastsal.center_surround(image)
    >>> bool(saliency[20:28, 40:48].min() > saliency[:, :30].max())
    True
    """
    frames = images.as_frames(
        image, color=color, channel_axis=channel_axis, dtypes=("uint8", "float32", "float64")
    )
    form = FORMS[validation.choice("variant", variant, FORMS)]
    options = finish.checked(form.smooth if smooth is None else smooth, center_bias)
    width, is_rgb = frames.shape[-1], color == "rgb"
    jobs = Jobs(backend, out, frames)
    for job in jobs:
        (source,) = job.inputs
        bench = runtime.bench(__package__, job.target)
        bench.center_surround(
            source.pixels, source.channels, is_rgb, width, form, *options, job.saliency
        )
    return jobs.result
