"""A saliency map in colours, laid over the picture it belongs to."""

from __future__ import annotations

import numbers
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ImageError
from ..images import Color, check_color

_PREFIX = "COLORMAP_"


def overlay(
    image: ArrayLike,
    saliency: ArrayLike,
    *,
    alpha: float = 0.5,
    colormap: str = "inferno",
    color: Color = "rgb",
) -> NDArray[np.uint8]:
    """Lay a saliency map in colours over its picture.

    Parameters
    ----------
    image : array_like of uint8, (H, W), (H, W, 3) or (H, W, 4)
        The picture, on the host; a fourth channel is ignored.
    saliency : array_like of float32 or uint8, (H, W)
        Its map, in [0, 1] or 0 to 255.
    alpha : float, default 0.5
        Share of the colours in the result: 0 gives the picture, 1 the map.
    colormap : str, default "inferno"
        Name of one of OpenCV's colour maps.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels of `image` and of the result.

    Returns
    -------
    picture : ndarray of uint8, (H, W, 3)

    Raises
    ------
    ImageError
        If `image` or `saliency` is of another form, or their sizes differ.
    ValueError
        If `alpha` is outside [0, 1], or there is no such `colormap` or `color`.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((4, 6, 3), np.uint8)
    >>> fastsal.overlay(image, fastsal.luminance_contrast(image)).shape
    (4, 6, 3)
    """
    check_alpha(alpha)
    check_color(color)
    _code_of(colormap)
    base, levels = _picture(np.asarray(image)), levels_of(np.asarray(saliency))
    if base.shape[:2] != levels.shape:
        raise ImageError(
            f"expected image and saliency of the same size, got {base.shape[:2]} and {levels.shape}"
        )
    painted = in_colors(levels, colormap, color)
    picture: NDArray[np.uint8] = cv2.addWeighted(base, 1 - alpha, painted, alpha, 0, dst=painted)
    return picture


def in_colors(
    saliency: NDArray[np.uint8], colormap: str, color: Color = "rgb"
) -> NDArray[np.uint8]:
    """Return a map of bytes in the colours of a colour map, (H, W, 3)."""
    painted: NDArray[np.uint8] = cv2.applyColorMap(saliency, _colors(_code_of(colormap), color))
    return painted


def check_alpha(alpha: float) -> None:
    """Raise ValueError unless `alpha` is a number in [0, 1]."""
    is_number = isinstance(alpha, numbers.Real) and not isinstance(alpha, bool | np.bool)
    if not (is_number and 0 <= alpha <= 1):
        raise ValueError(f"alpha must lie in [0, 1], got {alpha!r}")


def _picture(image: NDArray[Any]) -> NDArray[np.uint8]:
    is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3, 4))
    if image.dtype != np.uint8 or not is_image or 0 in image.shape:
        raise ImageError(
            f"expected image as non-empty uint8 (H, W), (H, W, 3) or (H, W, 4), got {image.dtype} "
            f"{image.shape}"
        )
    if image.ndim == 3 and image.shape[2] > 1:
        return np.ascontiguousarray(image[..., :3])
    gray: NDArray[np.uint8] = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2BGR)
    return gray


def levels_of(saliency: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a map as uint8, checked."""
    of_maps = saliency.dtype in (np.uint8, np.float32, np.float64)
    if saliency.ndim != 2 or not saliency.size or not of_maps:
        raise ImageError(
            "expected saliency as non-empty float32 or uint8 (H, W), "
            f"got {saliency.dtype} {saliency.shape}"
        )
    if saliency.dtype == np.uint8:
        return np.ascontiguousarray(saliency)
    if not (saliency.min() >= 0 and saliency.max() <= 1):  # NaN fails both
        raise ImageError(
            f"expected saliency in [0, 1], got values from {saliency.min()} to {saliency.max()}"
        )
    levels: NDArray[np.uint8] = cv2.convertScaleAbs(saliency, alpha=255)
    return levels


def _code_of(colormap: str) -> int:
    code = None
    if isinstance(colormap, str):
        code = getattr(cv2, _PREFIX + colormap.upper(), None)
    if code is None:
        names = sorted(n.removeprefix(_PREFIX).lower() for n in dir(cv2) if n.startswith(_PREFIX))
        raise ValueError(f"expected a colormap among {', '.join(names)}, got {colormap!r}")
    return int(code)


@cache
def _colors(code: int, color: Color) -> NDArray[np.uint8]:
    """Return the 256 colours of a map, (256, 1, 3)."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    colors = cv2.applyColorMap(ramp, code)
    return colors if color == "bgr" else np.ascontiguousarray(colors[..., ::-1])
