"""Host arrays of other libraries: read as NumPy arrays, and results returned as the caller's kind.

Work arrays of the host are here too.

Nothing here imports PyTorch or PIL: an object of theirs proves that its owner has.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import devices
from .errors import ImageError

_HALF = ("float16", "bfloat16")
_scratch = threading.local()


def is_tensor(value: Any) -> bool:
    """Return whether `value` is a tensor of PyTorch, on any device."""
    return devices.library_of(value) == "torch"


def as_numpy(value: Any, name: str) -> NDArray[Any]:
    """Return `value` as a NumPy array, without a copy where its memory allows.

    PIL images become grey or RGB first. A masked array is taken if no element is masked.

    Raises
    ------
    ImageError
        If `value` is no array, or its values have no clear meaning.
    """
    if type(value) is np.ndarray:
        return value
    if _is_masked_array(value):
        return _unmasked(value, name)
    if is_tensor(value):
        return _from_tensor(value, name)
    if _is_picture(value):
        return _from_picture(value, name)
    if isinstance(value, list | tuple) and any(map(_has_meaning, value)):
        value = [as_numpy(each, name) for each in value]
    try:
        array = np.asarray(value)
    except Exception as error:  # any exception of a foreign __array__, or rows of several lengths
        kind, reason = type(value).__name__, " ".join(str(error).split())
        raise ImageError(f"`{name}` must be an array; got {kind} ({reason})") from error
    if array.ndim == 0 and not isinstance(value, np.ndarray):
        raise ImageError(f"`{name}` must be an array; got {type(value).__name__}{_hint(value)}")
    return array


def returned(array: NDArray[Any], as_tensor: bool) -> Any:
    """Return a result as the caller gets it: itself, or a tensor that shares its memory."""
    return sys.modules["torch"].from_numpy(array) if as_tensor else array


def writable(out: Any) -> NDArray[Any]:
    """Return the memory of `out`, a NumPy array or a tensor of the host, as a NumPy array."""
    if _is_masked_array(out):
        return _unmasked(out, "out")
    if isinstance(out, np.ndarray):
        return np.asarray(out)
    if is_tensor(out) and out.device.type == "cpu":
        if out.requires_grad:
            raise ImageError(
                "`out` must not require grad; got a tensor that does; pass out.detach()"
            )
        return _from_tensor(out, "out")
    raise ImageError(
        f"`out` must be a NumPy array or a CPU tensor, like the image; got {type(out).__name__}"
    )


def _hint(value: Any) -> str:
    if isinstance(value, str | os.PathLike):
        return "; read the file first, for example with cv2.imread and color='bgr'"
    return "; cv2.imread returns None if it cannot read the file" if value is None else ""


def _has_meaning(value: Any) -> bool:
    """Return whether NumPy alone would misread this element of a list."""
    return _is_masked_array(value) or is_tensor(value) or _is_picture(value)


def _is_masked_array(value: Any) -> bool:
    """Return whether it is a masked array, without loading `numpy.ma`, which takes 9 ms."""
    return "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray)


def _unmasked(array: Any, name: str) -> NDArray[Any]:
    if np.ma.is_masked(array):
        raise ImageError(
            f"`{name}` must have no masked elements; got {int(np.ma.getmaskarray(array).sum())}; "
            "fill them first, for example with filled(0)"
        )
    return np.asarray(array.data)


def _from_tensor(tensor: Any, name: str) -> NDArray[Any]:
    if tensor.device.type != "cpu":
        raise ImageError(f"`{name}` must be on the CPU or on CUDA; got a {tensor.device} tensor")
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype in _HALF:
        raise ImageError(
            f"`{name}` must not have a half-precision dtype; got {dtype}; convert it with float()"
        )
    try:
        array: NDArray[Any] = tensor.detach().resolve_neg().numpy()
    except (TypeError, RuntimeError) as error:  # sparse or quantised, for example
        reason = " ".join(str(error).split())
        raise ImageError(f"`{name}` must be a dense tensor; got {dtype} ({reason})") from error
    return array


def _is_picture(value: Any) -> bool:
    image = getattr(sys.modules.get("PIL.Image"), "Image", None)
    return image is not None and isinstance(value, image)


def _from_picture(picture: Any, name: str) -> NDArray[Any]:
    """Return a PIL image as grey, (H, W), or as RGB, (H, W, 3) or (H, W, 4)."""
    mode = picture.mode
    try:
        if mode == "I":
            return _sixteen_bits(np.asarray(picture), name)
        for step in _CONVERSIONS.get(mode, ()):
            picture = picture.convert(step)
        return np.asarray(picture)
    except (ValueError, OSError) as error:  # a mode without a way to RGB, or a file cut short
        if isinstance(error, ImageError):
            raise
        raise ImageError(
            f"`{name}` must be a PIL image that converts to RGB; got mode {mode} ({error})"
        ) from error


# By way of RGBA where transparency may be given by colour, which PIL warns about otherwise.
_CONVERSIONS = {
    "1": ("L",),
    "LA": ("L",),
    "La": ("LA", "L"),
    "P": ("RGBA", "RGB"),
    "PA": ("RGBA", "RGB"),
    "RGBa": ("RGBA",),
    "RGBX": ("RGB",),
    "CMYK": ("RGB",),
    "YCbCr": ("RGB",),
    "HSV": ("RGB",),
    "LAB": ("RGB",),
}


def _sixteen_bits(array: NDArray[np.int32], name: str) -> NDArray[np.uint16]:
    """Return levels that PIL keeps in 32 bits, as it does for PNG files of 16 bits."""
    if array.size and not (array.min() >= 0 and array.max() <= 65_535):
        raise ImageError(
            f"`{name}` must have levels from 0 to 65535; "
            f"got a PIL image of mode I with {array.min()} to {array.max()}"
        )
    return array.astype(np.uint16)


def scratch(tag: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return this thread's uninitialised work array `tag`, kept from call to call.

    Fresh pages from the system take the same time as the kernels that fill them.
    """
    kept: dict[str, NDArray[Any]] = _scratch.__dict__
    array = kept.get(tag)
    if array is None or array.shape != shape or array.dtype != dtype:
        array = kept[tag] = np.empty(shape, dtype)
    return array
