"""Detect, wrap (zero-copy) and allocate CUDA arrays of Numba, CuPy and PyTorch.

Nothing here imports CuPy or PyTorch: an array of theirs proves that its owner has.
"""

from __future__ import annotations

import copy
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import runtime
from .errors import BackendUnavailableError, ImageError

# Per thread: the stream of the current call, and the arrays kept for each device and stream.
_local = threading.local()
_MOST_STREAMS = 8


def is_device_array(array: Any) -> bool:
    """Return whether `array` lies on a CUDA device (Numba, CuPy, PyTorch and their like)."""
    if isinstance(array, np.ndarray):
        return False
    if library_of(array) == "torch":
        return bool(getattr(array, "is_cuda", False))
    return bool(getattr(array, "__cuda_ndarray__", False)) or _interface(array) is not None


def library_of(array: Any) -> str:
    """Return the library of an array: "torch", "cupy" or "numba", which includes all others."""
    kind: Any = type(array)
    name: str = _library_of_type(kind)
    return name


@lru_cache(maxsize=256)
def _library_of_type(kind: Any) -> str:
    for each in kind.__mro__:  # a subclass may live elsewhere, such as in torchvision
        root: str = each.__module__.partition(".")[0]
        if root == "cupy" or (root, each.__name__) == ("torch", "Tensor"):
            return root
    return "numba"


def dtype_of(array: Any) -> np.dtype[Any]:
    """Return the NumPy dtype of a device array of any library."""
    if library_of(array) == "torch":
        name = str(array.dtype).removeprefix("torch.")
        if name not in np.sctypeDict:  # bfloat16, for example
            raise ImageError(
                f"a tensor must have a dtype of NumPy; got {array.dtype}; convert it with float()"
            )
        return np.dtype(name)
    interface = _interface(array)
    dtype: np.dtype[Any] = np.dtype(interface["typestr"] if interface else array.dtype)
    return dtype


def shape_of(array: Any) -> tuple[int, ...]:
    """Return the shape of a device array of any library."""
    if hasattr(array, "shape"):
        return tuple(array.shape)
    interface = _interface(array) or {}
    return tuple(interface["shape"])


def contiguous(array: Any, channel_axis: int | None) -> Any:
    """Return `array` with its channels last and C-contiguous, copied on the device if need be."""
    library = library_of(array)
    if library == "torch":
        moved = array if channel_axis is None else array.movedim(channel_axis, -1)
        return moved.detach().contiguous()
    if library == "cupy":
        cupy = sys.modules["cupy"]
        moved = array if channel_axis is None else cupy.moveaxis(array, channel_axis, -1)
        return cupy.ascontiguousarray(moved)
    last = channel_axis in (None, -1, len(shape_of(array)) - 1)
    if not last or not is_contiguous(array):
        raise ImageError(
            "a device array must be C-contiguous with the channels last; got strides "
            f"{getattr(array, 'strides', None)} for shape {shape_of(array)}; copy it first"
        )
    return array


def borrow(array: Any) -> Any:
    """Return Numba's view of a contiguous device array, bound to its owner's current stream."""
    from numba import cuda

    if getattr(array, "__cuda_ndarray__", False):
        return array
    try:
        view = cuda.as_cuda_array(array, sync=False)
    except Exception as error:
        if reason := runtime.why_no_cuda():
            raise BackendUnavailableError(f"the data are on a device, but {reason}") from error
        raise
    view.stream = _current_stream(array)
    return view


@contextmanager
def on_stream(stream: Any) -> Iterator[None]:
    """Run this thread's kernels, copies and work arrays on `stream` inside a ``with`` block."""
    before = exchange_stream(stream)
    try:
        yield
    finally:
        exchange_stream(before)


def exchange_stream(stream: Any) -> Any:
    """Make `stream` current in this thread, and return the one before for the caller to restore.

    0 is the default stream, though Numba makes new objects for it: arrays kept per stream would
    not be found again. Streams of arrays do not count, because Numba's arrays lose them in reshape.
    """
    before = current_stream()
    _local.stream = stream if stream and _handle(stream) else 0
    return before


def current_stream() -> Any:
    """Return the stream of the call that runs in this thread; 0, the default, outside of calls."""
    return getattr(_local, "stream", 0)


def wait_for(other: Any) -> bool:
    """Let the current stream wait for work on another one; return False if both are the same."""
    is_other = _handle(other) != _handle(current_stream())
    if is_other:
        _let_wait(current_stream(), other)
    return is_other


