"""The network of STRA-Net for inference: batch normalisation folded, channels last.

Source: Lai, Wang, Sun and Shen, "Video Saliency Prediction using Spatiotemporal Residual Attentive
Networks", IEEE Transactions on Image Processing 29, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..images import Array
from .stra_net_convolution import Convolution, Winograd, Workspace, convolution_3x3
from .stra_net_layers import GRU_CHANNELS, STAGES

Weights = Mapping[str, Array]  # arrays of the checkpoint by "layer/array"

_EPSILON = 1e-3  # of batch normalisation
_DILATIONS = {2: 1, 3: 1, 4: 2, 5: 4}
_STRIDES = {2: 1, 3: 2, 4: 1, 5: 1}
_SCALE = 8  # from the network's grid to its input


class Outputs(NamedTuple):
    """What the network gives for each of N frames.

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
        self.image = _Trunk(weights, "A")
        self.flow = _Trunk(weights, "M")
        workspace = Workspace() if winograd else None
        self.attention = nn.ModuleList(_Attention(weights, each, workspace) for each in (3, 4, 5))
        self.sides = nn.ModuleList(_plain(weights, f"conv2d_{number}") for number in (9, 10, 11))
        self.recurrence = _Recurrence(weights, workspace)
        self.head = _Head(weights)

    @torch.inference_mode()
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
                side_maps.append(upsample(torch.sigmoid(self.sides[index](x)[:, 0])))
        states = self.recurrence(x, state)
        saliency = upsample(torch.sigmoid(self.head(states)))
        # A copy: otherwise the states of all frames stay in memory.
        return Outputs(saliency, side_maps, masks), states[-1:].clone()


