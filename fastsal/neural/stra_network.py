"""STRA-Net over videos and streams of frames."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ..errors import ImageError
from .checkpoints import find_weights
from .frames import Checked, FrameReader
from .network import Frame, Map, Prediction, RawMap, Settings, VideoNetwork
from .sound import Sound
from .stra_net_checkpoint import Checkpoint
from .stra_net_flow import Flow, Input, fields_of_stream, flow_of, inputs_of_video
from .stra_net_images import SIZE, finish_map, prepare_image
from .stra_net_network import StraNet


class StraNetwork(VideoNetwork):
    """STRA-Net (Lai et al., IEEE TIP 2020): its recurrence runs over all frames of a video."""

    memory_hint = "a device with 3 GB"

    _state: torch.Tensor | None = None  # of the recurrence
    _previous: Frame | None = None

    def __init__(
        self,
        weights: str | os.PathLike[str] | None,
        settings: Settings,
        *,
        flow: str | Flow = "dis",
    ) -> None:
        super().__init__(settings)
        self._flow = flow_of(flow)
        self._reader = _Reader(settings.color, settings.channel_axis)
        on_cpu = self.device.type == "cpu" and self.dtype == torch.float32
        with Checkpoint(find_weights(weights, "stra-net")) as checkpoint:
            network = StraNet(checkpoint, winograd=on_cpu)
            self.report = checkpoint.report()
        self._network = network.cast(self.device, self.dtype)

    def _predictions(
        self, frames: Iterator[Frame], sound: Sound | None, fps: float, stride: int
    ) -> Iterator[Prediction]:
        state: torch.Tensor | None = None

        def run(inputs: Sequence[Input]) -> Sequence[RawMap]:
            nonlocal state
            maps, state = self._outputs(inputs, state)
            return maps

        for raw in self._in_batches(inputs_of_video(frames, self._flow, stride), run):
            yield Prediction(raw)

    def _outputs(
        self, inputs: Sequence[Input], state: torch.Tensor | None
    ) -> tuple[Sequence[RawMap], torch.Tensor]:
        """Return the network's maps of consecutive frames, and the state after them."""
        image, flow = (
            torch.from_numpy(np.stack(arrays)).to(self.device, self.dtype)
            for arrays in zip(*inputs, strict=True)
        )
        outputs, state = self._network(image, flow, state)
        maps: Sequence[RawMap] = outputs.saliency.cpu().numpy()
        return maps, state

    def _step(self, frame: Frame, is_wanted: bool) -> RawMap | None:
        result = None
        if is_wanted:
            fields = fields_of_stream(self._previous, frame, self._flow)
            inputs = [Input(prepare_image(frame), fields)]
            (result,), self._state = self._outputs(inputs, self._state)
        self._previous = frame
        return result

    def _restart(self) -> None:
        self._state = None
        self._previous = None

    def _finish(self, raw: RawMap, shape: tuple[int, int]) -> Map:
        return finish_map(raw, shape)


class _Reader(FrameReader):
    """Leaves grey frames grey, (H, W): the authors' code stretches them to the whole range."""

    def read(self, frame: Any, name: str) -> Checked:
        checked = super().read(frame, name)
        height, width = checked.rgb.shape[:2]
        if max(height, width) > SIZE * min(height, width):
            raise ImageError(
                f"`{name}` must not be longer than {SIZE} times its other side; "
                f"got {height} x {width} pixels"
            )
        is_grey = checked.frames.channels == 1
        return checked._replace(rgb=checked.rgb[..., 0]) if is_grey else checked
