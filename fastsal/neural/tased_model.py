"""The layers of TASED-Net (Min and Corso, ICCV 2019), on stacks of frames.

Frames of a window lie on the first axis. A window has 32 frames, and 16, 8 and 4 steps after the
temporal strides. Names of weights are those of the authors' checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional

from .layers import Conv, Doubling, OverTime, State, Tensor, folded, max_over_time, unpool

FRAMES = 32
SIZE = (224, 384)
_EPS = 1e-3

# Channels of each block: input; branch 0; branch 1, inner and outer; branch 2 likewise; branch 3.
_MIXED = {
    "base2.0": (192, 64, 96, 128, 16, 32, 32),
    "base2.1": (256, 128, 128, 192, 32, 96, 64),
    "base3.0": (480, 192, 96, 208, 16, 48, 64),
    "base3.1": (512, 160, 112, 224, 24, 64, 64),
    "base3.2": (512, 128, 128, 256, 24, 64, 64),
    "base3.3": (512, 112, 144, 288, 32, 64, 64),
    "base3.4": (528, 256, 160, 320, 32, 128, 128),
    "base4.0": (832, 256, 160, 320, 32, 128, 128),
    "base4.1": (832, 384, 192, 384, 48, 128, 128),
}
# Layers of the decoder: weight, its shape, batch normalisation.
_DECODER = (
    ("convtsp1.0", (1024, 1024, 1, 1, 1), "convtsp1.1"),
    ("convtsp1.3", (1024, 832, 1, 3, 3), "convtsp1.4"),
    ("convtsp2.0", (832, 480, 1, 3, 3), "convtsp2.1"),
    ("convtsp3.0", (480, 192, 1, 3, 3), "convtsp3.1"),
    ("convtsp4.0", (192, 64, 1, 4, 4), "convtsp4.1"),
    ("convtsp4.3", (64, 64, 2, 1, 1), "convtsp4.4"),
    ("convtsp4.6", (64, 4, 1, 1, 1), "convtsp4.7"),
    ("convtsp4.9", (4, 4, 2, 1, 1), "convtsp4.10"),
    ("convtsp4.12", (4, 4, 1, 4, 4), None),
    ("convtsp4.13", (1, 4, 1, 1, 1), None),
)


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every entry of the checkpoint."""
    found: dict[str, tuple[int, ...]] = {}

    def norm(name: str, channels: int) -> None:
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            found[f"{name}.{leaf}"] = (channels,)
        found[f"{name}.num_batches_tracked"] = ()

    def basic(name: str, inputs: int, outputs: int) -> None:
        found[f"{name}.conv.weight"] = (outputs, inputs, 1, 1, 1)
        norm(f"{name}.bn", outputs)

    def separable(name: str, inputs: int, outputs: int, size: int) -> None:
        found[f"{name}.conv_s.weight"] = (outputs, inputs, 1, size, size)
        norm(f"{name}.bn_s", outputs)
        found[f"{name}.conv_t.weight"] = (outputs, outputs, size, 1, 1)
        norm(f"{name}.bn_t", outputs)

    separable("base1.0", 3, 64, 7)
    basic("base1.2", 64, 64)
    separable("base1.3", 64, 192, 3)
    for name, (inputs, b0, b1_inner, b1, b2_inner, b2, b3) in _MIXED.items():
        basic(f"{name}.branch0.0", inputs, b0)
        basic(f"{name}.branch1.0", inputs, b1_inner)
        separable(f"{name}.branch1.1", b1_inner, b1, 3)
        basic(f"{name}.branch2.0", inputs, b2_inner)
        separable(f"{name}.branch2.1", b2_inner, b2, 3)
        basic(f"{name}.branch3.1", inputs, b3)
    for name, shape, normalisation in _DECODER:
        found[f"{name}.weight"] = shape
        if normalisation:
            is_forward = shape[3:] == (1, 1) and name != "convtsp4.6"
            norm(normalisation, shape[0] if is_forward else shape[1])
    found["convtsp4.13.bias"] = (1,)
    return found


class Mixed:
    """Four branches side by side; their first 1 x 1 convolutions run as one."""

    def __init__(self, state: State, name: str) -> None:
        _, self._b0, self._b1, _, self._b2, *_ = _MIXED[name]
        first = [
            folded(state, f"{name}.branch{i}.0.conv", f"{name}.branch{i}.0.bn", _EPS)
            for i in range(3)
        ]
        weight = torch.cat([weight for weight, _ in first])[:, :, 0]
        self.first = Conv(weight, torch.cat([bias for _, bias in first if bias is not None]))
        self.space1, self.time1 = separable(state, f"{name}.branch1.1", 3)
        self.space2, self.time2 = separable(state, f"{name}.branch2.1", 3)
        self.last = pointwise(state, f"{name}.branch3.1")

    def __call__(self, x: Tensor, windows: int = 1) -> Tensor:
        """Map (windows * steps, channels, H, W) to as many steps."""
        first = self.first(x)
        inner1, inner2 = self._b0 + self._b1, self._b0 + self._b1 + self._b2
        pooled = functional.max_pool2d(max_over_time(x, windows), 3, 1, 1)
        branches = (
            first[:, : self._b0],
            self.time1(self.space1(first[:, self._b0 : inner1]), windows),
            self.time2(self.space2(first[:, inner1:inner2]), windows),
            self.last(pooled),
        )
        return torch.cat(branches, 1)


