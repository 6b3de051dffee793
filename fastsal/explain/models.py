"""The two kinds of model: PyTorch modules, and callables of PAIR's contract.

A `Session` is one model with one image and one class. It computes in the model's own kind of
array, batch axis first; results go back to the caller's kind and layout.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import containers, validation
from ..errors import ImageError, ModelError

GRADIENTS = "INPUT_OUTPUT_GRADIENTS"
SCORES = "OUTPUT_LAYER_VALUES"
LAYER_VALUES = "CONVOLUTION_LAYER_VALUES"
LAYER_GRADIENTS = "CONVOLUTION_OUTPUT_GRADIENTS"

INSTALL = "pip install torch"


class Session(Protocol):
    """One model with one image and one class."""

    image: Any
    """The image as the model takes it, without the batch axis."""
    is_tensor: bool
    """Whether the caller's image is a tensor."""

    @property
    def target(self) -> Any:
        """The class, or the argument that a callable gets instead."""

    def gradients(self, batch: Any, *, decides: bool = False) -> Any:
        """Return the gradients of the class score; `decides` lets this batch choose the class."""

    def scores(self, batch: Any) -> NDArray[np.float64]:
        """Return the class score of each input."""

    def layer(self, layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return a layer's values and the gradients at it, (h, w, K) each."""

    def between(self, start: Any, step: Any, fractions: NDArray[np.float64]) -> Any:
        """Return a batch of `start + fraction * step`."""

    def weighted(self, weights: NDArray[np.float64], batch: Any) -> Any:
        """Return the weighted sum of a batch."""

    def zeros(self) -> Any:
        """Return zeros of the image's shape for sums, float64 where the device has it."""

    def taken(self, array: Any) -> Any:
        """Return an array in the caller's layout as one of the model's kind."""

    def stacked(self, arrays: Any) -> Any:
        """Return arrays in the caller's layout as a batch."""

    def narrow(self, array: Any) -> Any:
        """Return a sum in the image's dtype."""

    def given(self, array: Any) -> Any:
        """Return an array of the model's kind as the caller gets it."""


def explained(
    image: Any,
    model: Any,
    target: Any,
    work: Callable[[Session], Any],
    *,
    channel_axis: int | None = -1,
) -> Any:
    """Return `work` of a session; a module is as it was before, also after an error."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from . import torch_models

        return torch_models.explained(image, model, target, work, channel_axis)
    if not callable(model):
        hint = "" if torch else f"; modules need {INSTALL}"
        raise TypeError(
            "`model` must be a torch.nn.Module or a callable of PAIR's contract; "
            f"got {validation.shown(model)}{hint}"
        )
    return work(_CallableSession(image, model, target))


def image_array(image: Any, name: str = "image", *, is_checked: bool = True) -> NDArray[Any]:
    """Return an image as an array of floats, finite ones if `is_checked`.

    Integers keep their values, as float32.
    """
    if containers.is_tensor(image):
        image = image.detach()
        if str(image.dtype).endswith("float16"):  # of either kind
            image = image.float()
        image = image.cpu()
    array = containers.as_numpy(image, name)
    if array.dtype.kind not in "buif":
        raise ImageError(f"`{name}` must hold real numbers; got {array.dtype}")
    if not array.size or not array.ndim:
        raise ImageError(f"`{name}` must have elements; got shape {array.shape}")
    if array.dtype.kind != "f" or array.itemsize < 4:
        array = array.astype(np.float32)
    elif not array.dtype.isnative or array.itemsize > 8:
        array = array.astype(np.float64 if array.itemsize > 4 else np.float32)
    if is_checked and not np.isfinite(array).all():
        raise ImageError(f"`{name}` must be finite; got NaN or infinities, replace them first")
    return array


class _CallableSession:
    """A callable of PAIR's contract with one image, in NumPy."""

    def __init__(self, image: Any, model: Callable[..., Any], target: Any) -> None:
        self.is_tensor = containers.is_tensor(image)
        self.image: Any = image_array(image)
        self._device = image.device if self.is_tensor else None
        self._model = model
        self.target = target
        is_plain = target is None or isinstance(target, Mapping)
        self._args = target if is_plain else {"target": target}
        self._buffer: NDArray[Any] | None = None

    def gradients(self, batch: Any, *, decides: bool = False) -> Any:
        found = np.asarray(self._answer(batch, GRADIENTS)[GRADIENTS])
        if found.shape != batch.shape:
            raise ModelError(
                f"`model` must return {GRADIENTS} of shape {batch.shape}; got {found.shape}"
            )
        return found.astype(np.float32) if found.dtype == np.float16 else found

    def scores(self, batch: Any) -> NDArray[np.float64]:
        found: Any = np.asarray(self._answer(batch, SCORES)[SCORES], np.float64)
        found = found.reshape(found.shape or 1)
        if len(found) == len(batch) and found.size == len(batch):
            return found.reshape(-1)  # type: ignore[no-any-return]
        if found.ndim == 2 and len(found) == len(batch) and isinstance(self.target, int):
            return found[:, checked_target(self.target, found.shape[1])]  # type: ignore[no-any-return]
        raise ModelError(
            f"`model` must return {SCORES} of shape ({len(batch)},), the score of one class; "
            f"got {found.shape}"
        )

    def layer(self, layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if layer is not None:
            raise ValueError("`layer` must be None for a callable, which chooses it itself")
        answer = self._answer(self.image[None], LAYER_VALUES, LAYER_GRADIENTS)
        values, gradients = (np.asarray(answer[each]) for each in (LAYER_VALUES, LAYER_GRADIENTS))
        if values.shape != gradients.shape or values.ndim != 4 or len(values) != 1:
            raise ModelError(
                f"`model` must return {LAYER_VALUES} and {LAYER_GRADIENTS} of one shape "
                f"(1, h, w, K); got {values.shape} and {gradients.shape}"
            )
        return values[0].astype(np.float64), gradients[0].astype(np.float64)

    def between(self, start: Any, step: Any, fractions: NDArray[np.float64]) -> Any:
        shape = (len(fractions), *self.image.shape)
        buffer = self._buffer
        # 2: this name and the argument. A model that keeps its input gets its own array.
        if buffer is None or buffer.shape != shape or sys.getrefcount(buffer) > _OWN_REFERENCES:
            buffer = self._buffer = np.empty(shape, self.image.dtype)
        scales = fractions.astype(self.image.dtype).reshape(-1, *[1] * self.image.ndim)
        np.multiply(step, scales, out=buffer)
        if not (np.isscalar(start) and start == 0):
            buffer += start
        return buffer

    def weighted(self, weights: NDArray[np.float64], batch: Any) -> Any:
        flat = batch.reshape(len(batch), -1)
        return (weights.astype(batch.dtype) @ flat).reshape(batch.shape[1:])

    def zeros(self) -> Any:
        return np.zeros(self.image.shape)

    def taken(self, array: Any) -> Any:
        found = array.cpu().numpy() if containers.is_tensor(array) else np.asarray(array)
        return found.astype(self.image.dtype, copy=False)

    def stacked(self, arrays: Any) -> Any:
        return np.stack([self.taken(each) for each in arrays])

    def narrow(self, array: Any) -> Any:
        return array.astype(self.image.dtype, copy=False)

    def given(self, array: Any) -> Any:
        if not self.is_tensor:
            return array
        torch = sys.modules["torch"]
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def _answer(self, batch: Any, *keys: str) -> Mapping[str, Any]:
        answer = self._model(batch, call_model_args=self._args, expected_keys=list(keys))
        missing = [key for key in keys if not isinstance(answer, Mapping) or key not in answer]
        if missing:
            found = list(answer) if isinstance(answer, Mapping) else type(answer).__name__
            raise ModelError(
                f"`model` must return a dictionary with {missing[0]}; got {validation.shown(found)}"
            )
        return answer  # type: ignore[no-any-return]


_OWN_REFERENCES = 3  # the attribute, the local name, and the argument of getrefcount


def checked_target(target: Any, classes: int) -> int:
    """Return a class index, or raise ValueError."""
    return validation.integer("target", target, 0, classes - 1)


def checked_finite(array: Any, session: Session) -> Any:
    """Return a result as the caller gets it, or raise ModelError for NaN and infinities."""
    found = session.given(array)
    is_finite = np.isfinite(found).all() if not session.is_tensor else found.isfinite().all()
    if not bool(is_finite):
        raise ModelError("`model` gives NaN or infinite gradients; float32 or float64 may help")
    return found
