"""The public functions: one per network."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from ..errors import BackendUnavailableError

if TYPE_CHECKING:
    from .network import VideoNetwork

INSTALL = 'pip install "fastsal[neural]"'


def torch_or_error() -> Any:
    """Return PyTorch, imported now.

    Raises
    ------
    BackendUnavailableError
        If PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendUnavailableError(f"PyTorch is not installed: {INSTALL}") from error
    return torch


def tased(weights: str | os.PathLike[str] | None = None, **options: Any) -> VideoNetwork:
    """Return TASED-Net with the weights of a checkpoint file of its authors."""
    return _made("tased_net", "TasedNetwork", weights, options)


def stavis(weights: str | os.PathLike[str] | None = None, **options: Any) -> VideoNetwork:
    """Return STAViS with the weights of a checkpoint file of its authors."""
    return _made("stavis_net", "StavisNetwork", weights, options)


def stra_net(weights: str | os.PathLike[str] | None = None, **options: Any) -> VideoNetwork:
    """Return STRA-Net with the weights of a checkpoint file of its authors."""
    return _made("stra_net", "StraNetwork", weights, options)


def _made(module: str, name: str, weights: Any, options: dict[str, Any]) -> VideoNetwork:
    """Import a network's module, which imports PyTorch, and return its object."""
    torch_or_error()
    network = getattr(importlib.import_module(f".{module}", __package__), name)
    made: VideoNetwork = network(weights, **options)
    return made
