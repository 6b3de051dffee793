"""Minimum barrier saliency: the minimum barrier distance to the image border."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime, validation
from ...annotations import of_image
from ...call import Call
from ...chunked import compute
from ...images import Array, Color


@of_image(np.float32)
def minimum_barrier(
    image: ArrayLike,
    *,
    background: bool = True,
    center: bool = False,
    refine: bool = True,
    size: int = 300,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute the minimum barrier distance of each pixel to the image border (MB+).

    The map shows whole objects with sharp outlines. To find the main object of a photograph, use
    ``center=True``. To predict fixations, use `boolean_map`.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. Floats lie in [0, 1]. A stack has one
        more axis in front, and each frame is processed separately. A device array (Numba, CuPy,
        PyTorch) stays on its device.
    background : bool, default True
        Add the background cue, the colour distance to the image border. This is MB+ of the paper;
        without it the map is MB.
    center : bool, default False
        Multiply by a cone, 1 at the centre and 0 at the corners. Photographers put the main object
        in the middle.
    refine : bool, default True
        Post-processing of the paper: opening and closing by reconstruction, then a sigmoid.
    size : int, default 300
        Cells along the longer side of the reduced image, 3 to 2000. Smaller images keep their size.
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
        In [0, 1]. An image of one colour gives 0 everywhere, and an artificial frame around the
        image gives 0 too. Results are bit-identical for any number of threads. The distances are
        integers, equal on CPU and CUDA; the other steps agree to 1e-4. With `refine`, a pixel
        between two of 256 levels may differ by 0.01, together with its neighbours.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device). If `out` does not fit it.
    ValueError
        If `size`, `color` or `backend` is not one of the allowed values.
    TypeError
        If `background`, `center` or `refine` is not a bool.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    See Also
    --------
    salient_boxes : Boxes around the objects of a map.

    Notes
    -----
    The barrier of a path is its maximum minus its minimum. The distance of a pixel is the minimum
    barrier of all paths to the border [1]_. It is approximated by three raster passes in each plane
    of 8-bit CIELab, after a 5 x 5 median. The sum of the three planes is divided by its maximum.

    The background cue (Section 3.3) uses four strips along the border, a tenth of the side wide. It
    sums the Mahalanobis distances to their mean colours, without the maximum of the four. The
    post-processing is that of Section 3.4 (Eq. 9 and 11).

    Straight edges parallel to the sides, within a fifteenth of the longer side, mark an artificial
    frame. It is removed before all other steps.

    On 64 photographs with object masks (PASCAL-S) max F is 0.67, the mean absolute error 0.23 and
    weighted F 0.48 with ``center=True``. They are 0.63, 0.28 and 0.43 without it.

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
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)
    steps = tuple(
        validation.flag(name, value)
        for name, value in (("background", background), ("center", center), ("refine", refine))
    )
    longer = validation.integer("size", size, 3, 2000)

    def fill(call: Call) -> None:
        (source,) = call.inputs
        call.kernels(__package__).minimum_barrier(
            source.pixels, source.channels, source.is_rgb, source.shape[-1], longer, steps,
            call.saliency,
        )  # fmt: skip

    return compute(fill, backend, out, frames)
