"""One call on a backend: its stream, its inputs there, its map and its work arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import containers, devices, runtime
from .errors import ImageError
from .images import Frames, new_map, read_only

_OUT_DTYPES = (np.dtype(np.float32), np.dtype(np.uint8))


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
        landing = devices.page_locked(target.shape, target.dtype)
        self.saliency.bind(stream).copy_to_host(landing, stream=stream)

        def wait() -> None:
            stream.synchronize()
            np.copyto(target, landing)

        return wait


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
