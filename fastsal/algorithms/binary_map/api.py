"""Binary maps: a saliency map cut into foreground and background."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import containers, devices, images, runtime, validation
from ...errors import ImageError
from ...parts import Jobs
from . import _draws

_LARGEST = 1e30  # of the values for OpenCV's k-means, which does not end beyond 1e37
_METHODS = ("otsu", "adaptive", "kmeans")
DTYPES = ("uint8", "float32", "float64")


def binary_map(
    saliency: ArrayLike,
    *,
    method: Literal["otsu", "adaptive", "kmeans"] = "otsu",
    seed: int | None = None,
    out: Any = None,
    backend: runtime.Choice = "auto",
) -> Any:
    """Cut a saliency map into what stands out and what does not.

    Parameters
    ----------
    saliency : array of uint8 or float, (H, W) or (N, H, W)
        A map, or a stack of them, each cut for itself. Floats lie in [0, 1]; bytes stand for
        255ths.
    method : {"otsu", "adaptive", "kmeans"}, default "otsu"
        "otsu": above the level of grey, of 256, that splits the map best [1]_. "adaptive": above
        twice the mean [2]_. "kmeans": the ``computeBinaryMap`` of OpenCV's saliency module, bit
        for bit: five clusters, the best of five random starts, their centres split by Otsu.
    seed : int, optional
        For "kmeans", where its random starts come from: the map is that after
        ``cv2.setRNGSeed(seed)``. Without one it is that of a program's first call, every time.
        OpenCV stops so early that another seed may give quite another map.
    out : array of uint8, optional
        Where to put the binary map: C-contiguous, of the map's shape, in the same kind of memory.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    binary : array of uint8 (or `out`), (H, W) or (N, H, W)
        255 for foreground, 0 for background. CPU, CUDA and any number of threads give the same
        bits. A map of one value is all background if round(255 * value) is 0 or the method is
        "adaptive". Otherwise it is all foreground, as in OpenCV.

    Raises
    ------
    ImageError
        If `saliency` is empty or not a map of one of these forms, holds NaN or floats outside
        [0, 1] (on a device these are not looked for: "otsu" and "adaptive" take them as the nearer
        bound, "kmeans" as they are, and all take NaN as 0), or has less than five pixels for
        "kmeans"; or if `out` does not fit it.
    ValueError
        If `method` or `backend` is none of those named, or `seed` no integer.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on
       Systems, Man, and Cybernetics 9(1), 1979. https://doi.org/10.1109/TSMC.1979.4310076
    .. [2] R. Achanta, S. Hemami, F. Estrada and S. Susstrunk, "Frequency-tuned salient region
       detection", CVPR 2009. https://doi.org/10.1109/CVPR.2009.5206596

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> fastsal.binary_map(np.float32([[0, 0.1, 0.9], [0.1, 0.8, 0.2]]))
    array([[  0,   0, 255],
           [  0, 255,   0]], dtype=uint8)
    """
    if method not in _METHODS:
        raise ValueError(f"method must be 'otsu', 'adaptive' or 'kmeans', got {method!r}")
    starts, _ = _draws.starts(_draws.state_of_seed(_checked_seed(seed)))
    frames = images.as_frames(saliency, channel_axis=None, dtypes=DTYPES, name="saliency")
    return _binary(frames, method, starts, out, backend)


def opencv_binary_map(
    saliency: ArrayLike, state: int, *, out: Any = None, backend: runtime.Choice = "auto"
) -> tuple[Any, int]:
    """Return OpenCV's binary map from a state of its random generator, and the state after it.

    Parameters
    ----------
    saliency : array of float32, (H, W)
        Any values from -1e30 to 1e30. Grey, which Otsu's method splits, has no levels above 1 or
        below 0.
    state : int
        The state of 64 bits; `state_of_seed` gives that after ``cv2.setRNGSeed``.
    out : array of uint8, optional
        As in `binary_map`.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        As in `binary_map`.

    Returns
    -------
    binary : array of uint8 (or `out`), (H, W)
        255 for foreground, 0 for background.
    next_state : int
        The state of the generator for the next call.

    Raises
    ------
    ImageError
        If `saliency` is no such map, has less than five pixels, or holds NaN or infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.algorithms.binary_map import opencv_binary_map, state_of_seed
    >>> binary, state = opencv_binary_map(np.eye(3, dtype=np.float32), state_of_seed(7))
    >>> binary[0]
    array([255,   0,   0], dtype=uint8)
    """
    starts, next_state = _draws.starts(state)
    frames = images.as_frames(
        saliency, channel_axis=None, dtypes=("float32",), name="saliency", largest=_LARGEST
    )
    return _binary(frames, "kmeans", starts, out, backend), next_state


def _binary(
    frames: images.Frames,
    method: str,
    starts: NDArray[np.float32],
    out: Any,
    backend: runtime.Choice,
) -> Any:
    if method == "kmeans" and frames.flat_shape[1] < _draws.CLUSTERS:
        raise ImageError(f"expected saliency of 5 pixels or more for k-means, got {frames.shape}")
    jobs = Jobs(backend, _byte_out(out, frames), frames)
    for job in jobs:
        bench = runtime.bench(__package__, job.target)
        bench.binary_map(job.inputs[0].pixels, method, starts, job.saliency)
    return jobs.result


def _checked_seed(seed: int | None) -> int:
    return 0 if seed is None else validation.integer("seed", seed)


def _byte_out(out: Any, frames: images.Frames) -> Any:
    """Return where bytes go: `out`, or a new array beside the map."""
    if out is None:
        return images.new_array(frames, frames.shape, np.uint8)
    is_known = isinstance(out, np.ndarray) or devices.is_device_array(out)
    is_known = is_known or containers.is_tensor(out)
    if is_known and devices.dtype_of(out) != np.uint8:
        raise ImageError(f"expected out as uint8, got {devices.dtype_of(out)}")
    return out
