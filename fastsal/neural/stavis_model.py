"""The layers of STAViS (Tsiami, Koutras and Maragos, CVPR 2020), on stacks of frames.

A window has 16 frames and as many steps after the first layer, then 8, 4 and 2. Names of weights
are those of the authors' checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional

from .layers import Conv, Cube, State, Tensor, folded, mean_over_time

FRAMES = 16
SIDE = 112  # rows and columns of the input
SAMPLES = 35280  # of the sound of a window
_EPS = 1e-5
_BLOCKS = {"layer1": (64, 3, 1), "layer2": (128, 4, 2), "layer3": (256, 6, 2)}
_CHANNELS = (64, 256, 512, 1024)  # of the trunk at each attention module
_SIDE_CHANNELS = 16
# Layers of the sound: position, input and output channels, kernel, pooling.
_SOUND = (
    (0, 1, 16, 64, 8), (4, 16, 32, 32, 8), (8, 32, 64, 16, 1), (11, 64, 128, 8, 1),
    (14, 128, 256, 4, 4), (18, 256, 512, 4, 1), (21, 512, 1024, 4, 2),
)  # fmt: skip
FOR_SOUND = ("soundnet8.", "fusion3.", "fuseav.")  # parts that only sound needs


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every entry of the checkpoint."""
    found: dict[str, tuple[int, ...]] = {}

    def norm(name: str, channels: int) -> None:
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            found[f"{name}.{leaf}"] = (channels,)
        found[f"{name}.num_batches_tracked"] = ()

    def layer(name: str, *shape: int) -> None:
        found[f"{name}.weight"] = shape
        found[f"{name}.bias"] = (shape[0],)

    found["conv1.weight"] = (64, 3, 7, 7, 7)
    norm("bn1", 64)
    inputs = 64
    for name, (width, count, _) in _BLOCKS.items():
        for i in range(count):
            block = f"{name}.{i}"
            found[f"{block}.conv1.weight"] = (width, inputs, 1, 1, 1)
            found[f"{block}.conv2.weight"] = (width, width, 3, 3, 3)
            found[f"{block}.conv3.weight"] = (4 * width, width, 1, 1, 1)
            for k, channels in enumerate((width, width, 4 * width), 1):
                norm(f"{block}.bn{k}", channels)
            if i == 0:
                found[f"{block}.downsample.0.weight"] = (4 * width, inputs, 1, 1, 1)
                norm(f"{block}.downsample.1", 4 * width)
            inputs = 4 * width
    for i, channels in enumerate(_CHANNELS):
        layer(f"score_dsn.{i}.side_prep", _SIDE_CHANNELS, channels, 3, 3)
        layer(f"score_dsn.{i}.score_dsn", 1, _SIDE_CHANNELS, 1, 1)
        size = 2 ** (i + 2)
        found[f"score_dsn.{i}.upscale_.weight"] = (1, 1, size, size)
        found[f"score_dsn.{i}.upscale.weight"] = (_SIDE_CHANNELS, _SIDE_CHANNELS, size, size)
    layer("fuse", 1, 64, 1, 1)
    layer("fuseav", 1, 128, 1, 1)
    for i, inner, outer, kernel, _ in _SOUND:
        layer(f"soundnet8.{i}", outer, inner, 1, kernel)
        norm(f"soundnet8.{i + 1}", outer)
    layer("fusion3.affine_rgb", 128, 512)
    layer("fusion3.affine_audio", 128, 1024)
    layer("fusion3.w_a_rgb", 64, 128, 128)
    return found


class Bottleneck:
    """A residual block: 1 x 1, 3 x 3 x 3 with the stride, 1 x 1."""

    def __init__(self, state: State, name: str, stride: int) -> None:
        self.stride = stride
        self.reduce, self.expand = (
            _pointwise(state, f"{name}.conv{k}", f"{name}.bn{k}", relu=k == 1) for k in (1, 3)
        )
        weight, bias = folded(state, f"{name}.conv2", f"{name}.bn2", _EPS)
        self.cube = Cube(weight, bias, stride=stride)
        self.shortcut: Conv | None = None
        if f"{name}.downsample.0.weight" in state:
            self.shortcut = _pointwise(
                state, f"{name}.downsample.0", f"{name}.downsample.1", relu=False
            )

    def __call__(self, x: Tensor, windows: int) -> Tensor:
        """Map (windows * steps, channels, H, W) to (windows * fewer, channels', H', W')."""
        result = self.expand(self.cube.over(self.reduce(x), windows))
        if self.shortcut is not None:
            x = self.shortcut(
                x[:: self.stride, :, :: self.stride, :: self.stride].contiguous(
                    memory_format=torch.channels_last
                )
            )
        return result.add_(x).relu_()


