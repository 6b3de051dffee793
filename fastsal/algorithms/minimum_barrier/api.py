"""Minimum barrier saliency: the object that a path from the border must climb to reach."""

from __future__ import annotations

import numbers
from typing import Any

from numpy.typing import ArrayLike

from ... import images, runtime
from ...parts import Jobs


def minimum_barrier(
    image: ArrayLike,
    *,
    background: bool = True,
    center: bool = False,
    refine: bool = True,
    size: int = 300,
    color: images.Color = "rgb",
    channel_axis: int | None = -1,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Score each pixel by the barrier between it and the border of the image.

    The map shows whole objects with sharp outlines. To find the main object of a photograph, use
    ``center=True``. To predict where people look, other methods are better.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. Floats lie in [0, 1]. A stack has one
        more axis in front, and each frame is scored by itself. A device array (Numba, CuPy,
        PyTorch) stays on its device.
    background : bool, default True
        Add the background cue, how unlike the colours along the border a pixel is. This is MB+ of
        the paper; without it the map is MB.
    center : bool, default False
        Multiply by a cone, 1 at the centre and 0 at the corners. Photographers put the main object
        in the middle.
    refine : bool, default True
        Remove small details by an opening and a closing by reconstruction, then raise the contrast
        by a sigmoid. This is the post-processing of the paper.
    size : int, default 300
        Cells along the longer side on which distances are measured: 3 to 2000. Smaller images are
        not enlarged.
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
        In [0, 1]. An image of one colour scores 0 everywhere, and so does an artificial frame
        around the image. Any number of threads gives the same bits. The distances are integers and
        equal on CPU and CUDA. The other steps are float32 and agree to 1e-4; with `refine`, a pixel
        that lies between two of 256 levels may move, with its neighbours, by 0.01.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device); or if `out` does not fit it.
    ValueError
        If `size`, `color` or `backend` is not one of the allowed values.
    TypeError
        If `background`, `center` or `refine` is not a bool.
    BackendUnavailableError
        If `backend` was requested by name and cannot run here.

    See Also
    --------
    salient_boxes : Boxes around the objects of a map.

    Notes
    -----
    The barrier of a path is the difference between its greatest and its least value. The distance
    of a pixel is the smallest barrier of all paths to the border [1]_. It is approximated in each
    plane of 8-bit CIELab, after a 5 x 5 median, by three raster passes; the sum of the three
    planes is divided by its maximum. Background cue: for each of four strips along the border, a
    tenth of the side wide, the distance from its mean colour in units of its whitened covariance;
    the greatest of the four is left out. An artificial frame within a fifteenth of the longer side
    is found by straight edges parallel to the sides, and cut off before anything is measured.

    References
    ----------
    .. [1] J. Zhang, S. Sclaroff, Z. Lin, X. Shen, B. Price and R. Mech, "Minimum barrier salient
       object detection at 80 FPS", ICCV 2015. https://doi.org/10.1109/ICCV.2015.165

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.full((60, 80, 3), 100, np.uint8)
    >>> image[20:40, 30:50] = 200, 60, 60
    >>> saliency = fastsal.minimum_barrier(image)
    >>> float(saliency[30, 40]), float(saliency[5, 5])
    (1.0, 0.0)
    """
    frames = images.as_frames(image, color=color, channel_axis=channel_axis, dtypes=images.DTYPES)
    steps = tuple(
        _checked_flag(name, value)
        for name, value in (("background", background), ("center", center), ("refine", refine))
    )
    longer = _checked_size(size)
    jobs = Jobs(backend, out, frames)
    for job in jobs:
        (source,) = job.inputs
        bench = runtime.bench(__package__, job.target)
        bench.minimum_barrier(
            source.pixels, source.channels, color == "rgb", frames.shape[-1], longer, steps,
            job.saliency,
        )  # fmt: skip
    return jobs.result


def _checked_flag(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be True or False; got {value!r}")
    return value


def _checked_size(size: int) -> int:
    is_whole = isinstance(size, numbers.Integral) and not isinstance(size, bool)
    if not is_whole or not 3 <= size <= 2000:
        raise ValueError(f"`size` must be a whole number from 3 to 2000; got {size!r}")
    return int(size)