def release(other: Any) -> None:
    """Let another stream wait for work on the current one."""
    _let_wait(other, current_stream())


class Turns:
    """Serialises calls with common state, even if each call has its own stream."""

    __slots__ = ("_event", "_last")

    def __init__(self) -> None:
        self._event: Any = None
        self._last = 0

    def begin(self) -> None:
        """Let the present call start after the last one."""
        if self._event is not None and self._last != _handle(current_stream()):
            self._event.wait(current_stream())

    def end(self) -> None:
        """Let the next call start after the present one."""
        if self._event is None:
            self._event = _new_event()
        self._event.record(current_stream())
        self._last = _handle(current_stream())

    def __reduce__(self) -> tuple[type[Turns], tuple[()]]:
        return Turns, ()  # a copy has no call behind it


class Portable:
    """State that can be pickled and copied at any time, wherever its arrays lie.

    A subclass keeps its arrays in attributes, also inside tuples and lists, and the order of its
    calls in ``_turns`` or ``turns``. Device arrays travel as arrays of the host; copies are
    independent of the original.
    """

    def __getstate__(self) -> dict[str, Any]:
        with on_stream(0):  # the stream of the last call may be gone
            for name in ("_turns", "turns"):
                if isinstance(order := self.__dict__.get(name), Turns):
                    order.begin()
            return {name: _packed(value) for name, value in self.__dict__.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: _unpacked(value) for name, value in state.items()})


class _Packed:
    """A device array on its way: its values, and the library that it belongs to."""

    def __init__(self, values: NDArray[Any], library: str) -> None:
        self.values, self.library = values, library


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return _like(value, [_packed(each) for each in value])
    if isinstance(value, Portable):
        return copy.copy(value)
    if is_device_array(value):
        return _Packed(fetch(borrow(value)), library_of(value))
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return _like(value, [_unpacked(each) for each in value])
    if not isinstance(value, _Packed):
        return value
    if value.library == "torch":
        return sys.modules["torch"].from_numpy(value.values).cuda()
    if value.library == "cupy":
        return sys.modules["cupy"].asarray(value.values)
    return settled(value.values)


def _like(sequence: Any, items: list[Any]) -> Any:
    """Return `items` as a list, a tuple or a named tuple like `sequence`."""
    if hasattr(sequence, "_make"):
        return sequence._make(items)
    return type(sequence)(items)


def empty(shape: tuple[int, ...], dtype: DTypeLike, like: Any) -> Any:
    """Return a new uninitialised array of the same library and device as `like`."""
    library = library_of(like)
    if library == "torch":
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=getattr(torch, np.dtype(dtype).name), device=like.device)
    if library == "cupy":
        with like.device:
            return sys.modules["cupy"].empty(shape, dtype)
    from numba import cuda

    return cuda.device_array(shape, dtype, stream=getattr(like, "stream", 0))


def is_contiguous(array: Any) -> bool:
    """Return whether a device array of any library is C-contiguous."""
    if library_of(array) == "torch":
        return bool(array.is_contiguous())
    if hasattr(array, "is_c_contiguous"):
        return bool(array.is_c_contiguous())
    interface = _interface(array)
    return interface is not None and _is_packed(interface)


def workspace(tag: str, shape: tuple[int, ...], dtype: DTypeLike, zeroed: bool = False) -> Any:
    """Return this thread's device array `tag`; it is replaced when its shape or dtype changes.

    Calls of one thread on one stream run in order, so the next may reuse the array. A steady stream
    of frames allocates nothing. With `zeroed` a new one starts as zeros.
    """
    from numba import cuda

    kept = _kept_arrays()
    array = kept.get(tag)
    if array is None or array.shape != shape or array.dtype != dtype:
        new = settled(np.zeros(shape, dtype)) if zeroed else cuda.device_array(shape, dtype)
        array = kept[tag] = new
    return array


def settled(array: NDArray[Any]) -> Any:
    """Return a copy of a host array on the device, there for any stream to read."""
    from numba import cuda

    copy = cuda.to_device(array)
    if not runtime.is_simulated():  # the simulator copies at once
        cuda.default_stream().synchronize()  # the last part of a copy may still be under way
    return copy


