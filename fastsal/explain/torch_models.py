"""PyTorch modules: evaluated on their device, and left as they were.

One lock serves all modules. Modules may share parts, and a part's training flag belongs to one
explanation at a time.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import containers, validation
from ..errors import ImageError, ModelError
from .models import Session, checked_target, image_array

_lock = threading.RLock()


def explained(
    image: Any, module: Any, target: Any, work: Callable[[Session], Any], channel_axis: int | None
) -> Any:
    """Return `work` of a session. The module is in evaluation mode meanwhile."""
    with _lock, torch.inference_mode(False), torch.enable_grad():
        session = _TorchSession(image, module, target, channel_axis)
        state = _State(module, session.device)
        stop: KeyboardInterrupt | None = None
        try:
            state.evaluate()
            return work(session)
        finally:
            while True:
                try:
                    state.restore()
                    break
                except KeyboardInterrupt as error:  # restoring can be repeated
                    stop = error
            if stop is not None:
                raise stop


class _State:
    """State that an evaluation of a module may change: modes, buffers and random generators."""

    def __init__(self, module: Any, device: Any) -> None:
        self._modes = [
            (part, part.training) for part in module.modules() if getattr(part, "training", False)
        ]
        self._buffers = [
            (part, name, buffer, buffer.detach().clone())
            for part in module.modules()
            for name, buffer in part._buffers.items()
            if buffer is not None
        ]
        self._random = torch.get_rng_state()
        self._device = device
        self._device_random = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    def evaluate(self) -> None:
        # Exported programs refuse eval(), and classes may redefine it.
        for part, _ in self._modes:
            part.training = False

    def restore(self) -> None:
        for part, mode in self._modes:
            part.training = mode
        for part, name, buffer, values in self._buffers:
            if isinstance(part._buffers, dict) and part._buffers[name] is not buffer:
                part._buffers[name] = buffer
            if not torch.equal(buffer, values):
                with torch.no_grad():
                    buffer.copy_(values)
        torch.set_rng_state(self._random)
        if self._device_random is not None:
            torch.cuda.set_rng_state(self._device_random, self._device)


class _TorchSession:
    """A module with one image, in tensors on the module's device."""

    def __init__(self, image: Any, module: Any, target: Any, channel_axis: int | None) -> None:
        self.is_tensor = containers.is_tensor(image)
        weights = next((each for each in _tensors_of(module) if each.is_floating_point()), None)
        if self.is_tensor:
            image = _checked_tensor(image)
            self._home, axis = image.device, None
            self.device = self._home if weights is None else weights.device
        else:
            image = torch.from_numpy(np.ascontiguousarray(image_array(image)))
            axis = channel_axis if image.ndim == 3 else None
            self.device = torch.device("cpu") if weights is None else weights.device
        self._axis = None if axis is None else validation.integer("channel_axis", axis, -3, 2)
        self._dtype = image.dtype if weights is None else weights.dtype
        wide = torch.promote_types(self._dtype, torch.float32)
        if self._axis is not None:
            image = image.movedim(self._axis, 0)
        self.image: Any = image.to(self.device, wide)
        self._module = module
        if target is not None:
            target = validation.integer("target", target, 0)
        self._target: int | None = target

    @property
    def target(self) -> int:
        """The class: the one asked for, else the one of the image's highest score."""
        if self._target is None:
            with torch.no_grad():
                self._decide(self.table(self.image[None]))
        assert self._target is not None
        return self._target

    def gradients(self, batch: Any, *, decides: bool = False) -> Any:
        if not decides:
            self.target  # noqa: B018  # decided by the image itself
        batch = batch.detach().requires_grad_()
        table = self.table(batch)
        self._decide(table)
        return self._derived(table, batch)

    def scores(self, batch: Any) -> NDArray[np.float64]:
        target = self.target
        with torch.no_grad():
            table = self.table(batch)
            checked_target(target, table.shape[1])
            found: NDArray[np.float64] = table[:, target].double().cpu().numpy()
        return found

    def layer(self, layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        part, name = self._part(layer)
        kept: list[Any] = []

        def keep(_part: Any, _inputs: Any, output: Any) -> Any:
            if not isinstance(output, torch.Tensor):
                return None
            if not output.requires_grad:
                output.requires_grad_()
            kept[:] = [output]
            return output.clone()  # steps in place after this layer leave the kept values alone

        handle = part.register_forward_hook(keep)
        try:
            batch = self.image[None].detach().requires_grad_()
            table = self.table(batch)
        finally:
            handle.remove()
        if not kept:
            raise ModelError(f"`layer` must be a layer that runs and returns a tensor; got {name}")
        values = kept[0]
        if values.ndim != 4:
            raise ModelError(
                f"`layer` must give feature maps of shape (1, K, h, w); {name} gives "
                f"{tuple(values.shape)}"
            )
        self._decide(table)
        gradients = self._derived(table, values)
        found = [each[0].detach().movedim(0, -1).double().cpu() for each in (values, gradients)]
        return found[0].numpy(), found[1].numpy()

    def between(self, start: Any, step: Any, fractions: NDArray[np.float64]) -> Any:
        scales = torch.as_tensor(fractions, dtype=self.image.dtype, device=self.device)
        return step * scales.reshape(-1, *[1] * self.image.ndim) + start

    def weighted(self, weights: NDArray[np.float64], batch: Any) -> Any:
        scales = torch.as_tensor(weights, dtype=batch.dtype, device=self.device)
        return torch.tensordot(scales, batch, dims=1)

    def zeros(self) -> Any:
        # Apple's GPUs have no float64.
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        return torch.zeros(self.image.shape, dtype=dtype, device=self.device)

    def taken(self, array: Any) -> Any:
        found = torch.as_tensor(array, dtype=self.image.dtype, device=self.device)
        return found if self._axis is None else found.movedim(self._axis, 0)

    def stacked(self, arrays: Any) -> Any:
        return torch.stack([self.taken(each) for each in arrays])

    def narrow(self, array: Any) -> Any:
        return array.to(self.image.dtype)

    def given(self, array: Any) -> Any:
        array = array.detach()
        if self._axis is not None:
            array = array.movedim(0, self._axis)
        if self.is_tensor:
            return array.to(self._home)
        return np.ascontiguousarray(array.cpu().numpy())

    def table(self, batch: Any) -> Any:
        """Return the scores, (N, classes)."""
        table = self._module(batch.to(self._dtype))
        if not isinstance(table, torch.Tensor):
            found = type(table).__name__
        elif table.ndim != 2 or len(table) != len(batch) or not table.shape[1]:
            found = f"shape {tuple(table.shape)}"
        else:
            return table
        raise ModelError(
            f"`model` must return a score table of shape ({len(batch)}, classes); got {found}"
        )

    def _decide(self, table: Any) -> None:
        if self._target is None:
            self._target = int(table[0].argmax())
        checked_target(self._target, table.shape[1])

    def _derived(self, table: Any, of: Any) -> Any:
        """Return the gradients of the class score."""
        found = None
        if table.requires_grad:
            score = table[:, self._target].sum()
            (found,) = torch.autograd.grad(score, of, allow_unused=True)
        if found is None:
            raise ModelError(
                "`model` must compute its scores from the input by differentiable steps; "
                "there is no gradient"
            )
        return found

    def _part(self, layer: Any) -> tuple[Any, str]:
        parts = dict(self._module.named_modules())
        if isinstance(layer, torch.nn.Module):
            for name, part in parts.items():
                if part is layer:
                    return part, name
            raise ValueError("`layer` must be a part of `model`; got another module")
        if isinstance(layer, str) and layer and layer in parts:
            return parts[layer], layer
        convolutions = [name for name, part in parts.items() if isinstance(part, torch.nn.Conv2d)]
        names = [name for name in parts if name]
        near = difflib.get_close_matches(str(layer), names, 1, 0.0) if layer else convolutions[-1:]
        hint = f"; the nearest is {near[0]!r}" if layer and near else ""
        hint = f"; the last convolution is {near[0]!r}" if not layer and near else hint
        raise ValueError(
            f"`layer` must be the name of a layer of `model`; got {validation.shown(layer)}{hint}"
        )


def _tensors_of(module: Any) -> Any:
    yield from module.parameters()
    yield from module.buffers()


def _checked_tensor(image: Any) -> Any:
    if not image.numel() or not image.ndim:
        raise ImageError(f"`image` must have elements; got shape {tuple(image.shape)}")
    if image.is_complex() or image.layout is not torch.strided or image.device.type == "meta":
        raise ImageError("`image` must be a dense tensor of real numbers with values")
    if not image.is_floating_point():
        image = image.float()
    if not bool(image.isfinite().all()):
        raise ImageError("`image` must be finite; got NaN or infinities, replace them first")
    return image.detach().clone() if image.is_inference() else image.detach()
