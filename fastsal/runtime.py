"""Detect available backends, and choose the backend of a call."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import ModuleType
from typing import Any, Literal, NamedTuple, cast, get_args

from . import validation
from .errors import BackendUnavailableError

Backend = Literal["cpu", "cuda"]
Choice = Literal["auto", "cpu", "cuda"]

_CHOICES = get_args(Choice)
_THREADING_LAYERS = ("default", "tbb", "omp", "workqueue", "safe", "threadsafe", "forksafe")

_preferred: ContextVar[Choice | None] = ContextVar("fastsal_backend", default=None)


class BackendStatus(NamedTuple):
    """State of a backend on this machine.

    Attributes
    ----------
    available : bool
        True if the backend can run.
    detail : str
        Number of threads or name of the GPU; if the backend is not available, the reason.
    """

    available: bool
    detail: str


@contextmanager
def use_backend(name: Choice) -> Iterator[None]:
    """Set the backend that ``backend="auto"`` selects inside a ``with`` block.

    The setting holds for the current thread or asyncio task. It overrides the environment variable
    ``FASTSAL_BACKEND``. Calls with ``backend="cpu"`` or ``"cuda"`` are not affected.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        The backend to use. "auto" follows the data: device arrays run on their device, host arrays
        on the CPU.

    Raises
    ------
    ValueError
        If `name` is not one of the listed values.
    BackendUnavailableError
        If `name` is "cuda" and CUDA is not available.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> with fastsal.use_backend("cpu"):
    ...     saliency = fastsal.luminance_contrast(np.eye(4, dtype=np.uint8))
    """
    _checked(name, "backend")
    token = _preferred.set(name)
    try:
        yield
    finally:
        _preferred.reset(token)


def backends() -> dict[str, BackendStatus]:
    """List the backends of fastsal and their state on this machine.

    Returns
    -------
    dict of str to BackendStatus
        Keys "cpu" and "cuda". ``available`` is a bool. ``detail`` is the number of threads or the
        name of the GPU, or the reason why the backend is not available.

    Examples
    --------
    >>> import fastsal
    >>> fastsal.backends()["cpu"].available
    True
    """
    from numba import config

    broken = why_no_cpu()
    cpu = BackendStatus(broken is None, broken or f"{config.NUMBA_NUM_THREADS} threads")
    reason = why_no_cuda()
    if reason is not None:
        return {"cpu": cpu, "cuda": BackendStatus(False, reason)}
    return {"cpu": cpu, "cuda": BackendStatus(True, _name_of_gpu())}


def why_no_cpu() -> str | None:
    """Return the reason kernels cannot run on the CPU, or None if they can."""
    from numba import config

    if config.DISABLE_JIT:
        return "NUMBA_DISABLE_JIT is set, but kernels need Numba's compiler; unset the variable"
    if str(config.THREADING_LAYER).lower() not in _THREADING_LAYERS:
        names = validation.joined(_THREADING_LAYERS)
        return f"`NUMBA_THREADING_LAYER` must be {names}; got {config.THREADING_LAYER!r}"
    return None


@cache
def why_no_cuda() -> str | None:
    """Return the reason CUDA cannot run here, or None if it can."""
    if reason := why_no_cpu():  # some formulas are compiled for both
        return reason
    try:
        from numba import cuda  # slow to import, so only on first use
    except ImportError as error:  # numba-cuda without its CUDA bindings
        return f"numba.cuda cannot be imported: {error}"
    if not cuda.is_available():
        return "no CUDA driver or device was found"
    if not is_simulated() and importlib.util.find_spec("numba_cuda") is None:
        return (
            "numba-cuda is not installed; run `pip install 'numba-cuda[cu13]'` "
            "(or 'numba-cuda[cu12]')"
        )
    return None


@cache
def is_simulated() -> bool:
    """Return whether CUDA here is Numba's simulator: right for tests, far too slow to use."""
    from numba import config

    return bool(config.ENABLE_CUDASIM)


def resolve(choice: Choice, *, on_device: bool = False) -> Backend:
    """Resolve "auto" to a backend; check that a backend requested by name can run.

    Parameters
    ----------
    choice : {"auto", "cpu", "cuda"}
        The argument of a public function.
    on_device : bool
        Whether the data lie on a CUDA device already.
    """
    wanted = choice if choice != "auto" else (_preferred.get() or _from_environment())
    if wanted == "auto":
        wanted = "cuda" if on_device else "cpu"
    elif on_device and wanted == "cpu":
        raise BackendUnavailableError(
            "backend 'cpu' was requested, but the data are on a CUDA device; copy them to the "
            "host first, or use backend 'cuda'"
        )
    return _checked(wanted, "backend")


def check_backend(choice: Choice) -> None:
    """Raise unless a backend is one of the listed values and can run; see `resolve`."""
    _checked(chosen(choice), "backend")


def chosen(choice: Choice) -> Choice:
    """Return the backend of a call by name: that of `use_backend` or FASTSAL_BACKEND for "auto".

    Raises
    ------
    ValueError
        If `choice` or the environment variable names no backend.
    """
    validation.choice("backend", choice, _CHOICES)
    return (_preferred.get() or _from_environment()) if choice == "auto" else choice


@cache
def backend_module(package: str, target: Backend) -> ModuleType:
    """Return the module `package`._cpu or `package`._cuda."""
    return importlib.import_module(f"{package}._{target}")


def _from_environment() -> Choice:
    name = os.environ.get("FASTSAL_BACKEND", "auto")
    return cast(Choice, validation.choice("FASTSAL_BACKEND", name, _CHOICES))


def _checked(name: Choice, role: str) -> Backend:
    validation.choice(role, name, _CHOICES)
    if name == "cuda" and (reason := why_no_cuda()):
        raise BackendUnavailableError(f"backend 'cuda' was requested, but {reason}")
    return cast(Backend, name)


def _name_of_gpu() -> str:
    from numba import cuda

    if is_simulated():
        return "Numba's CUDA simulator (for tests)"
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    major, minor = device.compute_capability
    return f"{name}, compute capability {major}.{minor}"


def pytorch(install: str) -> Any:
    """Return PyTorch, imported now; `install` is the command that installs it.

    Raises
    ------
    BackendUnavailableError
        If PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendUnavailableError(f"PyTorch is not installed: {install}") from error
    return torch
