"""The network of STRA-Net for inference: batch normalisation folded, channels last.

Source: Lai, Wang, Sun and Shen, "Video Saliency Prediction using Spatiotemporal Residual Attentive
Networks", IEEE Transactions on Image Processing 29, 2020.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..images import Array
from .stra_net_blocks import Attention, Trunk, Weights, arrays, normalization, plain
from .stra_net_convolution import Convolution, Workspace, convolution_3x3

_SCALE = 8  # from the network's grid to its input


class Outputs(NamedTuple):
    """Outputs of the network for each of N frames.

    Attributes
    ----------
    saliency : tensor of float32, (N, H, W)
        The map, after the sigmoid.
    sides : list of tensors of float32, (N, H, W)
        Maps of the stages 3, 4 and 5, which training uses. Empty unless asked for.
    masks : list of tensors of float32, (N, H / 8, W / 8)
        Spatial attention after the stages 3, 4 and 5. Its sum is 1.
    """

    saliency: Tensor
    sides: list[Tensor]
    masks: list[Tensor]


class StraNet(nn.Module):
    """STRA-Net with the weights of a checkpoint.

    Parameters
    ----------
    weights : mapping of str to array
        Arrays by "layer/array", as `stra_net_layers.groups` names them.
    winograd : bool
        Whether large 3 x 3 convolutions use Winograd's algorithm, which pays on the CPU only.
    """

    def __init__(self, weights: Weights, *, winograd: bool) -> None:
        super().__init__()
        self.image = Trunk(weights, "A")
        self.flow = Trunk(weights, "M")
        workspace = Workspace() if winograd else None
        self.attention = nn.ModuleList(Attention(weights, each, workspace) for each in (3, 4, 5))
        self.sides = nn.ModuleList(plain(weights, f"conv2d_{number}") for number in (9, 10, 11))
        self.recurrence = _Recurrence(weights, workspace)
        self.head = _Head(weights)

    def cast(self, device: torch.device, dtype: torch.dtype) -> StraNet:
        """Move the network to a device. Its recurrence and its head stay in float32."""
        self.to(device, dtype)
        self.head.float()
        return self

    def forward(
        self, image: Tensor, flow: Tensor, state: Tensor | None = None, *, sides: bool = False
    ) -> tuple[Outputs, Tensor]:
        """Return the outputs for consecutive frames, and the state after them.

        Parameters
        ----------
        image : tensor of float32, (N, 3, H, W)
            Prepared frames. `H` and `W` are multiples of 8.
        flow : tensor of float32, (N, 10, H, W)
            Five fields of optical flow per frame, prepared.
        state : tensor of float32, (1, 256, H / 8, W / 8), optional
            State after the frames before. Zeros by default.
        sides : bool, default False
            Whether the maps of the stages are computed too.
        """
        x = self.image.start(image)
        motion = self.flow.start(flow)
        motions: list[Tensor] = []
        masks, side_maps = [], []
        for index, attention in enumerate(self.attention):
            motion = self.flow.stages[index](motion)
            motions.insert(0, motion)
            x, mask = attention(self.image.stages[index](x), motions)
            masks.append(mask)
            if sides:
                side_maps.append(upsample(torch.sigmoid(self.sides[index](x)[:, 0].float())))
        states = self.recurrence(x, state)
        saliency = upsample(torch.sigmoid(self.head(states)))
        # A copy: otherwise the states of all frames stay in memory.
        return Outputs(saliency, side_maps, masks), states[-1:].clone()


class _Recurrence(nn.Module):
    """Convolutional gated recurrent unit."""

    def __init__(self, weights: Weights, workspace: Workspace | None) -> None:
        super().__init__()
        self.input = plain(weights, "ConvGRU2D", workspace=workspace)
        kernel = weights["ConvGRU2D/recurrent_kernel"]
        self.channels = kernel.shape[2]
        split = 2 * self.channels
        zeros = np.zeros(kernel.shape[3], np.float32)
        self.gates = convolution_3x3(kernel[..., :split], zeros[:split], workspace=workspace)
        self.candidate = convolution_3x3(kernel[..., split:], zeros[split:], workspace=workspace)

    def forward(self, x: Tensor, state: Tensor | None) -> Tensor:
        """Return the states after each of the consecutive frames `x`."""
        inputs = self.input(x).float()
        if state is None:
            state = inputs.new_zeros(1, self.channels, *x.shape[2:])
        states = []
        for frame in inputs.split(1):
            update, reset, candidate = frame.split(self.channels, 1)
            from_state = self.gates(state.to(x.dtype))
            update = _hard_sigmoid(update + from_state[:, : self.channels])
            reset = _hard_sigmoid(reset + from_state[:, self.channels :])
            candidate = torch.tanh(candidate + self.candidate((reset * state).to(x.dtype)))
            state = torch.lerp(state, candidate, update)
            states.append(state)
        return torch.cat(states)


class _Head(nn.Module):
    """Batch normalisation, centre priors, and the last convolution."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        scale, shift = normalization(weights, "time_distributed_2")
        kernel, bias = arrays(weights, "time_distributed_3")
        of_states, of_priors = np.split(kernel, [len(scale)], 2)
        self.convolution = Convolution(of_states * scale[:, None], bias + shift @ of_states[0, 0])
        self._priors = weights["learning_prior_1/prior_W"]
        self._prior_weights = of_priors[0, 0, :, 0]
        self._sums: dict[tuple[int, int], Tensor] = {}  # of the weighted priors, by size

    def forward(self, states: Tensor) -> Tensor:
        height, width = states.shape[2:]
        if (height, width) not in self._sums:
            total = np.tensordot(self._prior_weights, priors(self._priors, height, width), 1)
            self._sums = {(height, width): torch.from_numpy(total).to(states)}
        return self.convolution(states)[:, 0] + self._sums[height, width]


