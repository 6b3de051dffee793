"""Regions of the frames of a video, from the maps of a method, smoothed over time."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ..stream import Stream
from .regions import contrasted, means_of_blocks, offsets_of, rectangles
from .salient import FRACTION, Mask, salient_mask

_BLOCK = 16  # pixels: the unit of quantisation in H.264
_LEVELS = 3
_LONGEST = 240  # pixels of a side of the frames that the method gets
_MAPS_PER_SECOND = 3.0  # of methods for single images
_FADE = 0.15  # seconds in which the score of a block that is salient no longer halves

Picture = NDArray[np.uint8]
Region = tuple[float, float, float, float, float]  # as `regions_of` returns them


class VideoRegions:
    """Returns the regions of each frame.

    Parameters
    ----------
    stream : Stream
        Gets BGR frames.
    size : (int, int)
        Width and height of the frames.
    fps : float
    strength, background : float
        As `regions_of` takes them.
    """

    def __init__(
        self, stream: Stream, size: tuple[int, int], fps: float, strength: float, background: float
    ) -> None:
        self._stream, self._size = stream, size
        scale = min(1.0, _LONGEST / max(size))
        self._reduced = tuple(max(1, round(scale * side)) for side in size)
        self._grid = tuple(-(-side // _BLOCK) for side in size)
        # Pixels of the reduced frame that the last blocks lack.
        self._missing = tuple(
            round(reduced * (_BLOCK * blocks / side - 1))
            for reduced, blocks, side in zip(self._reduced, self._grid, size, strict=True)
        )
        self._saliency = np.zeros(self._reduced[::-1], np.uint8)
        self._offsets = offsets_of(_LEVELS, strength, background)
        is_static = stream.method.kind == "static"
        self._step = max(1, math.floor(fps / _MAPS_PER_SECOND)) if is_static else 1
        self._fade = 0.5 ** (self._step / fps / _FADE)
        self._scores: NDArray[np.float32] | None = None
        self._regions: tuple[Region, ...] = ()
        self._count = 0

    def update(self, frame: Picture) -> tuple[Region, ...]:
        """Return the regions of the next frame, a BGR image; none if its map is uniform."""
        if self._count % self._step == 0:
            if self._reduced != self._size:
                frame = cv2.resize(frame, self._reduced, interpolation=cv2.INTER_AREA)
            self._stream.update(frame, out=self._saliency)
            self._regions = self._of_map()
        self._count += 1
        return self._regions

    def mask(self) -> Mask | None:
        """Return the salient pixels by the last map, at the size of the frames; None if uniform."""
        if self._scores is None:
            return None
        mask = salient_mask(self._saliency).view(np.uint8)
        resized = cv2.resize(mask, self._size, interpolation=cv2.INTER_NEAREST)
        enlarged: Mask = resized.view(bool)
        return enlarged

    def _of_map(self) -> tuple[Region, ...]:
        table = _table(self._saliency)
        if table is None:
            self._scores = None
            return ()
        scores = means_of_blocks(cv2.LUT(self._saliency, table), self._grid, self._missing)
        if self._scores is not None:
            scores = np.maximum(scores, self._fade * self._scores)
        self._scores = scores
        width, height = self._size
        found = rectangles(scores, (height, width), _BLOCK, self._offsets)
        return tuple(map(tuple, found.tolist()))


def _table(saliency: Picture) -> NDArray[np.float32] | None:
    """Return the contrasted value of each of 256 levels; None for a uniform map."""
    counts = cv2.calcHist([saliency], [0], None, [256], [0, 256]).ravel()
    levels = np.flatnonzero(counts)
    low = levels[0]
    if len(levels) == 1:
        return None
    threshold = float(np.searchsorted(np.cumsum(counts), (1 - FRACTION) * saliency.size))
    if threshold <= low:
        above = levels[1:]
        threshold = float(np.average(above, weights=counts[above]))
    values = (np.arange(256, dtype=np.float32) - low) / np.float32(threshold - low)
    return contrasted(np.maximum(values, 0))