class FirstLayer(Conv):
    """The convolution over space and seven frames, split into contributions of single frames.

    A frame has one contribution for each of its seven places in time. Contributions are computed
    once; each step of each window is a sum of them.
    """

    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        by_place = weight.permute(2, 0, 1, 3, 4).flatten(0, 1)
        super().__init__(by_place, bias, stride=2, padding=3)
        self.channels = len(weight)

    def shares(self, frame: Tensor) -> Tensor:
        """Return the contributions (1, 7 * 64, S / 2, S / 2) of a frame (1, 3, S, S)."""
        return functional.conv2d(frame, self.weight, None, self.stride, self.padding).float()

    def step(self, shares: Sequence[Tensor], place: int) -> Tensor:
        """Return a step, (1, 64, S / 2, S / 2), from the frames that it sees.

        Parameters
        ----------
        shares : sequence of tensors, (1, 7 * 64, S / 2, S / 2)
            Contributions of consecutive frames.
        place : int
            Place of the first of them among the seven.
        """
        parts = [
            share.narrow(1, i * self.channels, self.channels)
            for i, share in enumerate(shares, place)
        ]
        total = parts[0] + self.bias.view(1, -1, 1, 1)
        for part in parts[1:]:
            total.add_(part)
        return total.relu_().to(self.weight.dtype)


class Attention:
    """An attention module with its side map already summed for the last layer."""

    def __init__(self, state: State, index: int, heads: Sequence[str]) -> None:
        name = f"score_dsn.{index}"
        self.step = 2 ** (index + 1)
        self.mean = Conv(*folded(state, f"{name}.side_prep", None, 0), padding=1, relu=False)
        self.score = Conv(*folded(state, f"{name}.score_dsn", None, 0), relu=False)
        # The last layer is 1 x 1 and linear, so it is folded into the upsampling kernel.
        upscale = state[f"{name}.upscale.weight"].double()
        self.enlarge = {}
        for head in heads:
            fuse = state[f"{head}.weight"][0, 16 * index : 16 * index + 16, 0, 0]
            weight = torch.einsum("ioyx,o->iyx", upscale, fuse.double())
            self.enlarge[head] = Conv(weight.float()[:, None], None)

    def __call__(self, mean: Tensor, head: str) -> tuple[Tensor, Tensor]:
        """Return the term of the last layer, (windows, 1, S, S), and the attention.

        Parameters
        ----------
        mean : tensor, (windows, channels, H, W)
            Mean of all steps of each window.
        head : {"fuse", "fuseav"}
            The last layer.
        """
        side = self.mean(mean)
        score = self.score(side)
        attention = torch.softmax(score.flatten(1), 1).view_as(score) + 1
        large = functional.conv_transpose2d(side, self.enlarge[head].weight, None, self.step)
        start, size = self.step // 2, mean.shape[2] * self.step
        return large[:, :, start : start + size, start : start + size], attention


