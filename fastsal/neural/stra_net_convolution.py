"""Convolutions of STRA-Net with folded batch normalisation; on the CPU, 3 x 3 ones by Winograd.

Winograd's minimal filtering F(2 x 2, 3 x 3) needs 16 products for 4 pixels where the direct sum
needs 36. Transformed weights take 16/9 of the memory. The rounding error is as large as that of
the direct sum.

Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..images import Array

# The matrix G of Lavin and Gray's equation 7. The methods of `Winograd` write out B^T and A^T.
_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)

# Below this many products of channels, a direct convolution is as fast.
_MIN_PRODUCTS = 64 * 1024


class Workspace:
    """Arrays that layers use one after the other.

    Fresh arrays of this size would cost a quarter of the time of a layer, in page faults.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Tensor] = {}

    def get(self, name: str, *shape: int) -> Tensor:
        """Return an array with arbitrary values, valid until the next call with this name."""
        count = math.prod(shape)
        if name not in self._arrays or self._arrays[name].numel() < count:
            self._arrays[name] = torch.empty(count)
        return self._arrays[name][:count].view(shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return Workspace, ()  # copies and pickles start empty


class Convolution(nn.Module):
    """A convolution, followed by ReLU if asked for.

    Parameters
    ----------
    kernel : array of float32, (rows, columns, inputs, outputs)
        Weights in the layout of Keras.
    bias : array of float32, (outputs,)
        Bias.
    stride, padding, dilation : int
        As in `torch.nn.Conv2d`.
    relu : bool
        Whether negative results become 0.
    """

    def __init__(
        self,
        kernel: Array,
        bias: Array,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        relu: bool = False,
    ) -> None:
        super().__init__()
        weight = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", torch.from_numpy(np.ascontiguousarray(bias)))
        self.stride, self.padding, self.dilation, self.relu = stride, padding, dilation, relu

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of `x`, (N, C, H, W)."""
        y = functional.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation)
        return y.relu_() if self.relu else y


class Winograd(nn.Module):
    """A 3 x 3 convolution with zero padding 1, as sixteen matrix products over tiles of 4 x 4.

    Parameters
    ----------
    kernel, bias, relu
        As in `Convolution`.
    workspace : Workspace
        Shared by all layers of a network.
    """

    def __init__(
        self, kernel: Array, bias: Array, *, relu: bool = False, workspace: Workspace
    ) -> None:
        super().__init__()
        inputs, outputs = kernel.shape[2:]
        weight = np.empty((4, 4, inputs, outputs), np.float32)
        for row, factors in zip(weight, _KERNEL, strict=True):
            row[...] = np.tensordot(_KERNEL, np.tensordot(factors, kernel, 1), 1)
        self.register_buffer("weight", torch.from_numpy(weight.reshape(16, inputs, outputs)))
        self.register_buffer("bias", torch.from_numpy(np.ascontiguousarray(bias)))
        self.relu, self.workspace = relu, workspace

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of `x`, (N, C, H, W)."""
        height, width = x.shape[2:]
        tiles = self._tiles(x.permute(0, 2, 3, 1))
        inputs, outputs = self.weight.shape[1:]
        products = self.workspace.get("products", 16, tiles[0, 0].numel() // inputs, outputs)
        torch.bmm(tiles.view(16, -1, inputs), self.weight, out=products)
        y = self._pixels(products.view(*tiles.shape[:-1], outputs))[:, :height, :width]
        y.add_(self.bias)
        return (y.relu_() if self.relu else y).permute(0, 3, 1, 2)

    def _tiles(self, x: Tensor) -> Tensor:
        """Return B^T d B of each tile d, (4, 4, N, rows, columns, C)."""
        number, height, width, channels = x.shape
        rows, columns = -(-height // 2), -(-width // 2)
        padded = self.workspace.get("padded", number, 2 * rows + 2, 2 * columns + 2, channels)
        padded.zero_()[:, 1 : height + 1, 1 : width + 1] = x
        half = self.workspace.get("half", 4, number, rows, 2 * columns + 2, channels)
        pairs = padded.view(number, rows + 1, 2, 2 * columns + 2, channels)
        _input_transform(pairs, 1, half)
        tiles = self.workspace.get("tiles", 4, 4, number, rows, columns, channels)
        pairs = half.view(4, number, rows, columns + 1, 2, channels)
        _input_transform(pairs, 3, tiles.transpose(0, 1))
        return tiles

    def _pixels(self, products: Tensor) -> Tensor:
        """Return A^T m A of each tile m, (N, 2 * rows, 2 * columns, C)."""
        _, _, number, rows, columns, channels = products.shape
        half = self.workspace.get("half", 2, 4, number, rows, columns, channels)
        _output_transform(products, half[0], half[1])
        pixels = products.new_empty(number, rows, 2, columns, 2, channels)
        even, odd = pixels.unbind(4)
        _output_transform(half.permute(1, 2, 3, 0, 4, 5), even, odd)
        return pixels.view(number, 2 * rows, 2 * columns, channels)


def _input_transform(pairs: Tensor, axis: int, out: Tensor) -> None:
    """Multiply overlapping windows of four values by B^T.

    Parameters
    ----------
    pairs : tensor, (..., count + 1, 2, ...)
        The values, in pairs. Window i consists of the pairs i and i + 1.
    axis : int
        Axis of the windows.
    out : tensor, (4, ..., count, ...)
        The products.
    """
    count = pairs.shape[axis] - 1
    first, second = pairs.narrow(axis, 0, count).unbind(axis + 1)
    third, fourth = pairs.narrow(axis, 1, count).unbind(axis + 1)
    torch.sub(first, third, out=out[0])
    torch.add(second, third, out=out[1])
    torch.sub(third, second, out=out[2])
    torch.sub(second, fourth, out=out[3])


def _output_transform(values: Tensor, even: Tensor, odd: Tensor) -> None:
    """Multiply the four values along the first axis by the two rows of A^T."""
    torch.add(values[0], values[1], out=even).add_(values[2])
    torch.sub(values[1], values[2], out=odd).sub_(values[3])


def convolution_3x3(
    kernel: Array, bias: Array, *, relu: bool = False, workspace: Workspace | None
) -> Convolution | Winograd:
    """Return a 3 x 3 convolution with padding 1, by Winograd where that pays.

    Without a workspace it is always direct.
    """
    if workspace is not None and kernel.shape[2] * kernel.shape[3] >= _MIN_PRODUCTS:
        return Winograd(kernel, bias, relu=relu, workspace=workspace)
    return Convolution(kernel, bias, padding=1, relu=relu)
