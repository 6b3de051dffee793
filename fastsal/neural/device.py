"""Choose the device of a network, and explain errors when its memory is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .. import validation
from ..errors import BackendUnavailableError, ModelError


def device_of(name: str) -> torch.device:
    """Return the device of a name: "auto" takes CUDA, else MPS, else the CPU.

    Raises
    ------
    ValueError
        If `name` is no device.
    BackendUnavailableError
        If the device was requested by name and is not available.
    """
    if name == "auto":
        return torch.device(_best())
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise ValueError(
            f"`device` must be 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; got "
            f"{validation.shown(name)}"
        )
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise BackendUnavailableError(
                f"`device` must be a device that PyTorch has; got {name!r} with {count} CUDA "
                "devices; use 'auto' or 'cpu'"
            )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise BackendUnavailableError(
            "`device` must be a device that PyTorch has; got 'mps' without MPS; use 'auto'"
        )
    return device


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def memory_errors(device: torch.device, hint: str) -> Iterator[None]:
    """Turn a full memory into a ModelError of one line. `hint` may name a further remedy."""
    try:
        yield
    except RuntimeError as error:
        # The allocator of the host has no special exception.
        is_host = "DefaultCPUAllocator" in str(error)
        if not isinstance(error, torch.OutOfMemoryError) and not is_host:
            raise
        if device.type == "cuda":
            torch.cuda.empty_cache()
        ways = ["device='cpu'"] if device.type != "cpu" else []
        ways += [hint] if hint else []
        remedy = f"use {', or '.join(ways)}" if ways else "close other programs"
        raise ModelError(f"the memory of {device} is full; {remedy}") from error


def dtype_of(precision: str) -> torch.dtype:
    """Return the dtype of a precision, "float32" or "bfloat16"."""
    validation.choice("precision", precision, ("float32", "bfloat16"))
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


@contextmanager
def exact(device: torch.device) -> Iterator[None]:
    """Keep CUDA's convolutions in float32: TF32 has 10 bits, and moves maxima of pools."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
        yield