def pointwise(state: State, name: str) -> Conv:
    """Return a 1 x 1 convolution with its batch normalisation and ReLU."""
    weight, bias = folded(state, f"{name}.conv", f"{name}.bn", _EPS)
    return Conv(weight[:, :, 0], bias)


def separable(state: State, name: str, size: int, stride: int = 1) -> tuple[Conv, OverTime]:
    """Return the convolution over space and the one over time of a separable layer."""
    weight, bias = folded(state, f"{name}.conv_s", f"{name}.bn_s", _EPS)
    space = Conv(weight[:, :, 0], bias, stride=stride, padding=size // 2)
    weight, bias = folded(state, f"{name}.conv_t", f"{name}.bn_t", _EPS)
    return space, OverTime(weight[..., 0], bias, stride=(stride, 1), padding=(size // 2, 0))


class TasedModel:
    """All layers of TASED-Net. `base1` and `base2` are for the encoder of `tased_encoder`."""

    def __init__(self, state: State) -> None:
        self.space, self.time = separable(state, "base1.0", 7, 2)
        self.point = pointwise(state, "base1.2")
        self.space3, self.time3 = separable(state, "base1.3", 3)
        self.base2 = [Mixed(state, f"base2.{i}") for i in range(2)]
        self.base3 = [Mixed(state, f"base3.{i}") for i in range(5)]
        self.base4 = [Mixed(state, f"base4.{i}") for i in range(2)]
        self._load_decoder(state)

    def _load_decoder(self, state: State) -> None:
        layers: dict[str, Conv] = {}
        for name, shape, norm in _DECODER:
            is_up = shape[3:] != (1, 1) or name == "convtsp4.6"
            weight, bias = folded(state, name, norm, _EPS, is_transposed=is_up)
            relu = norm is not None
            if shape[3:] == (4, 4):
                layers[name] = Doubling(weight[:, :, 0], bias, relu=relu)
                continue
            if is_up:  # of stride 1: a convolution with the flipped kernel
                weight = weight.transpose(0, 1).flip(3, 4)
            if shape[2] == 2:
                layers[name] = OverTime(weight[..., 0], bias, stride=(2, 1))
            else:
                layers[name] = Conv(weight[:, :, 0], bias, padding=shape[3] // 2, relu=relu)
        self.decoder = layers

    def layers(self) -> Iterator[Any]:
        """Yield every convolution."""
        yield from (self.space, self.time, self.point, self.space3, self.time3)
        for block in (*self.base2, *self.base3, *self.base4):
            yield from (block.first, block.space1, block.time1, block.space2, block.time2)
            yield block.last
        yield from self.decoder.values()

    def tail(self, y3: Tensor, y2: Tensor, windows: int = 1) -> Tensor:
        """Return the logits (windows, h, w) from the outputs of `base1` and `base2`.

        Parameters
        ----------
        y3 : tensor, (windows * 4, 192, h / 4, w / 4)
            Maxima over each four steps of the output of base1.
        y2 : tensor, (windows * 16, 480, h / 8, w / 8)
            Output of base2.
        windows : int
            Number of windows in the batch.
        """
        m2 = y2.unflatten(0, (-1, 4)).amax(1)
        size3, size2 = y3.shape[2:], m2.shape[2:]
        _, i2 = functional.max_pool2d(y3, 3, 2, 1, return_indices=True)
        _, i1 = functional.max_pool2d(m2, 3, 2, 1, return_indices=True)
        x = functional.max_pool2d(_halved(max_over_time(y2, windows)), 3, 2, 1)
        for block in self.base3:
            x = block(x, windows)
        x = x.unflatten(0, (-1, 2)).amax(1)
        x, i0 = functional.max_pool2d(x, 2, return_indices=True)
        for block in self.base4:
            x = block(x, windows)
        layers = self.decoder
        x = layers["convtsp1.3"](layers["convtsp1.0"](x))
        x = layers["convtsp2.0"](functional.max_unpool2d(x, i0, 2))
        x = layers["convtsp3.0"](unpool(x, i1, size2))
        x = layers["convtsp4.0"](unpool(x, i2, size3))
        x = layers["convtsp4.6"](layers["convtsp4.3"](x))
        x = layers["convtsp4.12"](layers["convtsp4.9"](x))
        return layers["convtsp4.13"](x)[:, 0]


def _halved(x: Tensor) -> Tensor:
    """Return every second step of the maxima over three: pooling of stride 2 and padding 1."""
    return x[::2]
