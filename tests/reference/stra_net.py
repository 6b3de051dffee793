"""STRA-Net as a plain PyTorch module, layer by layer from its definition (Lai et al., TIP 2020).

Nothing is folded, fused or kept. Weights come by the names of Keras: ``weights["layer/array"]``.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BLOCKS = {2: "abc", 3: "abcd", 4: "abcdef", 5: "abc"}
DILATION = {2: 1, 3: 1, 4: 2, 5: 4}


def convolution(weights, name, **options):
    kernel = torch.from_numpy(weights[f"{name}/kernel"]).permute(3, 2, 0, 1)
    outputs, inputs, size, _ = kernel.shape
    layer = nn.Conv2d(inputs, outputs, size, **options)
    with torch.no_grad():
        layer.weight.copy_(kernel)
        layer.bias.copy_(torch.from_numpy(weights[f"{name}/bias"]))
    return layer


def normalization(weights, name):
    layer = nn.BatchNorm2d(len(weights[f"{name}/gamma"]), eps=1e-3)
    state = {
        "weight": "gamma", "bias": "beta", "running_mean": "moving_mean",
        "running_var": "moving_variance", "num_batches_tracked": None,
    }  # fmt: skip
    layer.load_state_dict(
        {k: torch.from_numpy(weights[f"{name}/{v}"]) if v else torch.tensor(0)
         for k, v in state.items()}
    )  # fmt: skip
    return layer


class Block(nn.Module):
    def __init__(self, weights, trunk, stage, block):
        super().__init__()
        stride = 2 if (stage, block) == (3, "a") else 1
        dilation = DILATION[stage]
        name = f"{trunk}_res{stage}{block}_branch"
        norm = f"{trunk}_bn{stage}{block}_branch"
        self.conv_a = convolution(weights, name + "2a", stride=stride)
        self.norm_a = normalization(weights, norm + "2a")
        self.conv_b = convolution(weights, name + "2b", padding=dilation, dilation=dilation)
        self.norm_b = normalization(weights, norm + "2b")
        self.conv_c = convolution(weights, name + "2c")
        self.norm_c = normalization(weights, norm + "2c")
        self.shortcut = None
        if block == "a":
            self.shortcut = convolution(weights, name + "1", stride=stride)
            self.norm_shortcut = normalization(weights, norm + "1")

    def forward(self, x):
        y = torch.relu(self.norm_a(self.conv_a(x)))
        y = torch.relu(self.norm_b(self.conv_b(y)))
        y = self.norm_c(self.conv_c(y))
        if self.shortcut is not None:
            x = self.norm_shortcut(self.shortcut(x))
        return torch.relu(y + x)


class Trunk(nn.Module):
    def __init__(self, weights, trunk):
        super().__init__()
        self.conv = convolution(weights, f"{trunk}_conv1", stride=2)
        self.norm = normalization(weights, f"{trunk}_bn_conv1")
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(weights, trunk, stage, block) for block in blocks))
            for stage, blocks in BLOCKS.items()
        )

    def start(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        for axis in (2, 3):
            size = x.shape[axis]
            total = max((-(-size // 2) - 1) * 2 + 3 - size, 0)
            border = [0, 0, total // 2, total - total // 2]
            x = functional.pad(x, border if axis == 2 else border[2:], value=float("-inf"))
        return self.stages[0](functional.max_pool2d(x, 3, 2))


class Attention(nn.Module):
    def __init__(self, weights, i):
        super().__init__()
        self.mix = convolution(weights, f"conv2d_{3 * i}", padding=1) if i else None
        self.conv = convolution(weights, f"conv2d_{3 * i + 1}", padding=1)
        self.norm = normalization(weights, f"batch_normalization_{i + 1}")
        self.score = convolution(weights, f"conv2d_{3 * i + 2}")

    def forward(self, x, motions):
        mix = torch.relu(self.mix(torch.cat(motions, 1))) if self.mix else motions[0]
        x = x + x * mix
        score = torch.sigmoid(self.score(self.norm(torch.relu(self.conv(x)))))
        mask = torch.softmax(score.flatten(1), 1).reshape(score.shape)
        return x + x * mask, mask[:, 0]


def hard_sigmoid(x):
    return torch.clamp(0.2 * x + 0.5, 0, 1)


def prior_maps(values, height, width):
    """Sixteen Gaussians by the definition, each divided by its maximum."""
    maps = np.empty((16, height, width))
    aspect = height / width
    for k in range(16):
        mx, my = np.clip(values[k], 0.25, 0.75), np.clip(values[16 + k], 0.35, 0.65)
        sx, sy = np.clip(values[32 + k], 0.1, 0.9), np.clip(values[48 + k], 0.2, 0.8)
        for i in range(height):
            for j in range(width):
                y = (1 - aspect) / 2 + i * aspect / (height - 1)
                x = j / (width - 1)
                power = (x - mx) ** 2 / (2 * sx**2 + 1e-7) + (y - my) ** 2 / (2 * sy**2 + 1e-7)
                maps[k, i, j] = np.exp(-power) / (2 * np.pi * sx * sy + 1e-7)
        maps[k] /= maps[k].max()
    return maps


def enlarged(maps):
    """Eight times as large: pixel y reads rows y // 8 and y // 8 + 1 with weights of y % 8."""
    number, height, width = maps.shape
    out = maps.new_empty(number, 8 * height, 8 * width)
    for y in range(8 * height):
        top, below = y // 8, min(y // 8 + 1, height - 1)
        row = maps[:, top] + (maps[:, below] - maps[:, top]) * (y % 8 / 8)
        for x in range(8 * width):
            left, right = x // 8, min(x // 8 + 1, width - 1)
            out[:, y, x] = row[:, left] + (row[:, right] - row[:, left]) * (x % 8 / 8)
    return out


