"""Frames as networks take them: checked, RGB, uint8, on the host."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import containers, devices, images, validation
from ..call import host_out
from ..errors import ImageError


class Checked(NamedTuple):
    """One frame, and the form of its map."""

    frames: images.Frames
    rgb: NDArray[np.uint8]
    device: Any  # of the caller's tensor; None for arrays of the host

    @property
    def form(self) -> tuple[Any, ...]:
        """Size, channels and device: a stream restarts where they change."""
        return self.frames.shape, self.frames.channels, self.device

    def target(self, out: Any) -> NDArray[Any]:
        """Return the memory for the map, or raise ImageError if `out` does not fit."""
        if out is not None and self.device is not None:
            raise ImageError("`out` must be None for frames on a device; got an array")
        if out is None:
            return np.empty(self.frames.shape, np.float32)
        return host_out(out, (self.frames,))

    def filled(self, target: NDArray[Any], saliency: NDArray[np.float32], out: Any) -> Any:
        """Write the map and return it as the caller gets it."""
        if target.dtype == np.uint8:
            saliency = np.rint(saliency * np.float32(255))
        np.copyto(target, saliency, casting="unsafe")
        if out is not None:
            return out
        result = containers.returned(target, self.frames.is_tensor)
        return result if self.device is None else result.to(self.device)


class FrameReader:
    """Checks frames, one or all of a video.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the last frame.
    """

    def __init__(self, color: images.Color, channel_axis: int | None) -> None:
        self._color = color
        self._channel_axis = channel_axis
        self.shape = (0, 0)

    def read(self, frame: Any, name: str) -> Checked:
        """Return one frame, or raise ImageError. Grey becomes RGB."""
        device = None
        if devices.is_device_array(frame):
            if not containers.is_tensor(frame):
                raise ImageError(
                    f"`{name}` must be an array of the host or a tensor; got "
                    f"{type(frame).__name__} on a device; copy it to the host"
                )
            device, frame = frame.device, frame.cpu()
        found = images.as_frames(
            frame, color=self._color, channel_axis=self._channel_axis, dtypes=("uint8",), name=name,
            stacks=False,
        )  # fmt: skip
        rgb = images.picture_of(found)
        if self._color == "bgr" and found.channels > 1:
            rgb = np.ascontiguousarray(rgb[..., ::-1])
        return Checked(found, rgb, device)

    def all_of(self, frames: Any) -> Iterator[NDArray[np.uint8]]:
        """Yield all frames of a video, or raise ImageError where one differs in size."""
        self._check_stack(frames)
        first: tuple[Any, ...] | None = None
        for i, frame in enumerate(frames):
            checked = self.read(frame, f"frames[{i}]")
            if first is None:
                first = checked.form
                self.shape = checked.frames.shape[0], checked.frames.shape[1]
            if checked.form != first:
                raise ImageError(
                    f"`frames` must all have shape {first[0]} and {first[1]} channels; got "
                    f"{checked.frames.shape} and {checked.frames.channels} at frame {i}"
                )
            yield checked.rgb

    def _check_stack(self, frames: Any) -> None:
        torch = sys.modules.get("torch")
        is_array = isinstance(frames, np.ndarray) or (
            torch is not None and isinstance(frames, torch.Tensor)
        )
        if is_array:
            axes, rank = ("(N, H, W)", 3) if self._channel_axis is None else ("(N, H, W, 3)", 4)
            if frames.ndim != rank:
                raise ImageError(
                    f"`frames` must have shape {axes}, or be an iterable of frames; got shape "
                    f"{tuple(frames.shape)}"
                )
        elif isinstance(frames, str | bytes) or not hasattr(frames, "__iter__"):
            raise ImageError(
                f"`frames` must be an array or an iterable of frames; got "
                f"{validation.shown(frames)}"
            )
