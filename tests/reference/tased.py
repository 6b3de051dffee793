"""TASED-Net with the plain layers of PyTorch, one window at a time: slow, and straight from its
definition. State dicts have the authors' names."""

import torch
from torch import nn
from torch.nn import functional as F

MIXED = {  # block: input, branch 0, branch 1, branch 2, branch 3
    "base2": [(192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64)],
    "base3": [
        (480, 192, 96, 208, 16, 48, 64), (512, 160, 112, 224, 24, 64, 64),
        (512, 128, 128, 256, 24, 64, 64), (512, 112, 144, 288, 32, 64, 64),
        (528, 256, 160, 320, 32, 128, 128),
    ],
    "base4": [(832, 256, 160, 320, 32, 128, 128), (832, 384, 192, 384, 48, 128, 128)],
}  # fmt: skip


class Basic(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 1, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Sep(nn.Module):
    def __init__(self, inputs, outputs, k, s):
        super().__init__()
        p = k // 2
        self.conv_s = nn.Conv3d(inputs, outputs, (1, k, k), (1, s, s), (0, p, p), bias=False)
        self.bn_s = nn.BatchNorm3d(outputs, eps=1e-3)
        self.conv_t = nn.Conv3d(outputs, outputs, (k, 1, 1), (s, 1, 1), (p, 0, 0), bias=False)
        self.bn_t = nn.BatchNorm3d(outputs, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn_t(self.conv_t(F.relu(self.bn_s(self.conv_s(x))))))


class Mixed(nn.Module):
    def __init__(self, inputs, b0, b1r, b1, b2r, b2, b3):
        super().__init__()
        self.branch0 = nn.Sequential(Basic(inputs, b0))
        self.branch1 = nn.Sequential(Basic(inputs, b1r), Sep(b1r, b1, 3, 1))
        self.branch2 = nn.Sequential(Basic(inputs, b2r), Sep(b2r, b2, 3, 1))
        self.branch3 = nn.Sequential(nn.MaxPool3d(3, 1, 1), Basic(inputs, b3))

    def forward(self, x):
        branches = (self.branch0, self.branch1, self.branch2, self.branch3)
        return torch.cat([branch(x) for branch in branches], 1)


def bn(channels):
    return nn.BatchNorm3d(channels, eps=1e-3)


class Tased(nn.Module):
    def __init__(self):
        super().__init__()
        self.base1 = nn.Sequential(
            Sep(3, 64, 7, 2), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)), Basic(64, 64),
            Sep(64, 192, 3, 1),
        )  # fmt: skip
        for name, rows in MIXED.items():
            setattr(self, name, nn.Sequential(*[Mixed(*row) for row in rows]))
        up, relu = nn.ConvTranspose3d, nn.ReLU
        self.convtsp1 = nn.Sequential(
            nn.Conv3d(1024, 1024, 1, bias=False), bn(1024), relu(),
            up(1024, 832, (1, 3, 3), 1, (0, 1, 1), bias=False), bn(832), relu(),
        )  # fmt: skip
        self.convtsp2 = nn.Sequential(
            up(832, 480, (1, 3, 3), 1, (0, 1, 1), bias=False), bn(480), relu()
        )
        self.convtsp3 = nn.Sequential(
            up(480, 192, (1, 3, 3), 1, (0, 1, 1), bias=False), bn(192), relu()
        )
        self.convtsp4 = nn.Sequential(
            up(192, 64, (1, 4, 4), (1, 2, 2), (0, 1, 1), bias=False), bn(64), relu(),
            nn.Conv3d(64, 64, (2, 1, 1), (2, 1, 1), bias=False), bn(64), relu(),
            up(64, 4, 1, bias=False), bn(4), relu(),
            nn.Conv3d(4, 4, (2, 1, 1), (2, 1, 1), bias=False), bn(4), relu(),
            up(4, 4, (1, 4, 4), (1, 2, 2), (0, 1, 1), bias=False), nn.Conv3d(4, 1, 1),
        )  # fmt: skip

    def forward(self, x):
        """(B, 3, 32, H, W) in [-1, 1] -> logits (B, H, W) of the last frame."""
        spatial = {"kernel_size": (1, 3, 3), "stride": (1, 2, 2), "padding": (0, 1, 1)}
        y3 = self.base1(x)
        y2 = self.base2(F.max_pool3d(y3, **spatial))
        y1 = F.max_pool3d(self.base3(F.max_pool3d(y2, 3, 2, 1)), (2, 1, 1))
        y0, i0 = F.max_pool3d(y1, (1, 2, 2), return_indices=True)
        m3, m2 = F.max_pool3d(y3, (4, 1, 1)), F.max_pool3d(y2, (4, 1, 1))
        _, i2 = F.max_pool3d(m3, **spatial, return_indices=True)
        _, i1 = F.max_pool3d(m2, **spatial, return_indices=True)
        z = F.max_unpool3d(self.convtsp1(self.base4(y0)), i0, (1, 2, 2))
        z = F.max_unpool3d(self.convtsp2(z), i1, (1, 3, 3), (1, 2, 2), (0, 1, 1), m2.shape[2:])
        z = F.max_unpool3d(self.convtsp3(z), i2, (1, 3, 3), (1, 2, 2), (0, 1, 1), m3.shape[2:])
        return self.convtsp4(z)[:, 0, 0]
