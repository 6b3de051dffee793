"""One call: its backend, its input there, and results as the caller's kind of array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ... import containers, devices, images, runtime
from ...errors import ImageError

DTYPES, WHITE = images.DTYPES, images.WHITE
UNITS = {**WHITE, np.dtype("float32"): 1 << 24}  # what white sums to


class Site:
    """Where one call on a single image runs.

    Attributes
    ----------
    target : {"cpu", "cuda"}
        The backend.
    bench : module
        Its module of this package.
    source : tuple
        What kernels take of the image: pixels (H * W * channels,), channels, whether RGB.
    """

    def __init__(self, backend: runtime.Choice, frames: images.Frames) -> None:
        self.target = runtime.resolve(backend, on_device=frames.owner is not None)
        self.kernels = runtime.backend_module(__package__, self.target)
        self.shape, self._owner, self._is_tensor = frames.shape, frames.owner, frames.is_tensor
        self.staged = self.target == "cuda" and frames.owner is None
        pixels = devices.upload(frames.pixels, "input 0") if self.staged else frames.pixels
        pixels = pixels.reshape(-1) if self.target == "cpu" else pixels.reshape(pixels.size)
        self.source = (pixels, frames.channels, is_rgb(frames))
        self.white, self.units = WHITE[frames.pixels.dtype], UNITS[frames.pixels.dtype]

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Any:
        """Return a new array of the caller's library, or of the backend that has the input."""
        if self.target == "cpu":
            return np.empty(shape, dtype)
        like = self._owner if self._owner is not None else self.source[0]
        return devices.empty(shape, dtype, like=like)

    def view(self, array: Any) -> Any:
        """Return what kernels take of such an array."""
        return array if self.target == "cpu" else devices.borrow(array)

    def sent(self, array: Any) -> Any:
        """Return a host array on the backend."""
        if self.target == "cpu":
            return array
        held = self.view(self.empty(array.shape, array.dtype))
        devices.send(np.ascontiguousarray(array), held)
        return held

    def result(self, array: Any) -> Any:
        """Return such an array as the caller gets it."""
        if self._owner is not None:
            devices.part()
            return array
        held = devices.fetch(array) if self.staged else array
        return containers.returned(held, self._is_tensor)

    def on_host(self, array: Any) -> Any:
        """Return a copy of such an array on the host; waits for a device."""
        return array if self.target == "cpu" else devices.fetch(self.view(array))

    def labels(self, labels: Any, name: str) -> Any:
        """Check a label map of the image and return what kernels take of it.

        Raises
        ------
        ImageError
            If it lies elsewhere than the image, or is not integers of the image's shape.
        """
        if devices.is_device_array(labels) != (self._owner is not None):
            raise ImageError(
                f"`{name}` and `image` must both be host arrays or both be device arrays; got one "
                "of each"
            )
        if self._owner is None:
            labels = containers.as_numpy(labels, name)
            kind = labels.dtype.kind in "iu"
        else:
            kind = devices.dtype_of(labels) == np.int32
        if not kind or tuple(labels.shape) != self.shape:
            form = "integers" if self._owner is None else "int32"
            raise ImageError(
                f"`{name}` must be {form} of shape {self.shape}; "
                f"got {labels.dtype} of shape {tuple(labels.shape)}"
            )
        if self._owner is not None:
            view = devices.borrow(devices.contiguous(labels, None))
            devices.join(view.stream)
            return view
        self._check_range(int(labels.min()), int(labels.max()), name)
        return self.sent(images.read_only(np.ascontiguousarray(labels, np.int32)))

    def regions_of(self, labels: Any, name: str) -> int:
        """Return one more than the greatest label; waits for a device."""
        low, high = self.kernels.least_and_most(labels)
        self._check_range(low, high, name)
        return int(high) + 1

    def _check_range(self, low: int, high: int, name: str) -> None:
        last = self.shape[0] * self.shape[1]
        if low < 0 or high > last:
            raise ImageError(f"`{name}` must be from 0 to {last}; got {low} to {high}")


def is_rgb(frames: images.Frames) -> bool:
    """Return whether the first of the channels is red."""
    return frames.weights[0] > frames.weights[2]