def page_locked(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return a host array kept like a workspace, which copies reach while the host goes on."""
    from numba import cuda

    kept = _kept_arrays()
    tag = "page-locked"
    array: NDArray[Any] | None = kept.get(tag)
    if array is None or array.shape != shape or array.dtype != dtype:
        array = kept[tag] = cuda.pinned_array(shape, dtype)
    return array


def side_stream(number: int) -> Any:
    """Return one of this thread's own streams on this device."""
    from numba import cuda

    streams: dict[tuple[int, int], Any] = _local.__dict__.setdefault("streams", {})
    key = _current_device(), number
    if key not in streams:
        streams[key] = cuda.stream()
    return streams[key]


def forget_workspaces() -> None:
    """Drop this thread's device arrays: an interrupted call may have left some half written."""
    _sites().clear()


def upload(array: NDArray[Any], tag: str) -> Any:
    """Copy a host array into the workspace `tag` and return that."""
    target = workspace(tag, array.shape, array.dtype)
    send(array, target)
    return target


def send(array: Any, target: Any) -> None:
    """Copy an array, of the host or the device, to a device array, in turn with the kernels."""
    target.bind(current_stream()).copy_to_device(array)


def fetch(array: Any, target: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return a copy of a device array on the host, in `target` if given, once it is there."""
    copy: NDArray[Any] = array.bind(current_stream()).copy_to_host(target)
    if current_stream():
        current_stream().synchronize()
    return copy


def overlap(first: Any, second: Any) -> bool:
    """Return whether two contiguous device arrays share memory."""
    (start, stop), (other_start, other_stop) = _span(first), _span(second)
    return start < other_stop and other_start < stop


def _span(array: Any) -> tuple[int, int]:
    """Return the addresses where a contiguous device array starts and stops."""
    interface = _interface(array)
    # The simulator's arrays have no interface: they wrap one of NumPy.
    start = interface["data"][0] if interface else array.ctypes.data
    return start, start + prod(shape_of(array)) * dtype_of(array).itemsize


def _sites() -> OrderedDict[tuple[int, int], dict[str, Any]]:
    sites: OrderedDict[tuple[int, int], dict[str, Any]] = _local.__dict__.setdefault(
        "sites", OrderedDict()
    )
    return sites


def _kept_arrays() -> dict[str, Any]:
    """Return the arrays kept for the present device and stream, and forget the oldest of others."""
    sites = _sites()
    site = _current_device(), _handle(current_stream())
    kept = sites.setdefault(site, {})
    sites.move_to_end(site)
    while len(sites) > _MOST_STREAMS:
        sites.popitem(last=False)
    return kept


def _current_device() -> int:
    from numba import cuda

    number: int = getattr(cuda.current_context().device, "id", 0)  # the simulator's has none
    return number


def _handle(stream: Any) -> int:
    return int(stream) if hasattr(stream, "__int__") else id(stream)


def _let_wait(waiting: Any, other: Any) -> None:
    event = _new_event()
    event.record(other)
    event.wait(waiting)


def _new_event() -> Any:
    from numba import cuda

    return cuda.event() if runtime.is_simulated() else cuda.event(timing=False)


def _interface(array: Any) -> dict[str, Any] | None:
    """Return the CUDA array interface of `array`, None if it has none, or raise ImageError."""
    try:
        interface = getattr(array, "__cuda_array_interface__", None)
    except Exception:  # a tensor that requires grad raises one, for example
        return None
    if interface is None or isinstance(array, type):
        return None
    if not (isinstance(interface, dict) and interface.keys() >= {"shape", "typestr", "data"}):
        raise ImageError(
            "a CUDA array interface must have shape, typestr and data; got one without from "
            f"{type(array).__name__}"
        )
    return interface


def _is_packed(interface: dict[str, Any]) -> bool:
    strides, step = interface.get("strides"), np.dtype(interface["typestr"]).itemsize
    for length, stride in zip(interface["shape"][::-1], (strides or ())[::-1], strict=False):
        if length > 1 and stride != step:
            return False
        step *= length
    return True


def _current_stream(array: Any) -> Any:
    library = library_of(array)
    if library == "torch":
        handle = sys.modules["torch"].cuda.current_stream(array.device).cuda_stream
    elif library == "cupy":
        handle = sys.modules["cupy"].cuda.get_current_stream().ptr
    else:
        interface = _interface(array) or {}
        handle = interface.get("stream") or 0
    return _known_stream(handle) if handle else 0


@lru_cache(maxsize=64)
def _known_stream(handle: int) -> Any:
    """Return always the same object, which launches know again."""
    from numba import cuda

    return cuda.external_stream(handle)
