"""Check and convert input arrays, and return results in the caller's kind of array."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import containers, devices, runtime, validation
from .annotations import DeviceArray
from .errors import ImageError

Array = Any  # of NumPy, CuPy, Numba or PyTorch: results are arrays of the caller's library
Color = Literal["rgb", "bgr"]

# OpenCV's fixed-point luma (ITU-R BT.601), in the order of the channels; the sum is 2**15.
LUMA_WEIGHTS = {"rgb": (9798, 19235, 3735), "bgr": (3735, 19235, 9798)}
DTYPES = ("uint8", "uint16", "float32", "float64")
WHITE = {np.dtype("uint8"): 255, np.dtype("uint16"): 65535, np.dtype("float32"): 1}
_OUT_DTYPES = (np.dtype(np.float32), np.dtype(np.uint8))


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


class Call:
    """One call on a backend: its stream, its inputs there, its map and its work arrays.

    Kernels run inside ``with call:``. Only there the stream of the call is current in this thread,
    and kernels, copies and work arrays use it. Passing the stream to each of 300 launches instead
    would repeat it in all CUDA modules. The ``with`` block restores the stream of an outer call, so
    calls may be nested. On the CPU it does nothing.

    Parameters
    ----------
    backend : {"auto", "cpu", "cuda"}
        As the caller requests it. It is resolved here, once.
    out : array or None
        The caller's array for the map, which is checked here.
    *frames : Frames
        The inputs. The call runs on the stream of the first one.
    turns : Turns, optional
        Order of calls with common state: this call starts after the last one.

    Attributes
    ----------
    target : {"cpu", "cuda"}
        The backend that runs.
    stream : stream of CUDA
        The stream that kernels run on; 0 is the default stream.
    is_staged : bool
        True if arrays of the host are computed on a device.
    inputs : tuple of Frames
        The inputs; inside the ``with`` block they are on the backend.
    turns : Turns or None
        See above.
    """

    __slots__ = (
        "_before", "_filled", "_first", "_kept", "_passed", "_waiting", "inputs", "is_staged",
        "stream", "target", "turns",
    )  # fmt: skip

    def __init__(
        self,
        backend: runtime.Choice,
        out: Any,
        *frames: Frames,
        turns: devices.Turns | None = None,
    ) -> None:
        first = frames[0]
        is_on_device = first.owner is not None
        self.target = runtime.resolve(backend, on_device=is_on_device)
        self.is_staged = self.target == "cuda" and not is_on_device
        self.stream, self.turns = first.stream, turns
        self.inputs, self._first, self._passed = frames, first, out
        self._filled: Any = None  # the map as kernels fill it, (N, H * W)
        self._kept: Any = None  # the map in the caller's memory
        if out is not None:
            self._kept = (_device_out if is_on_device else host_out)(out, frames)

    def __enter__(self) -> Call:
        if self.target == "cuda":
            self._before = devices.exchange_stream(self.stream)
            self._waiting: list[Any] = []  # streams that go on after the call
            try:
                self._start()
            except BaseException:
                devices.exchange_stream(self._before)
                raise
        return self

    def _start(self) -> None:
        """Wait for the other streams and the last call; copy inputs of the host to the device."""
        if not self.is_staged:
            for each in self.inputs[1:]:
                self.join(each.stream)
            if self._kept is not None:
                self._fill(devices.borrow(self._kept))
        if self.turns is not None:
            self.turns.begin()
        if self.is_staged:
            self.inputs = tuple(
                each._replace(pixels=devices.upload(each.pixels, f"input {i}"))
                for i, each in enumerate(self.inputs)
            )

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self.target == "cpu":
            return
        try:
            if self.turns is not None:
                self.turns.end()
            while self._waiting:
                devices.release(self._waiting.pop())
        finally:
            devices.exchange_stream(self._before)

    def _fill(self, view: Any) -> None:
        self.join(view.stream)
        self._filled = view.reshape(self._first.flat_shape)

    def join(self, stream: Any) -> None:
        """Wait for work on another stream, which goes on after the call."""
        if devices.wait_for(stream):
            self._waiting.append(stream)

    @property
    def saliency(self) -> Any:
        """The map that kernels fill, (N, H * W) of float32 or uint8; made at the first access."""
        if self._filled is None:
            memory, flat_shape = self.memory, self._first.flat_shape
            if self.is_staged:
                self._filled = devices.workspace("map", flat_shape, memory.dtype)
            elif self.target == "cpu":
                self._filled = memory.reshape(flat_shape)
            else:
                self._fill(devices.borrow(memory))
        return self._filled

    @property
    def memory(self) -> Any:
        """The map in the caller's memory: `out`, or an array made at the first access."""
        if self._kept is None:
            self._kept = new_map(self._first)
        return self._kept

    def kernels(self, package: str) -> ModuleType:
        """Return the module `package`._cpu or `package`._cuda."""
        return runtime.backend_module(package, self.target)

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return a new array on the backend, of the caller's library if its arrays lie there."""
        if self.target == "cpu":
            return np.empty(shape, dtype)
        first = self.inputs[0]
        return devices.empty(shape, dtype, like=first.pixels if self.is_staged else first.owner)

    def workspace(self, tag: str, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return a work array on the backend, which the next call of this thread overwrites."""
        if self.target == "cpu":
            return containers.scratch(tag, shape, dtype)
        return devices.workspace(tag, shape, dtype)

    def output(self, tag: str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> Any:
        """Return an array to fill and to pass to `result`: a work array if the host gets a copy."""
        if self.is_staged:
            return devices.workspace(f"output {tag}", shape, dtype)
        return self.empty(shape, dtype)

    def view(self, array: Any) -> Any:
        """Return an array of the backend, of any library, as kernels take it."""
        return array if self.target == "cpu" else devices.borrow(array)

    def read_only(self, array: Any) -> Any:
        """Return an array of the backend as kernels take inputs."""
        return read_only(array) if self.target == "cpu" else array

    def upload(self, array: NDArray[Any]) -> Any:
        """Return an array of the host on the backend; a copy, unless that is the host too."""
        if self.target == "cpu":
            return array
        held = self.view(self.empty(array.shape, array.dtype))
        devices.send(np.ascontiguousarray(array), held)
        return held

    def on_host(self, array: Any) -> Any:
        """Return an array of the backend on the host; waits for a device."""
        return array if self.target == "cpu" else devices.fetch(self.view(array))

    def result(self, array: Any = None) -> Any:
        """Return the filled map, or a filled `array` of `empty` or `output`, to the caller.

        The map is `out` or a new array. Arrays are in the caller's library and memory.
        """
        if array is not None:
            held = devices.fetch(array) if self.is_staged else array
            return held if self._first.owner is not None else self._returned(held)
        if self.is_staged and self._filled is not None:
            devices.fetch(self._filled, self._kept.reshape(self._filled.shape))
        if self._passed is not None:
            return self._passed
        return self._returned(self._kept)

    def _returned(self, array: Any) -> Any:
        return containers.returned(array, self._first.is_tensor)

    def part(self, first: int, last: int, stream: Any) -> Call:
        """Return the call on frames `first` to `last` of a stack, on another stream."""
        memory = self.memory
        cut, part = slice(first, last), copy.copy(self)
        part.inputs = tuple(
            each._replace(pixels=each.pixels[cut], shape=(last - first, *each.shape[1:]))
            for each in self.inputs
        )
        part._first, part._kept, part.stream = part.inputs[0], memory[cut], stream
        return part

    def send_back(self) -> Callable[[], None]:
        """Start to copy the map back to the host; return a function that waits for the copy."""
        stream, target = self.stream, self._kept.reshape(self.saliency.shape)
        landing = devices.page_locked("map", target.shape, target.dtype)
        self.saliency.bind(stream).copy_to_host(landing, stream=stream)

        def wait() -> None:
            stream.synchronize()
            np.copyto(target, landing)

        return wait


def as_frames(
    image: ArrayLike | DeviceArray,
    *,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    dtypes: tuple[str, ...] = ("uint8",),
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


def host_out(out: Any, frames: tuple[Frames, ...]) -> NDArray[Any]:
    """Return the memory of `out` if it fits the map of these frames, or raise ImageError."""
    shape = frames[0].shape
    memory = containers.writable(out)
    _check_out(memory.dtype, memory.shape, shape)
    flags = memory.flags
    if not (flags.c_contiguous and flags.writeable):
        got = "strides " + str(memory.strides) if flags.writeable else "a read-only array"
        raise ImageError(f"`out` must be writeable and C-contiguous; got {got}")
    for each in frames:
        _check_apart(np.may_share_memory(memory, each.pixels))
    return memory


def new_array(frames: Frames, dtype: DTypeLike) -> Any:
    """Return a new array for a map, of the caller's library, where the frames lie."""
    return containers.returned(new_map(frames, dtype), frames.is_tensor)


def new_map(frames: Frames, dtype: DTypeLike = np.float32) -> Any:
    """Return a new array for a map, where the frames lie."""
    if frames.owner is None:
        return np.empty(frames.shape, dtype)
    return devices.empty(frames.shape, dtype, like=frames.owner)


def _device_out(out: Any, frames: tuple[Frames, ...]) -> Any:
    shape = frames[0].shape
    if not devices.is_device_array(out):
        raise ImageError(f"`out` must be a device array, like the image; got {type(out).__name__}")
    _check_out(devices.dtype_of(out), devices.shape_of(out), shape)
    if not devices.is_contiguous(out):
        raise ImageError("`out` must be C-contiguous; got an array with gaps or swapped axes")
    _check_apart(any(devices.overlap(out, each.pixels) for each in frames))
    return out


def _check_apart(overlaps: bool) -> None:
    if overlaps:
        raise ImageError(
            "`out` must not overlap the image in memory; got an array that does; pass another one"
        )


def _check_out(dtype: np.dtype[Any], found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if dtype not in _OUT_DTYPES or found != expected:
        raise ImageError(
            f"`out` must be float32 or uint8 of shape {expected}; got {dtype} of shape {found}"
        )
