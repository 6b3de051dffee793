"""Check and convert input arrays."""

from __future__ import annotations

import operator
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import containers, devices, validation
from .annotations import DeviceArray
from .errors import ImageError

Array = Any  # of NumPy, CuPy, Numba or PyTorch: results are arrays of the caller's library
Color = Literal["rgb", "bgr"]

# OpenCV's fixed-point luma (ITU-R BT.601), in the order of the channels; the sum is 2**15.
LUMA_WEIGHTS = {"rgb": (9798, 19235, 3735), "bgr": (3735, 19235, 9798)}
DTYPES = ("uint8", "uint16", "float32", "float64")
WHITE = {np.dtype("uint8"): 255, np.dtype("uint16"): 65535, np.dtype("float32"): 1}


class Frames(NamedTuple):
    """One image or a stack of them, checked, as kernels take them."""

    pixels: Any  # (N, H * W * channels), C-contiguous, read-only; on the host or a device
    channels: int  # 1, 3, or 4 with the last ignored
    is_rgb: bool  # whether red is the first channel and blue the third, or the reverse
    shape: tuple[int, ...]  # of the map: (H, W) or (N, H, W)
    owner: Any = None  # the caller's array if it lies on a device
    stream: Any = 0  # that the caller works on there
    is_tensor: bool = False  # of PyTorch, on the host: results are tensors too

    @property
    def weights(self) -> tuple[int, int, int]:
        """Weights of the channels in luma, in units of 2**-15."""
        return LUMA_WEIGHTS["rgb" if self.is_rgb else "bgr"]

    @property
    def white(self) -> int:
        """Largest value of a channel: 255, 65535, or 1 for floats."""
        return WHITE[self.pixels.dtype]

    @property
    def flat_shape(self) -> tuple[int, int]:
        """Shape of the map as kernels fill it: (N, H * W)."""
        height, width = self.shape[-2:]
        return (self.shape[0] if len(self.shape) == 3 else 1, height * width)


def as_frames(
    image: ArrayLike | DeviceArray,
    *,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    dtypes: tuple[str, ...] = DTYPES,
    name: str = "image",
    largest: float | None = None,
    stacks: bool = True,
) -> Frames:
    """Check `image` and return it as Frames, without a copy where its memory allows.

    Floats must lie in [0, 1] and become float32, or with `largest` lie between its negative and
    itself. With `stacks` false a stack is refused.

    Raises
    ------
    ImageError
        If `image` is empty or masked, or its dtype or shape is refused. Also if floats of host
        arrays are NaN or out of range; device arrays are not checked, to avoid a wait.
    ValueError
        If `color` is not "rgb" or "bgr".
    """
    check_color(color)
    is_rgb = color == "rgb"
    if devices.is_device_array(image):
        return _device_frames(image, is_rgb, channel_axis, dtypes, name, stacks)
    array = containers.as_numpy(image, name)
    _check_dtype(array.dtype, array.shape, dtypes, name)
    shape, channels, axis = _layout(array.shape, channel_axis, name, stacks)
    if axis is not None:
        array = np.moveaxis(array, axis, -1)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "f":
        array = _checked_floats(array, name, largest)
    count = shape[0] if len(shape) == 3 else 1
    pixels = np.ascontiguousarray(array).reshape(count, -1)  # a view: the caller's stays writeable
    pixels.setflags(write=False)
    return Frames(pixels, channels, is_rgb, shape, is_tensor=containers.is_tensor(image))


def picture_of(frames: Frames) -> NDArray[np.uint8]:
    """Return one image of the host as a new picture of bytes, (H, W, 3)."""
    pixels = frames.pixels.reshape(*frames.shape, frames.channels)[..., :3]
    if pixels.dtype != np.uint8:
        white = np.float32(frames.white)
        pixels = np.rint(pixels * (np.float32(255) / white)).astype(np.uint8)
    picture: NDArray[np.uint8] = np.broadcast_to(pixels, (*frames.shape, 3)).copy()
    return picture


