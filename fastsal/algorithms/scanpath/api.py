"""Scanpath: predicted fixations on a saliency map, by winner-take-all and inhibition of return."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images, runtime, validation
from ...annotations import DeviceArray
from ...call import Call
from ...errors import ImageError
from ...images import Array

MOST_FOCI = 1_000_000  # which takes about half a minute


@overload
def scanpath(
    saliency: ArrayLike | DeviceArray,
    n: int = ...,
    *,
    return_times: Literal[False] = ...,
    backend: runtime.Choice = ...,
) -> NDArray[np.int64]: ...
@overload
def scanpath(
    saliency: ArrayLike | DeviceArray,
    n: int = ...,
    *,
    return_times: Literal[True],
    backend: runtime.Choice = ...,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
def scanpath(
    saliency: ArrayLike | DeviceArray,
    n: int = 5,
    *,
    return_times: bool = False,
    backend: runtime.Choice = "auto",
) -> Array:
    """Predict a sequence of fixations, (row, column), on a saliency map.

    Each fixation is the maximum of the map (winner-take-all). Its surroundings are then suppressed
    (inhibition of return). It works on the map of any method.

    Parameters
    ----------
    saliency : array of uint8 or float, (H, W)
        Saliency map. Floats lie in [0, 1]; uint8 values are divided by 255. For a map on a device
        (Numba, CuPy, PyTorch), a few thousand cells are copied to the host.
    n : int, default 5
        Number of fixations, 1 to 1,000,000. A thousand take about 30 ms.
    return_times : bool, default False
        Also return the time of each fixation.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to reduce the map to cells. "auto" takes the device for device arrays and the CPU for
        others. The result is the same.

    Returns
    -------
    foci : ndarray of int64, (n, 2)
        Row and column of each fixation, in order. The shape is (0, 2) if the map is 0 everywhere.
    times : ndarray of float64, (n,)
        With `return_times`: time of each fixation, in seconds from the start.

    Raises
    ------
    ImageError
        If `saliency` is empty or not a map of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device).
    ValueError
        If `n` is not an integer from 1 to 1,000,000, or `backend` is not one of the listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Notes
    -----
    The map is averaged over square cells, about 64 along the shorter side. Every cell is a leaky
    integrate-and-fire neuron with the saliency as its input current. The first neuron that fires
    wins, and all are reset ([1]_, Section 2.2). The fixation is the maximum pixel of the winning
    cell. A shift takes 30 ms at saliency 1, and up to 70 ms at lower saliency. A disk around the
    fixation is then inhibited for 0.7 seconds; its radius is a sixth of the shorter side.

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
        raise ImageError(f"`saliency` must have shape (H, W); got {frames.shape}")
    with_times = validation.flag("return_times", return_times)
    with Call(backend, None, frames) as call:
        levels = call.inputs[0].pixels.reshape(frames.shape)
        foci, times = call.kernels(__package__).foci_of(levels, 1 / frames.white, count)
    return (foci, times) if with_times else foci
