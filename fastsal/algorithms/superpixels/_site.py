"""One call: its backend, its input there, and results as the caller's kind of array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import containers, devices, images, runtime
from ...call import Call
from ...errors import ImageError

DTYPES, WHITE = images.DTYPES, images.WHITE
UNITS = {**WHITE, np.dtype("float32"): 1 << 24}  # what white sums to


class Site:
    """A call on a single image, and what kernels of this package take of it.

    Attributes
    ----------
    call : Call
        Its methods are those of the site too: `empty`, `view`, `upload`, `on_host` and `result`.
    target : {"cpu", "cuda"}
        The backend.
    kernels : module
        Its module of this package.
    source : tuple
        What kernels take of the image: pixels (H * W * channels,), channels, whether RGB.
    """

    def __init__(self, backend: runtime.Choice, frames: images.Frames) -> None:
        self.call = call = Call(backend, None, frames)
        self.target, self.kernels = call.target, call.kernels(__package__)
        self.shape, self._owner = frames.shape, frames.owner
        self.white, self.units = frames.white, UNITS[frames.pixels.dtype]
        self.empty, self.view, self.on_host = call.empty, call.view, call.on_host
        self.upload, self.result = call.upload, call.result

    def __enter__(self) -> Site:
        (frames,) = self.call.__enter__().inputs
        pixels = frames.pixels.reshape(frames.pixels.size)
        self.source = (pixels, frames.channels, frames.is_rgb)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.call.__exit__(kind, error, traceback)

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
            self.call.join(view.stream)
            return view
        self._check_range(int(labels.min()), int(labels.max()), name)
        return self.upload(images.read_only(np.ascontiguousarray(labels, np.int32)))

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
    return frames.is_rgb