class PlainStraNet(nn.Module):
    """`forward` takes (N, 3, H, W), (N, 10, H, W) and the state; `out` has H / 8 x W / 8 pixels."""

    def __init__(self, weights):
        super().__init__()
        self.image, self.flow = Trunk(weights, "A"), Trunk(weights, "M")
        self.attention = nn.ModuleList(Attention(weights, i) for i in range(3))
        self.sides = nn.ModuleList(convolution(weights, f"conv2d_{n}") for n in (9, 10, 11))
        self.inputs = convolution(weights, "ConvGRU2D", padding=1)
        kernel = torch.from_numpy(weights["ConvGRU2D/recurrent_kernel"]).permute(3, 2, 0, 1)
        self.recurrent = nn.Parameter(kernel.contiguous())
        self.norm = normalization(weights, "time_distributed_2")
        self.head = convolution(weights, "time_distributed_3")
        self.priors = weights["learning_prior_1/prior_W"].astype(np.float64)
        self.eval().requires_grad_(False)

    def step(self, x, h):
        update, reset, candidate = self.inputs(x).chunk(3, 1)
        to_update, to_reset, to_candidate = self.recurrent.chunk(3)
        z = hard_sigmoid(update + functional.conv2d(h, to_update, padding=1))
        r = hard_sigmoid(reset + functional.conv2d(h, to_reset, padding=1))
        c = torch.tanh(candidate + functional.conv2d(r * h, to_candidate, padding=1))
        return (1 - z) * h + z * c

    def forward(self, image, flow, h=None, sides=True):
        x, m = self.image.start(image), self.flow.start(flow)
        motions, masks, side_maps = [], [], []
        for i in range(3):
            m = self.flow.stages[i + 1](m)
            motions.insert(0, m)
            x, mask = self.attention[i](self.image.stages[i + 1](x), motions)
            masks.append(mask)
            if sides:
                side_maps.append(torch.sigmoid(self.sides[i](x)[:, 0]))
        number, _, height, width = x.shape
        if h is None:
            h = x.new_zeros(1, self.recurrent.shape[1], height, width)
        out = []
        priors = torch.from_numpy(prior_maps(self.priors, height, width)).to(x)[None]
        for t in range(number):
            h = self.step(x[t : t + 1], h)
            out.append(torch.sigmoid(self.head(torch.cat([self.norm(h), priors], 1))[:, 0]))
        return torch.cat(out), side_maps, masks, h
