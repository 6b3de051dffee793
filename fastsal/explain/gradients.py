"""Gradients of a class score: plain, averaged over noise, and integrated along a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import containers, validation
from ..errors import ImageError
from .models import Session, checked_finite, explained, image_array

Kind = Literal["mean", "square", "variance"]
Rule = Literal["gauss-legendre", "midpoint", "trapezoid", "pair"]

KINDS = ("mean", "square", "variance")
RULES = ("gauss-legendre", "midpoint", "trapezoid", "pair")


def gradient(image: Any, model: Any, *, target: Any = None, channel_axis: int | None = -1) -> Any:
    """Return the gradient of a class score with respect to the image.

    Parameters
    ----------
    image : array_like of float, any shape, (H, W, C) for pictures
        The input as the model wants it, without the batch axis. Integers keep their values. For a
        module, a NumPy array with three axes is passed on as (C, H, W); other arrays and tensors
        keep their axes.
    model : torch.nn.Module or callable
        A module that returns a score table (N, classes), or a callable of PAIR's contract.
    target : int, optional
        The class; by default the one of the highest score. A callable gets
        ``call_model_args={"target": target}``; a dictionary is passed unchanged.
    channel_axis : int or None, default -1
        Axis of the channels in a NumPy array with three axes, for modules; None keeps the axes.

    Returns
    -------
    gradient : array of `image`'s shape
        Signed. A tensor for a tensor, on the same device. A module of 16 bits gives float32.

    Raises
    ------
    ImageError
        If `image` is empty, not of real numbers, or holds NaN or infinities.
    ModelError
        If `model` does not return a score table, or its gradients are not finite.
    ValueError
        If `target` is out of range.

    References
    ----------
    .. [1] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep inside convolutional networks", ICLR
       workshop 2014. https://arxiv.org/abs/1312.6034

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def squares(batch, call_model_args=None, expected_keys=None):
    ...     return {"INPUT_OUTPUT_GRADIENTS": 2 * batch}  # of the sum of squares
    >>> explain.gradient(np.array([[1.0, -2.0]]), squares)
    array([[ 2., -4.]])
    """

    def work(session: Session) -> Any:
        return checked_finite(session.gradients(session.image[None], decides=True)[0], session)

    return explained(image, model, target, work, channel_axis=channel_axis)


def smooth_grad(
    image: Any,
    model: Any,
    *,
    target: Any = None,
    base: Callable[..., Any] | None = None,
    samples: int = 25,
    noise: float = 0.15,
    kind: Kind = "mean",
    batch_size: int = 8,
    seed: int = 0,
    channel_axis: int | None = -1,
) -> Any:
    """Average an explanation over noisy copies of the image (SmoothGrad).

    Parameters
    ----------
    image, model, target, channel_axis
        As in `gradient`. The class is chosen once, by the image without noise.
    base : callable, optional
        The explanation to average, called as ``base(image, model, target=target)``; by default
        the gradient. `functools.partial` sets its options.
    samples : int, default 25
        Number of noisy copies.
    noise : float, default 0.15
        Standard deviation of the noise, as a fraction of the image's range (max - min).
    kind : {"mean", "square", "variance"}, default "mean"
        Mean of the gradients, mean of their squares, or their variance (VarGrad).
    batch_size : int, default 8
        At most this many copies are in memory and in one call of the model.
    seed : int, default 0
        Seed of the noise. Global random generators are unchanged.

    Returns
    -------
    attribution : array of `image`'s shape

    Raises
    ------
    ImageError, ModelError
        As in `gradient`.
    ValueError
        If an option is out of its range.

    References
    ----------
    .. [1] D. Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017.
       https://arxiv.org/abs/1706.03825

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def squares(batch, call_model_args=None, expected_keys=None):
    ...     return {"INPUT_OUTPUT_GRADIENTS": 2 * batch}  # of the sum of squares
    >>> explain.smooth_grad(np.array([[1.0, -2.0]]), squares, samples=1000).round(1)
    array([[ 2., -4.]])
    """
    count = validation.integer("samples", samples, 1)
    spread = validation.number("noise", noise, 0)
    kind = validation.choice("kind", kind, KINDS)  # type: ignore[assignment]
    size = validation.integer("batch_size", batch_size, 1)
    random = np.random.default_rng(validation.integer("seed", seed, 0))
    if base is not None and not callable(base):
        raise TypeError(f"`base` must be a function or None; got {validation.shown(base)}")
    values = image_array(image)
    sigma = spread * (float(values.max()) - float(values.min()))
    if base is not None:
        options = {} if channel_axis == -1 else {"channel_axis": channel_axis}

    def noise_like(number: int) -> NDArray[Any]:
        shape, dtype = (number, *values.shape), values.dtype
        found: NDArray[Any]
        found = random.standard_normal(shape, np.float32 if dtype == np.float32 else np.float64)
        found *= np.asarray(sigma, found.dtype)
        return found

    def work(session: Session) -> Any:
        total, squares = session.zeros(), session.zeros()
        target = session.target
        for first in range(0, count, size):
            shifts = noise_like(min(size, count - first))
            if base is None:
                found = session.gradients(session.image + session.stacked(shifts))
            else:
                found = session.stacked(
                    [base(session.given(session.image + session.taken(shift)), model,
                          target=target, **options) for shift in shifts]
                )  # fmt: skip
            if kind != "square":
                total += found.sum(0)
            if kind != "mean":
                squares += (found * found).sum(0)
        total /= count
        squares /= count
        result = {"mean": total, "square": squares}.get(kind)
        if result is None:
            result = (squares - total * total).clip(0)
        return checked_finite(session.narrow(result), session)

    return explained(image, model, target, work, channel_axis=channel_axis)


def integrated_gradients(
    image: Any,
    model: Any,
    *,
    target: Any = None,
    baseline: Any = 0.0,
    steps: int = 50,
    rule: Rule = "gauss-legendre",
    batch_size: int = 8,
    return_delta: bool = False,
    channel_axis: int | None = -1,
) -> Any:
    """Integrate the gradient along the line from a baseline to the image (Integrated Gradients).

    The attributions add up to the difference of the class scores of image and baseline, up to the
    error of the integration, `delta`.

    Parameters
    ----------
    image, model, target, channel_axis
        As in `gradient`.
    baseline : float or array of `image`'s shape, default 0.0
        Start of the line.
    steps : int, default 50
        Number of gradients.
    rule : {"gauss-legendre", "midpoint", "trapezoid", "pair"}, default "gauss-legendre"
        Points and weights. The first is the most accurate on smooth models. "trapezoid" needs two
        steps. "pair" is that of PAIR's package: equal weights with both ends included, so it
        errs by about 1 / steps.
    batch_size : int, default 8
        At most this many points are in memory and in one call of the model.
    return_delta : bool, default False
        Also return the completeness error, a float. A callable must then return
        ``OUTPUT_LAYER_VALUES`` too.

    Returns
    -------
    attribution : array of `image`'s shape
        Signed, in units of the score.
    delta : float
        With `return_delta`: sum of `attribution` minus the difference of the scores.

    Raises
    ------
    ImageError, ModelError
        As in `gradient`.
    ValueError
        If an option is out of its range.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks", ICML
       2017. https://arxiv.org/abs/1703.01365

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def squares(batch, call_model_args=None, expected_keys=None):
    ...     return {"INPUT_OUTPUT_GRADIENTS": 2 * batch}  # of the sum of squares
    >>> explain.integrated_gradients(np.array([[1.0, -2.0]]), squares).round(6)
    array([[1., 4.]])
    """
    points, weights = points_of(rule, steps)
    size = validation.integer("batch_size", batch_size, 1)

    def work(session: Session) -> Any:
        start = baseline_of(baseline, session)
        step = session.image - start
        total = session.zeros()
        for part in batches(len(points), size):
            batch = session.between(start, step, points[part])
            total += session.weighted(weights[part], session.gradients(batch))
        total *= step
        result = checked_finite(session.narrow(total), session)
        if not return_delta:
            return result
        first, last = (session.scores(session.between(start, step, np.array([t])))[0]
                       for t in (0.0, 1.0))  # fmt: skip
        return result, float(total.sum()) - float(last - first)

    return explained(image, model, target, work, channel_axis=channel_axis)


def points_of(rule: str, steps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points on [0, 1] and their weights."""
    rule = validation.choice("rule", rule, RULES)
    count = validation.integer("steps", steps, 2 if rule == "trapezoid" else 1)
    if rule == "gauss-legendre":
        points, weights = np.polynomial.legendre.leggauss(count)
        return (points + 1) / 2, weights / 2
    if rule == "midpoint":
        return (np.arange(count) + 0.5) / count, np.full(count, 1 / count)
    points = np.linspace(0, 1, count)
    if rule == "pair":
        return points, np.full(count, 1 / count)
    weights = np.full(count, 1 / (count - 1))
    weights[[0, -1]] /= 2
    return points, weights


def batches(count: int, size: int) -> Iterator[slice]:
    """Yield parts of `count` points, of at most `size` points each."""
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def baseline_of(baseline: Any, session: Session) -> Any:
    """Return a baseline as the model takes it: 0, or an array of the image's shape."""
    shape = session.given(session.image).shape
    values = image_array(baseline if containers.is_tensor(baseline) else np.atleast_1d(baseline),
                         "baseline")  # fmt: skip
    is_number = values.size == 1 and np.ndim(baseline) == 0
    if not is_number and values.shape != tuple(shape):
        raise ImageError(
            f"`baseline` must be a number or of the image's shape {tuple(shape)}; "
            f"got {values.shape}"
        )
    if is_number and float(values[0]) == 0:
        return 0
    full = np.full(tuple(shape), values[0]) if is_number else values
    return session.taken(full)
