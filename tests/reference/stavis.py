"""STAViS with the plain layers of PyTorch, each window from its 16 frames: slow, and straight from
its definition. State dicts have the authors' names."""

import torch
from torch import nn
from torch.nn import functional as F

SOUND = (
    (1, 16, 64, 8), (16, 32, 32, 8), (32, 64, 16, 1), (64, 128, 8, 1), (128, 256, 4, 4),
    (256, 512, 4, 1), (512, 1024, 4, 2),
)  # fmt: skip


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride, has_projection):
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(4 * width)
        self.downsample = None
        if has_projection:
            self.downsample = nn.Sequential(
                nn.Conv3d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm3d(4 * width)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn3(self.conv3(y)) + shortcut)


def layer(inputs, width, count, stride):
    first = Bottleneck(inputs, width, stride, True)
    return nn.Sequential(first, *[Bottleneck(4 * width, width, 1, False) for _ in range(count - 1)])


class Dsam(nn.Module):
    def __init__(self, channels, scale):
        super().__init__()
        self.scale = scale
        self.side_prep = nn.Conv2d(channels, 16, 3, padding=1)
        self.score_dsn = nn.Conv2d(16, 1, 1)
        self.upscale_ = nn.ConvTranspose2d(1, 1, 2 * scale, scale, bias=False)
        self.upscale = nn.ConvTranspose2d(16, 16, 2 * scale, scale, bias=False)

    def forward(self, x):
        p = self.side_prep(x.mean(2))
        q = self.score_dsn(p)
        side, side_out = self.cropped(self.upscale(p)), self.cropped(self.upscale_(q))
        attention = torch.softmax(q.flatten(1), 1).view_as(q)
        return side, side_out, x * (1 + attention[:, :, None])

    def cropped(self, y):
        first = self.scale // 2
        return y[
            ..., first : first + y.shape[2] - self.scale, first : first + y.shape[3] - self.scale
        ]


class Fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine_rgb = nn.Linear(512, 128)
        self.affine_audio = nn.Linear(1024, 128)
        self.w_a_rgb = nn.Bilinear(128, 128, 64)

    def forward(self, x, sound):
        middle = x.shape[2] // 2
        n, _, _, h, w = x.shape
        seen = x[:, :, middle - 1 : middle + 1].mean(2).flatten(2).transpose(1, 2)
        seen = F.relu(self.affine_rgb(seen))
        heard = F.relu(self.affine_audio(sound))[:, None].expand(-1, h * w, -1)
        y = self.w_a_rgb(seen.contiguous(), heard.contiguous())
        y = y.transpose(1, 2).reshape(n, 64, h, w)
        return F.interpolate(y, scale_factor=8, mode="bilinear", align_corners=False)


class Stavis(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv3d(3, 64, 7, (1, 2, 2), 3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        self.layer1 = layer(64, 64, 3, 1)
        self.layer2 = layer(256, 128, 4, 2)
        self.layer3 = layer(512, 256, 6, 2)
        self.score_dsn = nn.ModuleList(
            Dsam(channels, 2 ** (i + 1)) for i, channels in enumerate((64, 256, 512, 1024))
        )
        self.fuse = nn.Conv2d(64, 1, 1)
        self.fuseav = nn.Conv2d(128, 1, 1)
        sound = []
        for inputs, outputs, kernel, pool in SOUND:
            sound += [
                nn.Conv2d(inputs, outputs, (1, kernel), (1, 2), (0, kernel // 2)),
                nn.BatchNorm2d(outputs), nn.ReLU(),
            ]  # fmt: skip
            sound += [nn.MaxPool2d((1, pool))] if pool > 1 else []
        self.soundnet8 = nn.Sequential(*sound)
        self.fusion3 = Fusion()

    def forward(self, x, sound=None):
        """(B, 3, 16, 112, 112) and (B, 1, 1, 35280) or None -> logits (B, 112, 112)."""
        x = F.relu(self.bn1(self.conv1(x)))
        side0, _, x = self.score_dsn[0](x)
        x = self.layer1(F.max_pool3d(x, 3, 2, 1))
        side1, _, x = self.score_dsn[1](x)
        x = self.layer2(x)
        fused = None if sound is None else self.fusion3(x, self.soundnet8(sound).flatten(1))
        side2, _, x = self.score_dsn[2](x)
        side3, _, _ = self.score_dsn[3](self.layer3(x))
        sides = torch.cat([side0, side1, side2, side3], 1)
        if fused is None:
            return self.fuse(sides)[:, 0]
        return self.fuseav(torch.cat([sides, fused], 1))[:, 0]
