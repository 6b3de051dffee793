"""The map of Itti, Koch and Niebur: intensity, colour and orientation against their surround."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from ... import images, runtime
from ...kernels import finish
from ...parts import Jobs
from . import options


class Conspicuity(NamedTuple):
    """What a map is made of, each part scaled to [0, 1] by itself."""

    intensity: Any
    color: Any
    orientation: Any


def itti_koch(
    image: ArrayLike,
    *,
    preset: str | options.IttiOptions = "default",
    smooth: float | None = None,
    center_bias: float = 0,
    return_conspicuity: bool = False,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each pixel by how intensity, colour and orientation stand out from their surround.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels, which have no colour to stand out by, or colours; a fourth channel is ignored.
        Floats lie in [0, 1] and stand for 255 times as much. A stack has one more axis in front
        and each frame is scored by itself. A device array (Numba, CuPy, PyTorch) stays on its
        device.
    preset : {"default", "paper", "fixation"} or IttiOptions, default "default"
        What the model leaves open. "paper" takes the paper by the letter and finds least of what
        people look at; "default" signs orientations, lets features fall off to the border, and
        takes colours as differences; "fixation" besides takes the colours of CIELab, counts
        orientations half and smooths by 0.02, which finds most.
    smooth : float, optional
        Blur the map by a Gaussian of this share of its width. People's eyes land beside what they
        look at, so maps that are compared with fixations gain by 0.02 or 0.03: in NSS some 6 %, in
        AUC 0.01. By default what the preset says, which is 0 but for "fixation".
    center_bias : float, default 0
        How much of the map, 0 to 1, is multiplied by a Gaussian around the centre, a quarter of
        either side wide. Photographers put in the middle what people look at: NSS and AUC gain by
        it, and shuffled AUC, which is not taken in, loses.
    return_conspicuity : bool, default False
        Return the three maps that the map is made of, too.
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
        In [0, 1], from its least to its greatest value before the map is enlarged to the size of
        the image, sixteenfold; 0 everywhere for an image of one colour, and for one that is no
        larger than 16 x 16. Any number of threads gives the same bits; CPU and CUDA agree to 1e-4,
        but where two pixels are so alike that rounding says which of them is a local maximum.
    conspicuity : tuple of arrays of float32
        With `return_conspicuity`: ``intensity``, ``color`` and ``orientation``, like `saliency`.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device); or if `out` does not fit it.
    ValueError
        If `preset`, `smooth` or `center_bias` is none of what they may be, or `color` or `backend`
        none of those named.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    Notes
    -----
    Scale s has a pixel for 2**s of the image's each way. Scale 2 is taken through a window of
    1 3 6 10 12 12 10 6 3 1, coarser ones through 1 3 3 1, so that pixels lie in the middle of
    those they stand for and a picture turned by 90 degrees has the same map, turned. At each
    scale there are intensity, red against green, blue against yellow, and Gabor filters of four
    orientations (9 x 9 pixels, period 7, sigma 7/3). Each is compared at scales 2, 3 and 4 with
    itself three and four scales further up; pairs whose surround is larger than the image are
    left out, but (2, 5). These features N stretches to [0, 1] and weighs by the square of what
    the maximum exceeds the mean of the other local maxima by, so that one peak counts for more
    than many [1]_. They are added up at scale 4 to a map of intensity, one of colour and, each
    orientation after another N, one of orientation, whose N make the map.

    Unlike in the paper, colours are taken of scale 2, not of pixels, and freed of brightness
    where it is more than a tenth of the greatest.

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
    smooth, center_bias = finish.checked(settings.smooth if smooth is None else smooth, center_bias)
    frames = images.as_frames(
        image,
        color=color,
        channel_axis=channel_axis,
        dtypes=("uint8", "uint16", "float32", "float64"),
    )
    parts: Any = ()

    def fill(job: images.Job) -> None:
        (source,) = job.inputs
        runtime.bench(__package__, job.target).itti_koch(
            source.pixels, source.channels, source.weights, frames.shape[-1], settings,
            smooth, center_bias, job.saliency, parts,
        )  # fmt: skip

    if return_conspicuity:
        job = images.Job(backend, out, frames)
        parts = job.add_maps(3)
        fill(job)
        return job.result(), Conspicuity(*job.added_maps())
    jobs = Jobs(backend, out, frames)
    for job in jobs:
        fill(job)
    return jobs.result