class _Trunk(nn.Module):
    """ResNet-50 with dilated convolutions in its last two stages."""

    def __init__(self, weights: Weights, name: str) -> None:
        super().__init__()
        kernel, bias = _folded(weights, f"{name}_conv1", f"{name}_bn_conv1")
        self.stem = Convolution(kernel, bias, stride=2, relu=True)
        stages = [
            nn.Sequential(*(_Block(weights, name, stage, block) for block in blocks))
            for stage, (blocks, _) in STAGES.items()
        ]
        self.second = stages[0]
        self.stages = nn.ModuleList(stages[1:])

    def start(self, x: Tensor) -> Tensor:
        """Return the result of the second stage."""
        x = self.stem(x)
        # TensorFlow's "same": the smaller half of the padding comes first. All values are >= 0.
        padding = [max((-(-size // 2) - 1) * 2 + 3 - size, 0) for size in x.shape[:1:-1]]
        border = [half for each in padding for half in (each // 2, each - each // 2)]
        return self.second(functional.max_pool2d(functional.pad(x, border), 3, 2))


class _Block(nn.Module):
    """A residual block; the first of a stage projects its shortcut."""

    def __init__(self, weights: Weights, trunk: str, stage: int, block: str) -> None:
        super().__init__()

        def convolution(branch: str, **options: int) -> Convolution:
            name = f"{stage}{block}_branch{branch}"
            kernel, bias = _folded(weights, f"{trunk}_res{name}", f"{trunk}_bn{name}")
            return Convolution(kernel, bias, relu=branch in ("2a", "2b"), **options)

        stride = _STRIDES[stage] if block == "a" else 1
        dilation = _DILATIONS[stage]
        self.first = convolution("2a", stride=stride)
        self.second = convolution("2b", padding=dilation, dilation=dilation)
        self.third = convolution("2c")
        self.shortcut = convolution("1", stride=stride) if block == "a" else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.third(self.second(self.first(x))).add_(self.shortcut(x)).relu_()


class _Attention(nn.Module):
    """Modulate the image trunk by the flow trunk, then by spatial attention."""

    def __init__(self, weights: Weights, stage: int, workspace: Workspace | None) -> None:
        super().__init__()
        number = 3 * (stage - 3)
        self.mixture = (
            _plain(weights, f"conv2d_{number}", relu=True, workspace=workspace)
            if stage > 3
            else nn.Identity()
        )
        self.first = _plain(weights, f"conv2d_{number + 1}", relu=True, workspace=workspace)
        # Batch normalisation stands between ReLU and this convolution.
        scale, shift = _normalization(weights, f"batch_normalization_{stage - 2}")
        kernel, bias = _arrays(weights, f"conv2d_{number + 2}")
        self.second = Convolution(kernel * scale[:, None], bias + shift @ kernel[0, 0])

    def forward(self, x: Tensor, motions: list[Tensor]) -> tuple[Tensor, Tensor]:
        mixture = self.mixture(torch.cat(motions, 1) if len(motions) > 1 else motions[0])
        x = torch.addcmul(x, x, mixture)
        score = torch.sigmoid(self.second(self.first(x)))
        mask = torch.softmax(score.flatten(1), 1).view_as(score)
        return torch.addcmul(x, x, mask), mask[:, 0]


class _Recurrence(nn.Module):
    """Convolutional gated recurrent unit."""

    def __init__(self, weights: Weights, workspace: Workspace | None) -> None:
        super().__init__()
        self.input = _plain(weights, "ConvGRU2D", workspace=workspace)
        kernel = weights["ConvGRU2D/recurrent_kernel"]
        split = 2 * GRU_CHANNELS
        zeros = np.zeros(3 * GRU_CHANNELS, np.float32)
        self.gates = convolution_3x3(kernel[..., :split], zeros[:split], workspace=workspace)
        self.candidate = convolution_3x3(kernel[..., split:], zeros[split:], workspace=workspace)

    def forward(self, x: Tensor, state: Tensor | None) -> Tensor:
        """Return the states after each of the consecutive frames `x`."""
        inputs = self.input(x)
        if state is None:
            state = inputs.new_zeros(1, GRU_CHANNELS, *x.shape[2:])
        states = []
        for frame in inputs.split(1):
            update, reset, candidate = frame.split(GRU_CHANNELS, 1)
            from_state = self.gates(state)
            update = _hard_sigmoid(update + from_state[:, :GRU_CHANNELS])
            reset = _hard_sigmoid(reset + from_state[:, GRU_CHANNELS:])
            candidate = torch.tanh(candidate + self.candidate(reset * state))
            state = torch.lerp(state, candidate, update)
            states.append(state)
        return torch.cat(states)


class _Head(nn.Module):
    """Batch normalisation, centre priors, and the last convolution."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        scale, shift = _normalization(weights, "time_distributed_2")
        kernel, bias = _arrays(weights, "time_distributed_3")
        self.convolution = Convolution(
            kernel[:, :, :GRU_CHANNELS] * scale[:, None],
            bias + shift @ kernel[0, 0, :GRU_CHANNELS],
        )
        self._priors = weights["learning_prior_1/prior_W"]
        self._prior_weights = kernel[0, 0, GRU_CHANNELS:, 0]
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
    """Enlarge maps eight times, bilinear as in TensorFlow 1: sample i lies at pixel 8 i.

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


def _arrays(weights: Weights, name: str) -> tuple[Array, Array]:
    return weights[f"{name}/kernel"], weights[f"{name}/bias"]


def _plain(
    weights: Weights, name: str, *, relu: bool = False, workspace: Workspace | None = None
) -> Convolution | Winograd:
    """Return a convolution without batch normalisation."""
    kernel, bias = _arrays(weights, name)
    if kernel.shape[0] == 3:
        return convolution_3x3(kernel, bias, relu=relu, workspace=workspace)
    return Convolution(kernel, bias, relu=relu)


def _normalization(weights: Weights, name: str) -> tuple[Array, Array]:
    """Return the factor and the offset that batch normalisation amounts to."""
    gamma, beta, mean, variance = (
        np.asarray(weights[f"{name}/{array}"], np.float64)
        for array in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


def _folded(weights: Weights, convolution: str, normalization: str) -> tuple[Array, Array]:
    """Return the kernel and the bias of a convolution with its batch normalisation."""
    kernel, bias = _arrays(weights, convolution)
    scale, shift = _normalization(weights, normalization)
    return kernel * scale, bias * scale + shift
