"""The layers of STRA-Net: names, shapes and order of the arrays in a Keras checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

# Blocks of each stage and the channels of their three convolutions (ResNet-50).
STAGES = {
    2: ("abc", (64, 64, 256)),
    3: ("abcd", (128, 128, 512)),
    4: ("abcdef", (256, 256, 1024)),
    5: ("abc", (512, 512, 2048)),
}
TRUNKS = {"A": 3, "M": 10}  # image and flow: channels of the input
GRU_CHANNELS = 256
PRIORS = 16

FEATURES = "time_distributed_1"  # the group that holds the features of one frame

Shapes = dict[str, tuple[int, ...]]  # of the arrays of the network, by "layer/array"


@cache
def groups() -> dict[str, Shapes]:
    """Return the arrays of each group of the file, in the order in which Keras stores them."""
    layers = list(_feature_layers())
    features = {key: shape for layer in layers for key, shape in layer.items() if _trained(key)}
    features |= {
        key: shape for layer in layers for key, shape in layer.items() if not _trained(key)
    }
    gates = 3 * GRU_CHANNELS
    return {
        FEATURES: features,
        "learning_prior_1": {"learning_prior_1/prior_W": (4 * PRIORS,)},
        "ConvGRU2D": {
            "ConvGRU2D/kernel": (3, 3, STAGES[5][1][2], gates),
            "ConvGRU2D/recurrent_kernel": (3, 3, GRU_CHANNELS, gates),
            "ConvGRU2D/bias": (gates,),
        },
        "time_distributed_2": _normalization("time_distributed_2", GRU_CHANNELS),
        "time_distributed_3": _convolution("time_distributed_3", 1, GRU_CHANNELS + PRIORS, 1),
    }


def _trained(key: str) -> bool:
    return "/moving_" not in key


def _feature_layers() -> Iterator[Shapes]:
    """Yield the layers of the feature network in the order of Keras: by depth in the graph."""
    for trunk, inputs in TRUNKS.items():
        yield _convolution(f"{trunk}_conv1", 7, inputs, 64)
    for trunk in TRUNKS:
        yield _normalization(f"{trunk}_bn_conv1", 64)
    inputs = 64
    for stage, (blocks, channels) in STAGES.items():
        for block in blocks:
            yield from _block(stage, block, inputs, channels)
            inputs = channels[2]
        yield from _attention(stage, inputs)
    for number, stage in ((9, 3), (10, 4), (11, 5)):
        yield _convolution(f"conv2d_{number}", 1, STAGES[stage][1][2], 1)


def _block(stage: int, block: str, inputs: int, channels: tuple[int, ...]) -> Iterator[Shapes]:
    """Yield the layers of a residual block of both trunks."""
    first, second, third = channels
    steps = [
        [("2a", 1, inputs, first)],
        [("2b", 3, first, second)],
        [("2c", 1, second, third)] + ([("1", 1, inputs, third)] if block == "a" else []),
    ]
    for step in steps:
        pairs = {
            trunk: (
                [
                    _convolution(f"{trunk}_res{stage}{block}_branch{name}", *shape)
                    for name, *shape in step
                ],
                [
                    _normalization(f"{trunk}_bn{stage}{block}_branch{name}", shape[2])
                    for name, *shape in step
                ],
            )
            for trunk in TRUNKS
        }
        if stage < 4:  # both trunks have the same depth
            order = [pairs["A"][0], pairs["M"][0], pairs["A"][1], pairs["M"][1]]
        else:
            order = [*pairs["M"], *pairs["A"]]
        for layers in order:
            yield from layers


def _attention(stage: int, channels: int) -> Iterator[Shapes]:
    """Yield the layers that follow a stage: mixture of the trunks and attention."""
    if stage == 2:
        return
    number = 3 * (stage - 3)  # of the mixture's convolution; the third stage has none
    if stage > 3:
        inputs = sum(STAGES[each][1][2] for each in range(3, stage + 1))
        yield _convolution(f"conv2d_{number}", 3, inputs, channels)
    yield _convolution(f"conv2d_{number + 1}", 3, channels, channels // 2)
    yield _normalization(f"batch_normalization_{stage - 2}", channels // 2)
    yield _convolution(f"conv2d_{number + 2}", 1, channels // 2, 1)


def _convolution(name: str, size: int, inputs: int, outputs: int) -> Shapes:
    return {f"{name}/kernel": (size, size, inputs, outputs), f"{name}/bias": (outputs,)}


def _normalization(name: str, channels: int) -> Shapes:
    arrays = ("gamma", "beta", "moving_mean", "moving_variance")
    return {f"{name}/{array}": (channels,) for array in arrays}
