"""The picture that a program writes for an image: its map, and drawings on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..stream import Stream
from .grid import GRID, Grid


@dataclass(frozen=True)
class ImageLook:
    """How maps of images are shown.

    Attributes
    ----------
    view : {"map", "overlay", "side-by-side", "grid"}
        "grid" shows the overlays of all methods in one picture.
    alpha : float
        Weight of the map in an overlay.
    background : str
        Colour behind transparent pixels.
    scanpath : int
        Number of fixations to draw.
    boxes : bool
        Find and draw the best boxes.
    has_values : bool
        Keep the values of the map and draw nothing.
    colormap : str
        Colours of an overlay: OpenCV's name.
    """

    view: str = "map"
    alpha: float = 0.5
    background: str = "white"
    scanpath: int = 0
    boxes: bool = False
    has_values: bool = False
    colormap: str = "inferno"

    def pictures(
        self, frame: Any, streams: Mapping[str, Stream]
    ) -> Iterator[tuple[str, Any, NDArray[Any]]]:
        """Yield each method, its boxes if asked for, and its picture of an image.

        A grid is one picture of all methods, under the name "grid".
        """
        for stream in streams.values():
            if stream.method.kind == "static":
                stream.reset()  # images do not follow each other as frames do
        if self.view == GRID:
            maps = {key: stream.update(frame) for key, stream in streams.items()}
            grid = Grid(list(streams), (frame.shape[1], frame.shape[0]))
            yield (
                GRID,
                None,
                grid.picture(frame, maps, alpha=self.alpha, colormap=self.colormap, color="rgb"),
            )
            return
        for key, stream in streams.items():
            yield key, *self._boxes_and_picture(frame, stream)

    def _boxes_and_picture(self, frame: Any, stream: Stream) -> tuple[Any, NDArray[Any]]:
        saliency = stream.update(frame)
        boxes = None
        if self.boxes:
            from .boxes import best_boxes

            boxes = best_boxes(stream, saliency)
        has_drawings = self.scanpath or self.boxes
        if self.has_values or (self.view == "map" and not has_drawings):
            return boxes, saliency
        from .views import render

        percentile = stream.method.display_percentile
        picture = render(
            frame, saliency, view=self.view, alpha=self.alpha, colormap=self.colormap,
            percentile=percentile,
        )  # fmt: skip
        if boxes is not None:
            from .boxes import draw_boxes

            draw_boxes(picture, boxes, frame.shape[1])
        if self.scanpath:
            from ..algorithms.scanpath import scanpath
            from .draw_scanpath import draw_scanpath

            copies = 2 if self.view == "side-by-side" else 1
            draw_scanpath(picture, scanpath(saliency, self.scanpath), copies=copies)
        return boxes, picture