class Hearing:
    """The network for sound, and its fusion with pictures."""

    def __init__(self, state: State) -> None:
        self.layers = []
        for i, _, _, kernel, _ in _SOUND:
            weight, bias = folded(state, f"soundnet8.{i}", f"soundnet8.{i + 1}", _EPS)
            conv = Conv(weight, bias, stride=(1, 2), padding=(0, kernel // 2))
            self.layers.append(conv)
        rgb, audio = (f"fusion3.affine_{name}" for name in ("rgb", "audio"))
        self.rgb, self.audio = _linear(state, rgb), _linear(state, audio)
        # The last layer is linear, and so is its input: one channel instead of 64.
        fuse = state["fuseav.weight"][0, 64:, 0, 0].double()
        both = torch.einsum("oij,o->ji", state["fusion3.w_a_rgb.weight"].double(), fuse)
        shift = state["fusion3.w_a_rgb.bias"].double() @ fuse
        self.both = Conv(both.float()[:, :, None, None], None, relu=False)
        self.shift = float(shift)

    def __call__(self, wave: Tensor, x: Tensor, windows: int) -> Tensor:
        """Return the term of the last layer, (windows, 1, 8 h, 8 w)."""
        for (*_, pool), layer in zip(_SOUND, self.layers, strict=True):
            wave = layer(wave)
            if pool > 1:
                wave = functional.max_pool2d(wave, (1, pool))
        heard = self.audio(wave)  # (windows, 128, 1, 1)
        steps = x.unflatten(0, (windows, -1))
        middle = steps.shape[1] // 2
        seen = self.rgb(steps[:, middle - 1 : middle + 1].mean(1))
        weights = torch.einsum("bj,ji->bi", heard.flatten(1), self.both.weight.flatten(1))
        y = torch.einsum("bihw,bi->bhw", seen, weights)[:, None] + self.shift
        return functional.interpolate(y, scale_factor=8, mode="bilinear", align_corners=False)


class StavisModel:
    """All layers of STAViS, for pictures alone and with `has_sound` also for pictures and sound."""

    def __init__(self, state: State, has_sound: bool) -> None:
        heads = ("fuse", "fuseav") if has_sound else ("fuse",)
        self.first = FirstLayer(*folded(state, "conv1", "bn1", _EPS))
        self.blocks = [
            [Bottleneck(state, f"{name}.{i}", 1 if i else stride) for i in range(count)]
            for name, (_, count, stride) in _BLOCKS.items()
        ]
        self.attention = [Attention(state, i, heads) for i in range(len(_CHANNELS))]
        self.hearing = Hearing(state) if has_sound else None
        self.bias = {head: float(state[f"{head}.bias"]) for head in heads}

    def layers(self) -> Iterator[Any]:
        """Yield every convolution."""
        yield self.first
        for block in (each for blocks in self.blocks for each in blocks):
            yield from (block.reduce, block.cube, block.expand)
            if block.shortcut is not None:
                yield block.shortcut
        for attention in self.attention:
            yield from (attention.mean, attention.score, *attention.enlarge.values())
        if self.hearing is not None:
            yield from self.hearing.layers
            yield from (self.hearing.rgb, self.hearing.audio, self.hearing.both)

    def tail(self, windows: Sequence[Sequence[Tensor]], wave: Tensor | None) -> Tensor:
        """Return the logits (windows, S, S).

        Parameters
        ----------
        windows : sequence of sequences of tensors, (1, 64, S / 2, S / 2)
            The 16 steps of each window from `first`.
        wave : tensor, (windows, 1, 1, 35280), or None
            Sound of each window; None takes the network for pictures alone.
        """
        head = "fuse" if wave is None else "fuseav"
        count = len(windows)
        total, attention = self.attention[0](_mean_of_steps(windows), head)
        # Attention is positive and equal for all steps, so it may follow the maximum over steps.
        peaks = _scaled(_every_second_maximum(windows), attention)
        x = functional.max_pool2d(peaks, 3, 2, 1)
        for i, blocks in enumerate(self.blocks, 1):
            for block in blocks:
                x = block(x, count)
            if i == 2 and wave is not None and self.hearing is not None:
                total = total + self.hearing(wave, x, count)
            side, attention = self.attention[i](mean_over_time(x, count), head)
            total = total + side
            if i < len(self.blocks):
                x = _scaled(x, attention)
        return total[:, 0] + self.bias[head]


def _scaled(x: Tensor, attention: Tensor) -> Tensor:
    """Multiply all steps of each window by its attention, in place."""
    x.unflatten(0, (len(attention), -1)).mul_(attention[:, None])
    return x


def _mean_of_steps(windows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the mean of the steps of each window, without a copy of all of them."""
    means = []
    for steps in windows:
        total = steps[0].float() + steps[1]
        for step in steps[2:]:
            total.add_(step)
        means.append(total.div_(len(steps)).to(steps[0].dtype))
    return torch.cat(means)


def _every_second_maximum(windows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the maxima of each even step and its neighbours, (windows * steps / 2, ...)."""
    maxima = []
    for steps in windows:
        for i in range(0, len(steps), 2):
            peak = torch.maximum(steps[i], steps[i + 1])
            maxima.append(torch.maximum(peak, steps[i - 1], out=peak) if i else peak)
    return torch.cat(maxima)


def _pointwise(state: State, conv: str, norm: str, *, relu: bool) -> Conv:
    weight, bias = folded(state, conv, norm, _EPS)
    return Conv(weight[:, :, 0], bias, relu=relu)


def _linear(state: State, name: str) -> Conv:
    weight = state[f"{name}.weight"][:, :, None, None]
    return Conv(weight.clone(), state[f"{name}.bias"].clone())