def check_color(color: Color) -> None:
    """Raise ValueError unless `color` is "rgb" or "bgr"."""
    validation.choice("color", color, tuple(LUMA_WEIGHTS))


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view: one kernel for all callers, and none can write to its input."""
    view = array.view()
    view.setflags(write=False)
    return view


def check_same(first: Frames, second: Frames, names: tuple[str, str]) -> None:
    """Raise ImageError unless the two have the same shape, channels, dtype and device."""
    if _form(first) != _form(second):
        raise ImageError(
            f"`{names[0]}` and `{names[1]}` must have the same shape, channels, dtype and device; "
            f"got {_in_words(first)} and {_in_words(second)}"
        )


def _form(frames: Frames) -> tuple[Any, ...]:
    return frames.shape, frames.channels, frames.pixels.dtype, frames.owner is None


def _in_words(frames: Frames) -> str:
    shape, channels, dtype, is_on_host = _form(frames)
    where = "the host" if is_on_host else "a device"
    return f"{dtype} {shape} with {channels} channel{'s'[: channels > 1]} on {where}"


def _device_frames(
    image: Any,
    is_rgb: bool,
    channel_axis: int | None,
    dtypes: tuple[str, ...],
    name: str,
    stacks: bool,
) -> Frames:
    dtype, found = devices.dtype_of(image), devices.shape_of(image)
    _check_dtype(dtype, found, dtypes, name)
    if dtype == np.float64:
        raise ImageError(
            f"`{name}` must be float32, uint8 or uint16 on a device; got float64; "
            "convert it to float32"
        )
    shape, channels, axis = _layout(found, channel_axis, name, stacks)
    array = devices.contiguous(image, axis)
    count = shape[0] if len(shape) == 3 else 1
    flat = (count, channels * shape[-2] * shape[-1])
    view = devices.borrow(array)
    return Frames(view.reshape(flat), channels, is_rgb, shape, image, view.stream)


def _check_dtype(
    dtype: np.dtype[Any], shape: tuple[int, ...], dtypes: tuple[str, ...], name: str
) -> None:
    found = _name_of(dtype)
    if found not in dtypes:
        raise ImageError(
            f"`{name}` must have dtype {validation.joined(dtypes)}; got {dtype} of shape {shape}"
            f"{_REMEDIES.get(found, '')}"
        )


_REMEDIES = {
    "float16": "; convert it with astype(np.float32)",
    "bool": "; convert it with astype(np.uint8) * 255",
}


@cache
def _name_of(dtype: np.dtype[Any]) -> str:
    return dtype.name  # NumPy builds this string at each access, in 3 microseconds


def _layout(
    shape: tuple[int, ...], channel_axis: int | None, name: str, stacks: bool
) -> tuple[tuple[int, ...], int, int | None]:
    """Return the shape of the map, the channels, and the axis of the channels if not the last."""
    rank = len(shape)
    if rank not in (2, 3, 4) or (channel_axis is None and rank == 4):
        forms = "(H, W) or (N, H, W)" if channel_axis is None else "(H, W), (H, W, 3) or (H, W, 4)"
        also = ", or be a stack of these" if stacks and channel_axis is not None else ""
        raise ImageError(f"`{name}` must have shape {forms}{also}; got shape {shape}")
    if 0 in shape:
        raise ImageError(f"`{name}` must not be empty; got shape {shape}")
    if rank == 2:
        return shape, 1, None
    if channel_axis is None:
        map_shape, channels, axis = shape, 1, None
    else:
        axis = _channel_axis(channel_axis, rank)
        channels = shape[axis]
        if channels not in (1, 3, 4):
            raise ImageError(
                f"`{name}` must have 1, 3 or 4 channels; got {channels} in shape {shape}"
                + _channels_hint(shape, stacks)
            )
        map_shape = shape[:axis] + shape[axis + 1 :]
    if len(map_shape) == 3 and not stacks:
        raise ImageError(f"`{name}` must be a single image; got a stack of shape {shape}")
    return map_shape, channels, None if axis == rank - 1 else axis


def check_channel_axis(channel_axis: int | None) -> None:
    """Raise ImageError unless `channel_axis` is None or an axis that an image can have."""
    if channel_axis is not None:
        _channel_axis(channel_axis, 4)


def _channel_axis(channel_axis: Any, rank: int) -> int:
    """Return the axis counted from 0, or raise ImageError."""
    try:
        axis = operator.index(channel_axis)
    except TypeError:
        axis = rank
    if isinstance(channel_axis, bool) or not -rank <= axis < rank:
        got = validation.shown(channel_axis)
        raise ImageError(
            f"`channel_axis` must be None or an integer from {-rank} to {rank - 1}; got {got}"
        )
    return axis % rank


def _channels_hint(shape: tuple[int, ...], stacks: bool) -> str:
    """Suggest a `channel_axis` for a shape without channels at its end."""
    first = len(shape) - 3
    hints = [f"if channels come first, pass channel_axis={first}"] * (shape[first] in (1, 3, 4))
    if len(shape) == 3 and stacks:
        hints.append("for a stack of grey images, pass channel_axis=None")
    return "".join(f"; {hint}" for hint in hints)


def _checked_floats(array: NDArray[Any], name: str, largest: float | None) -> NDArray[Any]:
    low, high = float(array.min()), float(array.max())
    least, most = (0.0, 1.0) if largest is None else (-largest, largest)
    if not (low >= least and high <= most):  # NaN fails both
        limits = "in [0, 1]" if largest is None else f"finite, from {least:g} to {most:g}"
        raise ImageError(f"floats of `{name}` must be {limits}; got values from {low} to {high}")
    return array.astype(np.float32, copy=False) if largest is None else array


def new_array(frames: Frames, dtype: DTypeLike) -> Any:
    """Return a new array for a map, of the caller's library, where the frames lie."""
    return containers.returned(new_map(frames, dtype), frames.is_tensor)


def new_map(frames: Frames, dtype: DTypeLike = np.float32) -> Any:
    """Return a new array for a map, where the frames lie."""
    if frames.owner is None:
        return np.empty(frames.shape, dtype)
    return devices.empty(frames.shape, dtype, like=frames.owner)
