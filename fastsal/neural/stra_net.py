"""STRA-Net over videos and streams of frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch

from ..errors import ImageError
from .checkpoints import find_weights
from .network import Frame, Map, Prediction, RawMap, Settings, Sound, VideoNetwork, _Checked
from .stra_net_checkpoint import Checkpoint
from .stra_net_flow import Flow, Input, fields_of_stream, flow_of, inputs_of_video
from .stra_net_images import SIZE, finish_map, prepare_image
from .stra_net_network import StraNet

_BATCH = 4  # frames that pass through the network together


class StraNetwork(VideoNetwork):
    """STRA-Net, whose recurrence runs over all frames of a video."""

    memory_hint = "use device='cpu'; one frame needs 2 GB"

    def __init__(
        self,
        weights: str | os.PathLike[str] | None,
        *,
        flow: str | Flow = "dis",
        **settings: Any,
    ) -> None:
        super().__init__(Settings(**settings))
        self._flow = flow_of(flow)
        with Checkpoint(find_weights(weights, "stra-net")) as checkpoint:
            network = StraNet(checkpoint, winograd=self.device.type == "cpu")
            self.report = checkpoint.report()
        self._network = network.to(self.device)
        self._restart()

    def _predictions(
        self, frames: Iterator[Frame], sound: Sound | None, fps: float, stride: int
    ) -> Iterator[Prediction]:
        state = None
        inputs = inputs_of_video(frames, self._flow, stride)
        while batch := list(islice(inputs, _BATCH * stride)):
            saliency, state = self._outputs([each for each in batch if each is not None], state)
            results = iter(saliency)
            for each in batch:
                yield Prediction(None if each is None else next(results))

    def _outputs(
        self, inputs: list[Input], state: torch.Tensor | None
    ) -> tuple[list[RawMap], torch.Tensor | None]:
        """Return the network's maps of consecutive frames, and the state after them."""
        image, flow = (
            torch.from_numpy(np.stack(arrays)).to(self.device)
            for arrays in zip(*inputs, strict=True)
        )
        outputs, state = self._network(image, flow, state)
        return list(outputs.saliency.cpu().numpy()), state

    def _step(self, frame: Frame, is_wanted: bool) -> RawMap | None:
        result = None
        if is_wanted:
            fields = fields_of_stream(self._previous, frame, self._flow)
            (result,), self._state = self._outputs(
                [Input(prepare_image(frame), fields)], self._state
            )
        self._previous = frame
        return result

    def _restart(self) -> None:
        self._state: torch.Tensor | None = None
        self._previous: Frame | None = None

    def _finish(self, raw: RawMap, shape: tuple[int, int]) -> Map:
        return finish_map(raw, shape)

    def _checked(self, frame: Any, name: str) -> _Checked:
        checked = super()._checked(frame, name)
        height, width = checked.rgb.shape[:2]
        if max(height, width) > SIZE * min(height, width):
            raise ImageError(
                f"`{name}` must not be longer than {SIZE} times its other side; "
                f"got {height} x {width} pixels"
            )
        # Grey frames are prepared otherwise than grey pictures in RGB.
        is_grey = checked.frames.channels == 1
        return checked._replace(rgb=checked.rgb[..., 0]) if is_grey else checked
