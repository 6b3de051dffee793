"""Binary maps: threshold a saliency map into foreground and background."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import containers, devices, images, runtime, validation
from ...annotations import of_map
from ...call import Call
from ...chunked import compute
from ...errors import ImageError
from ...images import Array
from . import _draws

_LARGEST = 1e30  # of the values for OpenCV's k-means, which does not end beyond 1e37
_METHODS = ("otsu", "adaptive", "kmeans")
DTYPES = ("uint8", "float32", "float64")


@of_map(np.uint8)
def binary_map(
    saliency: ArrayLike,
    *,
    method: Literal["otsu", "adaptive", "kmeans"] = "otsu",
    seed: int | None = None,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Threshold a saliency map into foreground and background.

    Parameters
    ----------
    saliency : array of uint8 or float, (H, W) or (N, H, W)
        Saliency map, or a stack of maps that are processed separately. Floats lie in [0, 1]; uint8
        values are divided by 255.
    method : {"otsu", "adaptive", "kmeans"}, default "otsu"
        "otsu": Otsu's threshold on 256 levels [1]_. "adaptive": twice the mean [2]_. "kmeans":
        ``computeBinaryMap`` of OpenCV's saliency module, bit for bit. It takes the best of five
        random starts of k-means with five clusters, then Otsu's threshold on the centres.
    seed : int, optional
        Seed of "kmeans": the result is that of OpenCV after ``cv2.setRNGSeed(seed)``. Default: 0,
        the state of OpenCV at the start of a program. OpenCV stops early, so another seed may give
        a very different map.
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
        If `saliency` is empty, is not a map of one of these forms, or holds NaN or floats outside
        [0, 1]. If it has fewer than five pixels for "kmeans". If `out` does not fit it. Values
        on a device are not checked. "otsu" and "adaptive" then clip them to [0, 1], "kmeans" does
        not, and NaN becomes 0.
    ValueError
        If `method` or `backend` is not one of the listed values, or `seed` is not an integer.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

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
    validation.choice("method", method, _METHODS)
    starts, _ = _draws.starts(_draws.state_of_seed(_checked_seed(seed)))
    frames = images.as_frames(saliency, channel_axis=None, dtypes=DTYPES, name="saliency")
    return _binary(frames, method, starts, out, backend)


def opencv_binary_map(
    saliency: ArrayLike, state: int, *, out: Any = None, backend: runtime.Choice = "auto"
) -> tuple[Any, int]:
    """Compute OpenCV's binary map from a state of its random generator.

    Parameters
    ----------
    saliency : array of float32, (H, W)
        Values from -1e30 to 1e30. Otsu's method clips them to [0, 1].
    state : int
        64-bit state of the generator; `state_of_seed` returns the state after ``cv2.setRNGSeed``.
    out : array of uint8, optional
        As in `binary_map`.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        As in `binary_map`.

    Returns
    -------
    binary : array of uint8 (or `out`), (H, W)
        255 for foreground, 0 for background.
    next_state : int
        State of the generator for the next call.

    Raises
    ------
    ImageError
        If `saliency` is not such a map, has fewer than five pixels, or holds NaN or infinity.

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
        raise ImageError(
            f"`saliency` must have at least 5 pixels for k-means; got shape {frames.shape}"
        )

    def fill(call: Call) -> None:
        pixels = call.inputs[0].pixels
        call.kernels(__package__).binary_map(pixels, method, starts, call.saliency)

    return compute(fill, backend, _byte_out(out, frames), frames)


def _checked_seed(seed: int | None) -> int:
    return 0 if seed is None else validation.integer("seed", seed)


def _byte_out(out: Any, frames: images.Frames) -> Any:
    """Return where bytes go: `out`, or a new array beside the map."""
    if out is None:
        return images.new_array(frames, np.uint8)
    is_known = isinstance(out, np.ndarray) or devices.is_device_array(out)
    is_known = is_known or containers.is_tensor(out)
    if is_known and devices.dtype_of(out) != np.uint8:
        raise ImageError(f"`out` must be uint8; got {devices.dtype_of(out)}")
    return out
