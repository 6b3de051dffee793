"""How live pictures look, and the keys that change it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..render.boxes import best_boxes, draw_boxes
from ..render.views import VIEWS, render
from ..stream import Stream

BOXES = "boxes"  # the frame, and the best boxes on it
LIVE_VIEWS = (*VIEWS, BOXES)
COLORMAPS = ("inferno", "turbo", "viridis", "jet", "bone")
HUDS = ("figures", "help", "nothing")
_ALPHA_STEP = 0.1


@dataclass
class Look:
    """View, opacity, colours and text of the map."""

    view: str = VIEWS[0]
    alpha: float = 0.5
    colormap: str = COLORMAPS[0]
    hud: str = HUDS[0]

    def picture(
        self, frame: NDArray[np.uint8], saliency: NDArray[np.uint8], stream: Stream
    ) -> NDArray[np.uint8]:
        """Return the picture of a BGR frame and its map, by the stream it comes from."""
        if self.view == BOXES:
            picture = frame.copy()
            draw_boxes(picture, best_boxes(stream, saliency), frame.shape[1])
            return picture
        return render(
            frame, saliency, view=self.view, alpha=self.alpha, colormap=self.colormap,
            percentile=stream.method.display_percentile, color="bgr",
        )  # fmt: skip

    def next_view(self) -> None:
        """Show the map another way."""
        self.view = after(self.view, LIVE_VIEWS)

    def next_colormap(self) -> None:
        """Take other colours."""
        self.colormap = after(self.colormap, COLORMAPS)

    def next_hud(self) -> None:
        """Write figures, help too, or nothing."""
        self.hud = after(self.hud, HUDS)

    def more(self) -> None:
        """Make the map more opaque."""
        self.alpha = round(min(1.0, self.alpha + _ALPHA_STEP), 2)

    def less(self) -> None:
        """Make the map less opaque."""
        self.alpha = round(max(0.0, self.alpha - _ALPHA_STEP), 2)


def after(name: str, names: tuple[str, ...]) -> str:
    """Return the name that follows: after the last, and after a stranger, the first."""
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
