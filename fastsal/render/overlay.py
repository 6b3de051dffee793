"""Draw a saliency map in colours over its image."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import containers, devices, images
from ..errors import ImageError
from ..images import Array, Color, check_color
from ..validation import joined, listed, number, shown

Blend = Literal["uniform", "saliency"]
BLENDS = get_args(Blend)

_PREFIX = "COLORMAP_"
_BINS = 4096
_MAP_DTYPES = ("uint8", "float32", "float64")


def overlay(
    image: ArrayLike,
    saliency: ArrayLike,
    *,
    alpha: float = 0.5,
    colormap: str = "inferno",
    percentile: float | None = None,
    blend: Blend = "uniform",
    color: Color = "rgb",
    channel_axis: int | None = -1,
) -> Array:
    """Draw a saliency map in colours over its image.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Host array. A fourth channel is ignored; floats lie in [0, 1].
    saliency : array_like of float or uint8, (H, W)
        Saliency map in [0, 1], or 0 to 255 for uint8.
    alpha : float, default 0.5
        Weight of the map in [0, 1]: 0 returns the image, 1 returns the map.
    colormap : str, default "inferno"
        Name of an OpenCV colour map, such as "jet" or "viridis".
    percentile : float, optional
        Percentile of the map in (0, 100] that is shown as 1; larger values are clipped. Use it for
        maps that are mostly near 0. Default: show the map unchanged. The command line uses 95 for
        superpixel contrast (``fastsal.METHODS[key].display_percentile``).
    blend : {"uniform", "saliency"}, default "uniform"
        "uniform" gives all pixels the weight `alpha`. "saliency" gives each pixel the weight
        ``sqrt(alpha * saliency)``, so regions that are not salient look as in the image.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels of `image` and of the result.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two axes. The result has them last.

    Returns
    -------
    picture : array of uint8, (H, W, 3)
        ``(1 - weight) * image + weight * colours``, in the channel order of `image`.

    Raises
    ------
    ImageError
        If `image` or `saliency` is not a host array of these forms, or their sizes differ.
    ValueError
        If `alpha` or `percentile` is out of range, or `colormap`, `blend` or `color` is unknown.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.zeros((4, 6, 3), np.uint8)
    >>> fastsal.overlay(image, fastsal.luminance_contrast(image)).shape
    (4, 6, 3)
    """
    alpha = check_alpha(alpha)
    check_color(color)
    check_colormap(colormap)
    check_blend(blend)
    frames = _host_frames(image, "image", channel_axis=channel_axis)
    levels = levels_of(saliency, percentile)
    if frames.shape != levels.shape:
        raise ImageError(
            "`image` and `saliency` must have the same height and width; "
            f"got {frames.shape} and {levels.shape}"
        )
    base, painted = images.picture_of(frames), in_colors(levels, colormap, color)
    if blend == "saliency":
        weights = np.sqrt(np.linspace(0, alpha, 256, dtype=np.float32))
        weight = cv2.LUT(levels, weights)
        picture = cv2.blendLinear(base, painted, 1 - weight, weight)
    else:
        picture = cv2.addWeighted(base, 1 - alpha, painted, alpha, 0, dst=painted)
    return containers.returned(picture, frames.is_tensor)


def in_colors(
    saliency: NDArray[np.uint8], colormap: str, color: Color = "rgb"
) -> NDArray[np.uint8]:
    """Return a map of bytes in the colours of a colour map, (H, W, 3)."""
    painted: NDArray[np.uint8] = cv2.applyColorMap(saliency, _colors(_code_of(colormap), color))
    return painted


def check_alpha(alpha: float) -> float:
    """Return `alpha` if it is a number from 0 to 1, or raise ValueError."""
    return number("alpha", alpha, 0, 1)


def check_blend(blend: str) -> None:
    """Raise ValueError unless `blend` is "uniform" or "saliency"."""
    if blend not in BLENDS:
        raise ValueError(f"`blend` must be {listed(BLENDS)}; got {shown(blend)}")


def check_colormap(colormap: str) -> None:
    """Raise ValueError unless `colormap` is a name of OpenCV's."""
    _code_of(colormap)


def levels_of(saliency: Any, percentile: float | None = None) -> NDArray[np.uint8]:
    """Return a map as uint8, checked; with `percentile`, that one becomes 255."""
    if percentile is not None:
        percentile = number("percentile", percentile, 1e-9, 100, form="a number above 0, up to 100")
    frames = _host_frames(saliency, "saliency", channel_axis=None, dtypes=_MAP_DTYPES)
    values = frames.pixels.reshape(frames.shape)
    is_whole = values.dtype == np.uint8
    scale = 1.0 if is_whole else 255.0
    if percentile is not None and (top := _percentile_of(values, percentile)) > 0:
        scale = 255 / top
    if scale == 1:
        return np.asarray(values)
    levels: NDArray[np.uint8] = cv2.convertScaleAbs(values, alpha=scale)
    return levels


def _percentile_of(values: NDArray[Any], percentile: float) -> float:
    """Return a percentile of a map; where it is next to 0, the greatest value.

    A histogram takes a tenth of the time that sorting takes.
    """
    if values.dtype == np.uint8:
        bins, end = 256, 256.0
    else:  # the last bin ends above 1, which OpenCV would leave out otherwise
        bins, end = _BINS + 1, 1 + 1 / _BINS
        values = values.astype(np.float32, copy=False)
    counts = cv2.calcHist([values], [0], None, [bins], [0, end])
    index = int(np.searchsorted(np.cumsum(counts), percentile / 100 * values.size))
    return index * end / bins if index > 0 else float(values.max())


def _host_frames(array: Any, name: str, **form: Any) -> images.Frames:
    if devices.is_device_array(array):
        raise ImageError(f"`{name}` must be on the host; got a device array; copy it to the host")
    return images.as_frames(array, name=name, stacks=False, **form)


def _code_of(colormap: str) -> int:
    code = None
    if isinstance(colormap, str):
        code = getattr(cv2, _PREFIX + colormap.upper(), None)
    if code is None:
        names = sorted(n.removeprefix(_PREFIX).lower() for n in dir(cv2) if n.startswith(_PREFIX))
        raise ValueError(f"`colormap` must be {joined(names)}; got {shown(colormap)}")
    return int(code)


@cache
def _colors(code: int, color: Color) -> NDArray[np.uint8]:
    """Return the 256 colours of a map, (256, 1, 3)."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    colors = cv2.applyColorMap(ramp, code)
    return colors if color == "bgr" else np.ascontiguousarray(colors[..., ::-1])
