"""BING over a stream of frames: boxes, and a map of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images, runtime
from ...call import Call
from ...images import Array, Color
from .api import Path, bing
from .model import SPACES, BingModel

_WHOLE = (1 << 16) - 1  # the weight of the best box: 27,000 of them fit into 31 bits


class BingMaps:
    """Compute a saliency map from the boxes of `bing`, over a stream of frames.

    The weight of a box is its score minus the lowest score. A pixel scores the sum of the weights
    of the boxes that cover it, divided by the maximum of these sums.

    Attributes
    ----------
    boxes : array of int32, (N, 4)
        x, y, width and height of the boxes of the last frame, best first.
    scores : array of float32, (N,)
        Scores of these boxes.
    """

    boxes: NDArray[np.int32]
    scores: NDArray[np.float32]

    def __init__(
        self,
        *,
        training_path: Path | BingModel | None = None,
        nss: int = 2,
        color_spaces: Sequence[str] = SPACES,
        max_boxes: int | None = 100,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        self._options: dict[str, Any] = {
            "training_path": training_path, "nss": nss, "color_spaces": color_spaces,
            "max_boxes": max_boxes, "color": color, "channel_axis": channel_axis,
            "backend": backend,
        }  # fmt: skip
        self.reset()

    def reset(self) -> None:
        """Forget the boxes of the last frame."""
        self.boxes, self.scores = np.empty((0, 4), np.int32), np.empty(0, np.float32)

    def update(self, frame: ArrayLike, *, out: Array | None = None) -> Array:
        """Return the map of the next frame, float32 (or `out`), (H, W), in [0, 1]."""
        form = {name: self._options[name] for name in ("color", "channel_axis")}
        frames = images.as_frames(frame, name="frame", stacks=False, **form)
        call = Call(self._options["backend"], out, frames)
        self.boxes, self.scores = bing(frame, **self._options)
        with call:
            args = self.boxes, _weights(self.scores), frames.shape[1]
            saliency = call.saliency.reshape(call.saliency.size)
            call.kernels(__package__).fill_map(*args, saliency)
            return call.result()


def _weights(scores: NDArray[np.float32]) -> NDArray[np.int32]:
    if not scores.size:
        return np.empty(0, np.int32)
    low, span = float(scores[-1]), float(scores[0]) - float(scores[-1])
    shares = (scores.astype(np.float64) - low) / span if span else np.ones(len(scores))
    return np.rint(_WHOLE * shares).astype(np.int32)
