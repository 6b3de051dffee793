"""Convolutions of STRA-Net with folded batch normalisation; on the CPU, 3 x 3 ones by Winograd.

Winograd's minimal filtering F(2 x 2, 3 x 3) needs 16 products for 4 pixels where the direct sum
needs 36. Transformed weights take 16/9 of the memory. The rounding error is as large as that of
the direct sum.

Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..images import Array

# The matrices B^T, G and A^T of Lavin and Gray's equation 7.
_INPUT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float32)
_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)
_OUTPUT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float32)

# Below this many products of channels, a direct convolution is as fast.
_MIN_PRODUCTS = 64 * 1024


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

    Parameters are those of `Convolution`.
    """

    def __init__(self, kernel: Array, bias: Array, *, relu: bool = False) -> None:
        super().__init__()
        inputs, outputs = kernel.shape[2:]
        weight = np.empty((4, 4, inputs, outputs), np.float32)
        for row, factors in zip(weight, _KERNEL, strict=True):
            row[...] = np.tensordot(_KERNEL, np.tensordot(factors, kernel, 1), 1)
        weight = weight.reshape(16, inputs, outputs)
        self.register_buffer("weight", torch.from_numpy(weight))
        self.register_buffer("bias", torch.from_numpy(np.ascontiguousarray(bias)))
        self.register_buffer("to_tiles", torch.from_numpy(np.kron(_INPUT, _INPUT)))
        self.register_buffer("from_tiles", torch.from_numpy(np.kron(_OUTPUT, _OUTPUT)))
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of `x`, (N, C, H, W)."""
        number, channels, height, width = x.shape
        rows, columns = -(-height // 2), -(-width // 2)
        border = (0, 0, 1, 2 * columns + 1 - width, 1, 2 * rows + 1 - height)
        padded = functional.pad(x.permute(0, 2, 3, 1), border)
        tiles = padded.unfold(1, 4, 2).unfold(2, 4, 2).permute(4, 5, 0, 1, 2, 3)
        tiles = self.to_tiles @ tiles.reshape(16, -1)
        products = torch.bmm(tiles.view(16, -1, channels), self.weight)
        outputs = products.shape[2]
        y = (self.from_tiles @ products.view(16, -1)).view(2, 2, number, rows, columns, outputs)
        y = y.permute(2, 3, 0, 4, 1, 5).reshape(number, 2 * rows, 2 * columns, outputs)
        y = y[:, :height, :width].add_(self.bias)
        return (y.relu_() if self.relu else y).permute(0, 3, 1, 2)


def convolution_3x3(
    kernel: Array, bias: Array, *, relu: bool = False, winograd: bool
) -> Convolution | Winograd:
    """Return a 3 x 3 convolution with padding 1, by Winograd where that pays."""
    if winograd and kernel.shape[2] * kernel.shape[3] >= _MIN_PRODUCTS:
        return Winograd(kernel, bias, relu=relu)
    return Convolution(kernel, bias, padding=1, relu=relu)