def priors(values: Array, height: int, width: int) -> Array:
    """Return the Gaussian centre priors.

    Parameters
    ----------
    values : array of float32, (64,)
        Sixteen centres in x, centres in y, deviations in x and deviations in y.
    height, width : int
        Size of the grid.

    Returns
    -------
    array of float32, (16, height, width)
        The maximum of each is 1.
    """
    limits = ((0.25, 0.75), (0.35, 0.65), (0.1, 0.9), (0.2, 0.8))
    parts = np.asarray(values, np.float64).reshape(4, 16, 1, 1)
    center_x, center_y, sigma_x, sigma_y = (
        np.clip(part, *limit) for part, limit in zip(parts, limits, strict=True)
    )
    aspect = height / width
    x = np.linspace(0, 1, width)
    y = np.linspace((1 - aspect) / 2, (1 + aspect) / 2, height)[:, None]
    exponent = (x - center_x) ** 2 / (2 * sigma_x**2 + 1e-7)
    exponent = exponent + (y - center_y) ** 2 / (2 * sigma_y**2 + 1e-7)
    # The factor in front of the Gaussian cancels here.
    gaussian = np.exp(exponent.min((1, 2), keepdims=True) - exponent)
    return gaussian.astype(np.float32)


def upsample(maps: Tensor) -> Tensor:
    """Upsample maps eight times, bilinear as in TensorFlow 1: sample i lies at pixel 8 i.

    Behind the last sample its value is repeated.
    """
    steps = torch.arange(_SCALE, device=maps.device, dtype=maps.dtype) / _SCALE
    for axis in (2, 1):
        following = torch.cat([maps.narrow(axis, 1, maps.shape[axis] - 1),
                               maps.narrow(axis, maps.shape[axis] - 1, 1)], axis)  # fmt: skip
        weights = steps if axis == 2 else steps[:, None]
        maps = torch.lerp(maps.unsqueeze(axis + 1), following.unsqueeze(axis + 1), weights)
        maps = maps.flatten(axis, axis + 1)
    return maps


def _hard_sigmoid(x: Tensor) -> Tensor:
    return (0.2 * x + 0.5).clamp_(0, 1)
