"""Parts of STRA-Net: residual trunks and attention, with batch normalisation folded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..images import Array
from .stra_net_convolution import Convolution, Winograd, Workspace, convolution_3x3
from .stra_net_layers import STAGES

Weights = Mapping[str, Array]  # arrays of the checkpoint by "layer/array"

_EPSILON = 1e-3  # of batch normalisation
_DILATIONS = {2: 1, 3: 1, 4: 2, 5: 4}
_STRIDES = {2: 1, 3: 2, 4: 1, 5: 1}


class Trunk(nn.Module):
    """ResNet-50 with dilated convolutions in its last two stages."""

    def __init__(self, weights: Weights, name: str) -> None:
        super().__init__()
        kernel, bias = folded(weights, f"{name}_conv1", f"{name}_bn_conv1")
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
            kernel, bias = folded(weights, f"{trunk}_res{name}", f"{trunk}_bn{name}")
            return Convolution(kernel, bias, relu=branch in ("2a", "2b"), **options)

        stride = _STRIDES[stage] if block == "a" else 1
        dilation = _DILATIONS[stage]
        self.first = convolution("2a", stride=stride)
        self.second = convolution("2b", padding=dilation, dilation=dilation)
        self.third = convolution("2c")
        self.shortcut = convolution("1", stride=stride) if block == "a" else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.third(self.second(self.first(x))).add_(self.shortcut(x)).relu_()


class Attention(nn.Module):
    """Modulate the image trunk by the flow trunk, then by spatial attention."""

    def __init__(self, weights: Weights, stage: int, workspace: Workspace | None) -> None:
        super().__init__()
        number = 3 * (stage - 3)
        self.mixture = (
            plain(weights, f"conv2d_{number}", relu=True, workspace=workspace)
            if stage > 3
            else nn.Identity()
        )
        self.first = plain(weights, f"conv2d_{number + 1}", relu=True, workspace=workspace)
        # Batch normalisation stands between ReLU and this convolution.
        scale, shift = normalization(weights, f"batch_normalization_{stage - 2}")
        kernel, bias = arrays(weights, f"conv2d_{number + 2}")
        self.second = Convolution(kernel * scale[:, None], bias + shift @ kernel[0, 0])

    def forward(self, x: Tensor, motions: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the modulated features of the image, and the mask."""
        mixture = self.mixture(torch.cat(motions, 1) if len(motions) > 1 else motions[0])
        x = torch.addcmul(x, x, mixture)
        score = torch.sigmoid(self.second(self.first(x)).float())
        mask = torch.softmax(score.flatten(1), 1).view_as(score)
        return torch.addcmul(x, x, mask.to(x.dtype)), mask[:, 0]


def arrays(weights: Weights, name: str) -> tuple[Array, Array]:
    """Return the kernel and the bias of a convolution."""
    return weights[f"{name}/kernel"], weights[f"{name}/bias"]


def plain(
    weights: Weights, name: str, *, relu: bool = False, workspace: Workspace | None = None
) -> Convolution | Winograd:
    """Return a convolution without batch normalisation."""
    kernel, bias = arrays(weights, name)
    if kernel.shape[0] == 3:
        return convolution_3x3(kernel, bias, relu=relu, workspace=workspace)
    return Convolution(kernel, bias, relu=relu)


def normalization(weights: Weights, name: str) -> tuple[Array, Array]:
    """Return the factor and the offset that batch normalisation amounts to."""
    gamma, beta, mean, variance = (
        np.asarray(weights[f"{name}/{array}"], np.float64)
        for array in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + _EPSILON)
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


def folded(weights: Weights, layer: str, norm: str) -> tuple[Array, Array]:
    """Return the kernel and the bias of a convolution with its batch normalisation."""
    kernel, bias = arrays(weights, layer)
    scale, shift = normalization(weights, norm)
    return kernel * scale, bias * scale + shift
