"""The scan path: where attention goes on a saliency map, one place after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ... import devices, images, runtime, validation
from ...errors import ImageError

MOST_FOCI = 1_000_000  # which takes about half a minute


def scanpath(
    saliency: ArrayLike,
    n: int = 5,
    *,
    return_times: bool = False,
    backend: runtime.Choice = "auto",
) -> Any:
    """Return the places that attention goes to on a saliency map, in their order.

    Works on the map of any method.

    Parameters
    ----------
    saliency : array of uint8 or float, (H, W)
        The map. Floats lie in [0, 1]; bytes stand for 255ths. Of a map on a device (Numba, CuPy,
        PyTorch) some thousand cells are copied to the host, where the foci are used.
    n : int, default 5
        How many places, at most 1,000,000. A thousand take about 30 ms.
    return_times : bool, default False
        Return when each is reached, too.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to read the map. "auto" takes the device for device arrays and the CPU for others.
        Both find the same foci.

    Returns
    -------
    foci : ndarray of int64, (n, 2)
        Row and column of each focus. Where all is 0 there is none: then this is (0, 2).
    times : ndarray of float64, (n,)
        With `return_times`: seconds from the start until each is reached.

    Raises
    ------
    ImageError
        If `saliency` is empty or not a map of one of these forms, or holds NaN or floats outside
        [0, 1] (not looked for on a device).
    ValueError
        If `n` is not an integer from 1 to 1,000,000, or `backend` none of those named.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    Notes
    -----
    The map is averaged over square cells, some 64 to the shorter side; the greatest pixel of the
    cell that wins is the focus. Every cell is a leaky integrate-and-fire neuron that saliency
    charges; the first to fire wins, and all start anew [1]_. A shift takes 30 ms where saliency is
    1 and up to 70 where it is less. The disk around the focus, its radius a sixth of the shorter
    side, then does not win for 0.7 seconds; if nothing else is left, attention waits.

    References
    ----------
    .. [1] L. Itti, C. Koch and E. Niebur, "A model of saliency-based visual attention for rapid
       scene analysis", IEEE TPAMI 20(11), 1998. https://doi.org/10.1109/34.730558

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> saliency = np.zeros((30, 40), np.float32)
    >>> saliency[5, 30], saliency[20, 10] = 0.5, 1
    >>> fastsal.scanpath(saliency, 2)
    array([[20, 10],
           [ 5, 30]])
    """
    count = validation.integer("n", n, 1, MOST_FOCI)
    frames = images.as_frames(
        saliency,
        channel_axis=None,
        dtypes=("uint8", "float32", "float64"),
        name="saliency",
    )
    if len(frames.shape) != 2:
        raise ImageError(f"expected saliency of shape (H, W), got {frames.shape}")
    target = runtime.resolve(backend, on_device=frames.owner is not None)
    levels = frames.pixels
    if target == "cuda" and frames.owner is None:
        levels = devices.upload(levels, "scanpath map")
    levels = levels.reshape(frames.shape)
    if target == "cpu":
        levels = images.read_only(levels)
    unit = 1 / 255 if levels.dtype == np.uint8 else 1.0
    foci, times = runtime.bench(__package__, target).foci_of(levels, unit, count)
    return (foci, times) if return_times else foci
