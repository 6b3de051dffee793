"""Attributions as pictures: one value per pixel in [0, 1], or one per token."""

from __future__ import annotations

import importlib
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import containers, validation
from ..errors import ImageError
from .models import image_array

Sign = Literal["absolute", "positive", "negative", "signed"]

SIGNS = ("absolute", "positive", "negative", "signed")
_SAMPLE = 1 << 14  # values that bracket a percentile
_LEAST, _MOST = 1e-25, 1e30  # magnitudes that float32 holds with all its digits


def heatmap(attribution: Any, *, sign: Sign = "absolute", percentile: float = 99) -> Any:
    """Scale an attribution for display: sum the channels, then clip at a percentile.

    Parameters
    ----------
    attribution : array_like, (H, W) or (H, W, C), or a tensor (C, H, W)
        Attributions of any range.
    sign : {"absolute", "positive", "negative", "signed"}, default "absolute"
        The sum of the channels' magnitudes; or the signed sum: its positive part, its negative
        part as positive values, or itself.
    percentile : float, default 99
        This percentile and all above become 1, for "signed" in magnitude. The minimum becomes
        0; for "signed" 0 stays 0.

    Returns
    -------
    map : array of float32, (H, W)
        In [0, 1]; for "signed" in [-1, 1]. A constant map becomes 0, except with "signed". A
        tensor for a tensor.

    Raises
    ------
    ImageError
        If `attribution` is of another shape, or holds NaN or infinities.
    ValueError
        If an option is out of its range.

    See Also
    --------
    fastsal.overlay : Lay the map in colours over the picture.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> explain.heatmap(np.array([[0.0, -2.0], [1.0, 4.0]]), percentile=100)
    array([[0.  , 0.5 ],
           [0.25, 1.  ]], dtype=float32)
    """
    sign = validation.choice("sign", sign, SIGNS)  # type: ignore[assignment]
    limit = validation.number("percentile", percentile, 0, 100)
    values = image_array(attribution, "attribution", is_checked=False)
    is_tensor = containers.is_tensor(attribution)
    if values.ndim not in (2, 3):
        form = "(C, H, W)" if is_tensor else "(H, W, C)"
        raise ImageError(f"`attribution` must be of shape (H, W) or {form}; got {values.shape}")
    if values.ndim == 3 and is_tensor:
        values = np.moveaxis(values, 0, -1)
    rows, cols = values.shape[:2]
    flat = np.ascontiguousarray(values).reshape(rows * cols, -1)[...]
    flat.flags.writeable = False
    kernels = importlib.import_module("..algorithms.attributions._cpu", __package__)
    found = np.empty(rows * cols, np.float32)
    for dtype in (np.float32, np.float64):
        sums = kernels.add_channels(flat, SIGNS.index(sign), dtype)
        low, high = float(sums.min()), float(sums.max())
        if _LEAST < max(high, -low) < _MOST:  # else float32 may have rounded to 0 or infinity
            break
    if not math.isfinite(low + high):
        raise ImageError("`attribution` must be finite; got NaN or infinities")
    if sign == "signed":
        low, width, least = 0.0, percentile_of(np.abs(sums), limit), -1.0
    else:
        least = 0.0
        width = percentile_of(sums, limit) - low
    kernels.stretch(sums, low, width, least, found)
    result = found.reshape(rows, cols)
    return containers.returned(result, True).to(attribution.device) if is_tensor else result


def element_scores(attribution: Any) -> Any:
    """Sum an attribution over its last axis: one score per token, sample, row or pixel.

    Parameters
    ----------
    attribution : array_like or tensor, any shape
        Attributions such as (T, D) of T tokens with embeddings of D values.

    Returns
    -------
    scores : array, one axis less
        Signed. They add up to the sum of `attribution`.

    Raises
    ------
    ImageError
        If `attribution` is empty, or not of real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> explain.element_scores(np.array([[1.0, 2.0], [0.0, -1.0]]))
    array([ 3., -1.])
    """
    if containers.is_tensor(attribution):
        image_array(attribution, "attribution")
        return attribution.sum(-1)
    return image_array(attribution, "attribution").sum(-1)


def percentile_of(values: NDArray[Any], percentile: float) -> float:
    """Return NumPy's percentile of values (N,), from those between two bounds of a sample."""
    count = values.size
    if count < 4 * _SAMPLE:
        return float(np.percentile(values, percentile))
    place = (count - 1) * (percentile / 100)
    first = math.floor(place)
    sample = np.sort(values[:: count // _SAMPLE])
    fraction = place / count
    middle = fraction * sample.size
    margin = 4 * math.sqrt(sample.size * fraction * (1 - fraction)) + 4
    left, right = math.floor(middle - margin), math.ceil(middle + margin)
    low = sample[left] if left >= 0 else values.min()
    high = sample[right] if right < sample.size else values.max()
    inside = values[values >= low]
    below = count - inside.size
    inside = inside[inside <= high]
    index = first - below
    last = min(first + 1, count - 1) - below
    if index < 0 or last >= inside.size:  # the sample was not a fair one
        return float(np.percentile(values, percentile))
    inside = np.partition(inside, (index, last))
    one, other = float(inside[index]), float(inside[last])
    return one + (other - one) * (place - first)
