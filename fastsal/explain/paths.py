"""Integrated gradients along other paths: through blurred images, and guided by the gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..errors import ImageError, ModelError
from .gradients import baseline_of, batches
from .models import Session, checked_finite, explained

_CLOSE = 1e-9  # distances that differ by less are equal


def blur_ig(
    image: Any,
    model: Any,
    *,
    target: Any = None,
    max_sigma: float = 50,
    steps: int = 100,
    grad_step: float = 0.01,
    sqrt: bool = False,
    batch_size: int = 8,
) -> Any:
    """Integrate the gradient along images that are blurred less and less (Blur IG).

    No baseline is needed. Blur and sums run on the host.

    Parameters
    ----------
    image : array_like of float, (H, W), (H, W, C), or a tensor (C, H, W)
        The input as the model wants it.
    model, target
        As in `gradient`.
    max_sigma : float, default 50
        Standard deviation of the strongest blur, in pixels.
    steps : int, default 100
        Number of gradients.
    grad_step : float, default 0.01
        Step in sigma of the numerical derivative of the blurred image.
    sqrt : bool, default False
        Space the sigmas by square roots instead of evenly.
    batch_size : int, default 8
        At most this many images are in memory and in one call of the model.

    Returns
    -------
    attribution : array of `image`'s shape
        Signed. Each step has its own width, also with `sqrt` and several images per call.

    Raises
    ------
    ImageError, ModelError
        As in `gradient`.
    ValueError
        If an option is out of its range.

    References
    ----------
    .. [1] S. Xu, S. Venugopalan and M. Sundararajan, "Attribution in scale and space", CVPR 2020.
       https://arxiv.org/abs/2004.03383

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def total(batch, call_model_args=None, expected_keys=None):
    ...     return {"INPUT_OUTPUT_GRADIENTS": np.ones_like(batch)}
    >>> image = np.zeros((9, 9))
    >>> image[4, 4] = 1.0
    >>> found = explain.blur_ig(image, total, max_sigma=2)
    >>> bool(found[4, 4] > 0.9)  # blurring removes the peak
    True
    """
    widest = validation.number("max_sigma", max_sigma, 0, 1e4)
    count = validation.integer("steps", steps, 1)
    epsilon = validation.number("grad_step", grad_step, 1e-12)
    size = validation.integer("batch_size", batch_size, 1)
    sigmas = np.arange(count + 1) * (widest / count)
    if sqrt:
        sigmas = np.sqrt(sigmas)
    widths = np.diff(sigmas)

    def work(session: Session) -> Any:
        values = _host(session)
        if values.ndim not in (2, 3):
            raise ImageError(f"`image` must be of shape (H, W) or (H, W, C); got {values.shape}")
        axes = (1, 2) if session.is_tensor and values.ndim == 3 else (0, 1)
        total = session.zeros()
        for part in batches(count, size):
            blurred = [_blurred(values, sigma, axes) for sigma in sigmas[part]]
            slopes = [
                session.taken((_blurred(values, sigma + epsilon, axes) - each) / epsilon)
                for sigma, each in zip(sigmas[part], blurred, strict=True)
            ]
            found = session.gradients(session.stacked(blurred))
            for width, slope, each in zip(widths[part], slopes, found, strict=True):
                total -= float(width) * (slope * each)
        return checked_finite(session.narrow(total), session)

    return explained(image, model, target, work)


def guided_ig(
    image: Any,
    model: Any,
    *,
    target: Any = None,
    baseline: Any = 0.0,
    steps: int = 200,
    fraction: float = 0.25,
    max_dist: float = 0.02,
) -> Any:
    """Integrate the gradient along a path that it guides (Guided IG).

    The path first changes the values that matter least, so noise has less effect. Each step
    depends on the gradient of the previous step, so steps cannot be batched. The path is computed
    on the host, in float64.

    Parameters
    ----------
    image, model, target
        As in `gradient`.
    baseline : float or array of `image`'s shape, default 0.0
        Start of the path.
    steps : int, default 200
        Number of gradients.
    fraction : float, default 0.25
        Fraction of the values that change at a time, those of the smallest gradients first.
    max_dist : float, default 0.02
        Greatest distance from the straight line, as a fraction of its length. 0 gives
        Integrated Gradients, and 1 any path.

    Returns
    -------
    attribution : array of `image`'s shape
        Signed.

    Raises
    ------
    ImageError, ModelError
        As in `gradient`.
    ValueError
        If an option is out of its range.

    References
    ----------
    .. [1] A. Kapishnikov et al., "Guided integrated gradients: an adaptive path method for removing
       noise", CVPR 2021. https://arxiv.org/abs/2106.09788

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def squares(batch, call_model_args=None, expected_keys=None):
    ...     return {"INPUT_OUTPUT_GRADIENTS": 2 * batch}  # of the sum of squares
    >>> explain.guided_ig(np.array([[1.0, -2.0]]), squares).round(1)
    array([[1., 4.]])
    """
    count = validation.integer("steps", steps, 1)
    fraction = validation.number("fraction", fraction, 0, 1)
    reach = validation.number("max_dist", max_dist, 0, 1)

    def work(session: Session) -> Any:
        start = baseline_of(baseline, session)
        end = _host(session).astype(np.float64)
        begin = np.zeros_like(end) if isinstance(start, int) else _as_host(start, session)

        def slope(point: NDArray[np.float64]) -> NDArray[np.float64]:
            found = _as_host(session.gradients(session.taken(point)[None])[0], session)
            if not np.isfinite(found).all():
                raise ModelError("`model` gives NaN or infinite gradients")
            return found

        found = guided_path(begin.astype(np.float64), end, slope, count, fraction, reach)
        return checked_finite(session.taken(found), session)

    return explained(image, model, target, work)


def guided_path(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    slope_at: Any,
    steps: int,
    fraction: float,
    max_dist: float,
) -> NDArray[np.float64]:
    """Return the attribution along the guided path (Algorithm 1 of the paper, bounded)."""
    point, span = start.copy(), end - start
    whole = float(np.abs(span).sum())
    total = np.zeros_like(end)
    if whole == 0:
        return total
    moves = span != 0
    for step in range(1, steps + 1):
        slope = np.array(slope_at(point), np.float64)
        strength = np.abs(slope)
        now = step / steps
        low, high = max(now - max_dist, 0.0), min(now + max_dist, 1.0)
        nearest, farthest = start + span * low, start + span * high
        goal = whole * (1 - step / steps)
        ratio = math.inf
        while ratio > 1:
            before = point.copy()
            with np.errstate(invalid="ignore", divide="ignore"):
                progress = np.where(moves, (point - start) / span, high)
            behind = progress < low
            point[behind] = nearest[behind]
            left = float(np.abs(point - end).sum())
            if math.isclose(goal, left, rel_tol=_CLOSE, abs_tol=_CLOSE):
                total += (point - before) * slope
                break
            strength[point == farthest] = np.inf
            limit = np.quantile(strength, fraction, method="lower")
            chosen = (strength <= limit) & (strength != np.inf)
            gain = float((np.abs(point - farthest) * chosen).sum())
            ratio = (left - goal) / gain if gain > 0 else math.inf
            if ratio > 1:
                point[chosen] = farthest[chosen]
            else:
                point[chosen] = (point + (farthest - point) * ratio)[chosen]
            total += (point - before) * slope
            if gain == 0 and not np.isfinite(strength).any():
                break  # every value has reached the limit of this step
    return total


def _host(session: Session) -> NDArray[Any]:
    return _as_host(session.image, session)


def _as_host(array: Any, session: Session) -> NDArray[Any]:
    """Return an array of the model's kind as a NumPy array in the caller's layout."""
    found = session.given(array)
    return found.cpu().numpy() if session.is_tensor else np.asarray(found)


def _blurred(values: NDArray[Any], sigma: float, axes: tuple[int, int]) -> NDArray[Any]:
    """Return the image blurred by a Gaussian; it is zero outside."""
    from scipy import ndimage

    if sigma == 0:
        return values
    found: NDArray[Any] = ndimage.gaussian_filter(values, sigma, mode="constant", axes=axes)
    return found
