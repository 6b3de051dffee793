"""The only six ways fastsal compiles, so that no kernel picks its own flags.

CPU kernels call no NumPy reductions (``sum``, ``dot``, ...). Cached code would have to import
Numba's versions of them, and with them SciPy, at every start of a program.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

from .. import runtime
from ..errors import BackendUnavailableError
from . import building, cache, loops
from .kernel import Kernel

if reason := runtime.why_no_cpu():
    raise BackendUnavailableError(f"backend 'cpu' was requested, but {reason}")

_FLAGS = {"nogil": True, "error_model": "numpy"}


def compile_with(pipeline: type, function: Callable[..., Any], **flags: Any) -> Any:
    """Return Numba's dispatcher of a function, compiled by the passes of `pipeline`."""
    return njit(pipeline_class=pipeline, **flags)(function)


def serial(function: Callable[..., Any]) -> Any:
    """Compile for one CPU thread."""
    return cache.attach(building.kernel(function, **_FLAGS), FunctionCache)


def summing(function: Callable[..., Any]) -> Any:
    """Compile for one CPU thread as `serial`, with sums of floats in any order.

    Only then do they fill vector registers, which makes a sum over an image four times as fast.
    The last bits depend on the processor. They do not depend on the number of threads.
    """
    return cache.attach(
        building.kernel(function, fastmath={"reassoc", "nsz"}, **_FLAGS), FunctionCache
    )


def parallel(function: Callable[..., Any]) -> Any:
    """Compile for all CPU threads: ``prange`` over bands that `serial` functions fill."""
    return cache.attach(building.kernel(function, parallel=True, **_FLAGS), FunctionCache)


def banded(function: Any) -> Any:
    """Compile for any number of CPU threads: see `launch.over_bands`.

    The last two arguments of `function` say at which item a band starts and stops. `function` may
    be compiled already, by `summing`. Without bands the same compiled code processes all items on
    the calling thread. A second kernel for few items would double the compile time.
    """
    span = function if hasattr(function, "py_func") else serial(function)
    bands = loops.function_of(span)
    bands.span = span  # for `building`, which knows a quicker way than the loop
    span.bands = parallel(bands)
    return span


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for a CUDA device."""
    from numba import cuda

    compiled = cuda.jit(function)
    if cuda_cache := getattr(_dispatcher_module(compiled), "CUDACache", None):
        cache.attach(compiled, cuda_cache)
    return Kernel(compiled)


def device(function: Callable[..., Any]) -> Any:
    """Compile a function that kernels of a CUDA device call."""
    from numba import cuda

    return cuda.jit(device=True)(function)


@functools.cache
def has_feature(name: str) -> bool:
    """Return whether CPU kernels are compiled for a processor with this feature, by LLVM's name."""
    from numba.core.registry import cpu_target

    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return f"+{name}" in features.split(",")


def _dispatcher_module(compiled: Any) -> Any:
    import sys

    return sys.modules.get(type(compiled).__module__)
