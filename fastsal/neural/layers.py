"""Layers of video networks on stacks of frames, (frames, channels, H, W) in channels-last memory.

A convolution over time sees the same memory as one image of the height ``frames``. Separable
three-dimensional layers therefore run as two-dimensional ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch.nn import functional

Tensor: TypeAlias = torch.Tensor
State: TypeAlias = Mapping[str, Tensor]  # weights by the authors' names


def folded(
    state: State, conv: str, norm: str | None, eps: float, *, is_transposed: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Return the weight and bias of a convolution with its batch normalisation folded in.

    The products are float64, rounded once. Without `norm`, the layer's own.
    """
    weight, bias = state[f"{conv}.weight"], state.get(f"{conv}.bias")
    if norm is None:
        return weight.clone(), None if bias is None else bias.clone()
    wide = {
        name: state[f"{norm}.{name}"].double()
        for name in ("weight", "bias", "running_mean", "running_var")
    }
    scale = wide["weight"] / torch.sqrt(wide["running_var"] + eps)
    shift = wide["bias"] - wide["running_mean"] * scale
    if bias is not None:
        shift = shift + bias.double() * scale
    shape = [1] * weight.ndim
    shape[1 if is_transposed else 0] = -1
    return (weight.double() * scale.view(shape)).float(), shift.float()


_HAS_ONEDNN = torch.backends.mkldnn.is_available()


class Conv:
    """A two-dimensional convolution with a bias, and a ReLU unless `relu` is false."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        *,
        stride: Any = 1,
        padding: Any = 0,
        relu: bool = True,
    ) -> None:
        self.weight = weight.contiguous(memory_format=torch.channels_last)
        self.bias, self.stride, self.padding, self.relu = bias, stride, padding, relu

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move the weights, and compute there and in that dtype."""
        self.weight = self.weight.to(device, dtype)
        self.bias = None if self.bias is None else self.bias.to(device, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        x = functional.conv2d(x, self.weight, self.bias, self.stride, self.padding)
        return x.relu_() if self.relu else x


class OverTime(Conv):
    """A convolution over the frames of windows: kernel (k, 1) on images of height `frames`.

    `padding` is added in front and behind, as zeros.
    """

    def __call__(self, x: Tensor, windows: int = 1) -> Tensor:
        """Map (windows * frames, C, H, W) to (windows * fewer, C', H, W)."""
        return self._over(x, windows, self.padding)

    def unpadded(self, x: Tensor) -> Tensor:
        """Map the frames of one window that bring their padding."""
        return self._over(x, 1, 0)

    def _over(self, x: Tensor, windows: int, padding: Any) -> Tensor:
        count, channels, height, width = x.shape
        x = x.permute(0, 2, 3, 1).reshape(windows, count // windows, height * width, channels)
        x = x.permute(0, 3, 1, 2)
        x = functional.conv2d(x, self.weight, self.bias, self.stride, padding).relu_()
        x = x.permute(0, 2, 3, 1).reshape(-1, height, width, x.shape[1])
        return x.permute(0, 3, 1, 2)


class Cube(Conv):
    """A convolution over space and the frames of windows: kernel (3, 3, 3), padding 1."""

    def __init__(self, weight: Tensor, bias: Tensor | None, *, stride: int = 1) -> None:
        super().__init__(weight[:, :, 0], bias, stride=stride)
        self.weight = weight.contiguous(memory_format=torch.channels_last_3d)

    def over(self, x: Tensor, windows: int) -> Tensor:
        """Map (windows * frames, C, H, W) to (windows * fewer, C', H', W')."""
        x = x.permute(0, 2, 3, 1).unflatten(0, (windows, -1)).permute(0, 4, 1, 2, 3)
        if x.device.type == "cpu" and x.dtype == torch.float32 and _HAS_ONEDNN:
            # For one window, `conv3d` would take a loop that is four times slower.
            stride = [self.stride] * 3
            x = torch.mkldnn_convolution(x, self.weight, self.bias, [1] * 3, stride, [1] * 3, 1)
        else:
            x = functional.conv3d(x, self.weight, self.bias, self.stride, 1)
        x = x.relu_()
        return x.permute(0, 2, 3, 4, 1).flatten(0, 1).permute(0, 3, 1, 2)


def channels_last(x: Tensor) -> Tensor:
    """Return a stack of frames in channels-last memory."""
    return x.contiguous(memory_format=torch.channels_last)


def mean_over_time(x: Tensor, windows: int) -> Tensor:
    """Return the mean of all steps of each window, (windows, C, H, W).

    `torch.mean` over channels-last memory is quick only if the other axes are one.
    """
    _, channels, height, width = x.shape
    flat = x.permute(0, 2, 3, 1).reshape(windows, -1, height * width * channels)
    return flat.mean(1).view(windows, height, width, channels).permute(0, 3, 1, 2)


def max_over_time(x: Tensor, windows: int = 1) -> Tensor:
    """Return the maximum of each frame with its two neighbours in the window."""
    frames = x.unflatten(0, (windows, -1))
    result = frames.clone(memory_format=torch.preserve_format)
    torch.maximum(result[:, 1:], frames[:, :-1], out=result[:, 1:])
    torch.maximum(result[:, :-1], frames[:, 1:], out=result[:, :-1])
    return result.flatten(0, 1)


def unpool(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    """Undo a 3 x 3 max-pooling of stride 2 and padding 1, with the same bits on every run.

    Windows overlap. A pixel that several windows name as their maximum takes the value of the last
    of them in raster order. All those windows get this value first, so the order in which threads
    write it does not matter.
    """
    values = x.clone(memory_format=torch.channels_last)
    for here, later in _NEIGHBOURS:
        is_same = indices[here] == indices[later]
        values[here] = torch.where(is_same, x[later], values[here])
    return functional.max_unpool2d(values, indices, 3, 2, 1, size)


_ALL, _FIRST, _LAST = slice(None), slice(None, -1), slice(1, None)
# A window and those after it in raster order that overlap it, the last one at the end.
_NEIGHBOURS = [
    ((_ALL, _ALL, _ALL, _FIRST), (_ALL, _ALL, _ALL, _LAST)),
    ((_ALL, _ALL, _FIRST, _LAST), (_ALL, _ALL, _LAST, _FIRST)),
    ((_ALL, _ALL, _FIRST, _ALL), (_ALL, _ALL, _LAST, _ALL)),
    ((_ALL, _ALL, _FIRST, _FIRST), (_ALL, _ALL, _LAST, _LAST)),
]


class Doubling(Conv):
    """A transposed convolution of 4 x 4, stride 2 and padding 1."""

    def __call__(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', 2 H, 2 W)."""
        x = functional.conv_transpose2d(x, self.weight, self.bias, 2, 1)
        return x.relu_() if self.relu else x
