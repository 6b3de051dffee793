"""Centre-surround saliency (VOCUS2): contrast in intensity and opponent colours."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime, validation
from ...annotations import of_image
from ...call import Call
from ...chunked import compute
from ...images import Array, Color
from ...kernels import postprocess
from .forms import FORMS


@of_image(np.float32)
def center_surround(
    image: ArrayLike,
    *,
    variant: Literal["fast", "vocus2"] = "fast",
    smooth: float | None = None,
    center_bias: float = 0.0,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute centre-surround contrast in intensity and opponent colours (VOCUS2).

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. Floats lie in [0, 1]; the map of
        ``image / 255`` is nearly that of ``image``. A stack has one more axis in front, and each
        frame is processed separately. A device array (Numba, CuPy, PyTorch) stays on its device.
    variant : {"fast", "vocus2"}, default "fast"
        "fast" reduces the image to 200 cells along its longer side and fades the map towards the
        borders. "vocus2" gives the values of the authors' program with its default settings, to
        1e-5: full resolution, ten scales, no fading. It is much slower.
    smooth : float, optional
        Sigma of the Gaussian blur, as a fraction of the map's width: 0 to 1. Default: 0.02 for
        "fast" and 0 for "vocus2". On 40 photographs with fixations (OSIE), 0.02 raises NSS from
        1.16 to 1.20 and AUC from 0.78 to 0.80; for "vocus2" from 1.06 to 1.12 and from 0.76 to
        0.78. Values above 0.03 do not help further.
    center_bias : float, default 0
        Weight in [0, 1] of a Gaussian around the centre (sigma: a quarter of each side). On the
        same photographs, 0.5 raises NSS from 1.20 to 1.31 and AUC from 0.80 to 0.81; 1 gives 1.27
        and 0.81. Shuffled AUC, which does not reward a centre bias, falls from 0.70 to 0.68 and
        0.62.
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
        afterwards. Uniform images give 0. Results are bit-identical for any number of threads; CPU
        and CUDA agree to 1e-4.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device). If `out` does not fit it.
    ValueError
        If `variant`, `smooth`, `center_bias`, `color` or `backend` is not one of the allowed
        values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    Intensity, red-green and blue-yellow are blurred by a narrow and a wide Gaussian in every octave
    of a pyramid. The map is the sum of their absolute differences over channels and octaves [1]_.
    "fast" has four octaves of one scale, sigmas of 1 and 5 pixels, and weight 0.5 for intensity.
    "vocus2" has five octaves of two scales and sigmas of 3 and 13 pixels.

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
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)
    form = FORMS[validation.choice("variant", variant, FORMS)]
    options = postprocess.checked(form.smooth if smooth is None else smooth, center_bias)

    def fill(call: Call) -> None:
        (source,) = call.inputs
        call.kernels(__package__).center_surround(
            source.pixels, source.channels, source.is_rgb, source.shape[-1], form, *options,
            call.saliency,
        )  # fmt: skip

    return compute(fill, backend, out, frames)
