"""Occlusion: how much a class score falls when a window of the input is covered."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .. import validation
from ..errors import ImageError
from .gradients import batches
from .models import Session, explained


def occlusion(
    image: Any,
    model: Any,
    *,
    target: Any = None,
    size: int | tuple[int, ...] = 15,
    stride: int | tuple[int, ...] = 1,
    value: float = 0.0,
    batch_size: int = 8,
    channel_axis: int | None = -1,
) -> Any:
    """Add up the falls of the class score over all windows that cover a pixel.

    Each window takes one evaluation of the model: 44,100 for 224 x 224 pixels with the defaults,
    which are those of PAIR's package. A `stride` of 8 takes 729.

    Parameters
    ----------
    image, model, target, channel_axis
        As in `gradient`. A callable returns ``OUTPUT_LAYER_VALUES``, one score per input.
    size : int or tuple of int, default 15
        Size of the window. A tuple gives the sizes along the first axes: ``(1,)`` covers one token
        of (T, D) embeddings, or one sample of (S,) audio. An int is the side of a square in
        rows and columns; windows span all channels. In an array with four axes or more, it is the
        size along all axes but the last.
    stride : int or tuple of int, default 1
        Step from window to window, for each axis that `size` has.
    value : float, default 0.0
        Value of the covered elements.
    batch_size : int, default 8
        At most this many covered inputs are in memory and in one call of the model.

    Returns
    -------
    attribution : array of `image`'s shape
        Signed, in units of the score: positive where covering lowers the score. A pixel near the
        border lies in fewer windows.

    Raises
    ------
    ImageError, ModelError
        As in `gradient`.
    ValueError
        If the window does not fit the image, or an option is out of its range.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV
       2014. https://arxiv.org/abs/1311.2901

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def total(batch, call_model_args=None, expected_keys=None):
    ...     return {"OUTPUT_LAYER_VALUES": batch.sum((1, 2))}
    >>> tokens = np.array([[1.0, 2.0], [0.0, 0.0], [5.0, -1.0]])
    >>> explain.occlusion(tokens, total, size=(1,))
    array([[3., 3.],
           [0., 0.],
           [4., 4.]])
    """
    fill = validation.number("value", value, float(np.finfo(np.float32).min))
    limit = validation.integer("batch_size", batch_size, 1)

    def work(session: Session) -> Any:
        shape = session.given(session.image).shape
        is_front = session.is_tensor or channel_axis in (0, -3)
        axes = _axes_of(size, len(shape), len(shape) == 3 and is_front)
        sides = _per_axis("size", size, axes)
        steps = _per_axis("stride", stride, axes)
        for axis, side in zip(axes, sides, strict=True):
            if side > shape[axis]:
                raise ValueError(
                    f"`size` must be at most {shape[axis]} on axis {axis} of {tuple(shape)}; "
                    f"got {side}"
                )
        ranges = [
            range(0, shape[axis] - side + 1, step)
            for axis, side, step in zip(axes, sides, steps, strict=True)
        ]
        starts = list(itertools.product(*ranges))
        host = session.given(session.image)
        host = host.cpu().numpy() if session.is_tensor else np.asarray(host)
        whole = float(session.scores(session.image[None])[0])
        total = np.zeros(shape)
        for part in batches(len(starts), limit):
            windows = [_window(start, axes, sides, len(shape)) for start in starts[part]]
            covered = np.repeat(host[None], len(windows), axis=0)
            for each, window in zip(covered, windows, strict=True):
                each[window] = fill
            for score, window in zip(session.scores(session.stacked(covered)), windows,
                                     strict=True):  # fmt: skip
                total[window] += whole - score
        return session.given(session.taken(total))

    return explained(image, model, target, work, channel_axis=channel_axis)


def _axes_of(size: Any, count: int, is_front: bool) -> tuple[int, ...]:
    """Return the axes that a window cuts; it spans the others."""
    first = 1 if is_front else 0
    if isinstance(size, tuple | list):
        if not 1 <= len(size) <= count - first:
            raise ValueError(
                f"`size` must have from 1 to {count - first} lengths; got {validation.shown(size)}"
            )
        return tuple(range(first, first + len(size)))
    if count == 0:
        raise ImageError("`image` must have an axis")
    if count <= 2:
        return tuple(range(count))
    return (first, first + 1) if count == 3 else tuple(range(count - 1))


def _per_axis(name: str, value: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    values = value if isinstance(value, tuple | list) else [value] * len(axes)
    if len(values) != len(axes):
        raise ValueError(
            f"`{name}` must be an integer or {len(axes)} of them; got {validation.shown(value)}"
        )
    return tuple(validation.integer(name, each, 1) for each in values)


def _window(
    start: tuple[int, ...], axes: tuple[int, ...], sides: tuple[int, ...], count: int
) -> tuple[slice, ...]:
    parts = [slice(None)] * count
    for axis, first, side in zip(axes, start, sides, strict=True):
        parts[axis] = slice(first, first + side)
    return tuple(parts)
