"""Render a saliency map: alone, over its image, or both side by side."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..images import Color
from ..io.pixels import as_bytes, three_channels
from ..validation import listed, shown
from .overlay import check_alpha, levels_of, overlay

VIEWS = ("overlay", "map", "side-by-side")


def check_look(view: str, alpha: float) -> None:
    """Refuse options that `render` would refuse, before there is anything to render.

    Raises
    ------
    ValueError
    """
    if view not in VIEWS:
        raise ValueError(f"`view` must be {listed(VIEWS)}; got {shown(view)}")
    check_alpha(alpha)


def render(
    frame: NDArray[Any],
    saliency: NDArray[Any],
    *,
    view: str,
    alpha: float = 0.5,
    colormap: str = "inferno",
    percentile: float | None = None,
    color: Color = "rgb",
) -> NDArray[np.uint8]:
    """Return the picture of a map, (H, W, 3), or (H, 2 * W, 3) for "side-by-side".

    "map" is grey in three equal channels, white where most salient. `percentile` is that of
    `overlay`.
    """
    if view == "map":
        levels = levels_of(saliency, percentile)
        gray: NDArray[np.uint8] = cv2.cvtColor(levels, cv2.COLOR_GRAY2BGR)
        return gray
    base = as_bytes(frame)
    laid: NDArray[np.uint8] = overlay(
        base, saliency, alpha=alpha, colormap=colormap, percentile=percentile, blend="saliency",
        color=color,
    )  # fmt: skip
    if view == "overlay":
        return laid
    picture: NDArray[np.uint8] = cv2.hconcat([three_channels(base), laid])
    return picture
