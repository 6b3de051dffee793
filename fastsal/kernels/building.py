"""How CPU kernels are built: the functions in them once per kernel, if Numba allows it.

`linking` says why. It depends on private names of Numba. So before the first kernel is compiled,
all of them are looked up and a small kernel is tried. If any of that fails, kernels are compiled as
Numba would, which takes longer and gives the same bits.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numba import types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.errors import TypingError

from . import watch

_OBJECTS_BETWEEN_COLLECTIONS = 100_000  # 10 % less time than Python's 700, 20 MB more memory


class _KernelCompiler(CompilerBase):  # type: ignore[misc]  # Numba is not typed
    """Compiles functions that Python calls."""

    is_part = False

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        if why_plain() is None:
            from . import linking

            linking.add_pass(passes)
            if why_numba_lowers() is None:
                from . import lowering

                lowering.replace_pass(passes)
        return [passes]

    def compile_extra(self, function: Any) -> Any:
        if self.is_part or function is _trial:
            return self._compile(function)
        with watch.compiling(function):
            return self._compile(function)

    def _compile(self, function: Any) -> Any:
        if why_plain() is not None:
            return super().compile_extra(function)
        span = getattr(function, "span", None)
        if span is None or why_loops() is not None:
            return self._compile_once(function)
        options = self.state.flags.auto_parallel
        try:
            return self._compile_once(self._without_loop(span))
        except Exception:  # the loop compiles, or says how the span fails
            self.state.flags.auto_parallel, self.state.func_ir = options, None
            return self._compile_once(function)

    def _compile_once(self, function: Any) -> Any:
        from . import linking

        self.state.flags.no_cfunc_wrapper = True
        self.state.flags.no_cpython_wrapper = self.is_part
        with linking.parts_only(self.state.targetctx), _rare_collections():
            return _without_annotations(super().compile_extra(function))

    def _without_loop(self, span: Any) -> Any:
        """Return the function that calls the threading layer for a span, and prepare for it."""
        from . import bands

        flags = self.state.flags
        flags.auto_parallel = type(flags.auto_parallel)(False)
        self.state.reload_init.append(bands.start_threads)
        return bands.function_of(span)


class _PartCompiler(_KernelCompiler):
    """Compiles functions that kernels call."""

    is_part = True


def _without_annotations(result: Any) -> Any:
    """Return a compiled function without the types of its variables, half of its memory."""
    result.fndesc.typemap = result.fndesc.calltypes = None
    return result._replace(type_annotation="", metadata=None)


def kernel(function: Callable[..., Any], **flags: Any) -> Any:
    """Return a dispatcher for calls from Python; calls from kernels go to a second one."""
    from .jit import compile_with  # which imports this module

    entry = compile_with(_KernelCompiler, function, **flags)

    @cache
    def part() -> Any:
        return compile_with(_PartCompiler, function, **flags)

    entry.get_call_template = lambda args, kws: _call_template(part(), args, kws)
    entry.get_overload = lambda signature: part().get_overload(signature)
    return entry


def _call_template(part: Any, args: Any, kws: Any) -> Any:
    """Resolve a call without its literals, because each literal would be a form to compile."""
    plain = [types.unliteral(each) for each in args]
    try:
        return part.get_call_template(plain, {key: types.unliteral(kws[key]) for key in kws})
    except TypingError:  # it may need the literals
        return part.get_call_template(args, kws)


def why_plain() -> str | None:
    """Return the reason kernels are compiled as Numba would, or None if they are not."""
    global _reason
    if _reason is _UNKNOWN:
        _reason = _missing_names()
        if _reason is None:  # which now lets the trial compile in the way that is to be tried
            _reason = _failure()
    return _reason


@cache
def why_loops() -> str | None:
    """Return the reason that kernels of spans are loops of Numba's, or None if they are not."""
    try:
        from numba.core.registry import cpu_target

        from . import bands

        cpu_target.typing_context.refresh()  # a compilation in progress knows `bands.run` then
        return bands.why_not()
    except (ImportError, AttributeError) as error:
        return f"this version of Numba is too different: {error}"


@cache
def why_numba_lowers() -> str | None:
    """Return the reason that Numba writes the LLVM code, or None if `lowering` does."""
    try:
        from . import lowering

        return lowering.why_not()
    except (ImportError, AttributeError) as error:
        return f"this version of Numba is too different: {error}"


def skip_trial() -> None:
    """Try no kernel in this process, which compiles for another processor."""
    global _reason
    _reason = None


_UNKNOWN = "unknown"
_reason: str | None = _UNKNOWN


def _missing_names() -> str | None:
    try:
        from numba.core.codegen import JITCodeLibrary
        from numba.core.registry import cpu_target

        from . import linking

        context = cpu_target.target_context
        codegen = context.codegen()
        library = JITCodeLibrary(codegen, "fastsal_trial")
    except (ImportError, AttributeError, TypeError) as error:
        return f"this version of Numba is too different: {error}"
    places = (
        (library, linking.NAMES),
        (codegen, linking.CODEGEN_NAMES),
        (context, linking.CONTEXT_NAMES),
    )
    missing = [name for place, names in places for name in names if not hasattr(place, name)]
    return f"this version of Numba has no {', '.join(missing)}" if missing else None


def _failure() -> str | None:
    """Return how a small kernel fails, or None if it does not."""
    global _trial_part
    _trial_part = kernel(_plus_one)
    trial = kernel(_trial)
    values = np.arange(6.0).reshape(3, 2)
    try:
        found = trial(values, 6.0)
        try:
            trial(values, 1.0)
            raised = False
        except ValueError:
            raised = True
    except Exception as error:
        return f"a trial kernel failed: {type(error).__name__}: {error}"
    return None if found == 9.0 and raised else f"a trial kernel returned {found}"


def _trial(values: Any, limit: float) -> float:
    total = 0.0
    for row in range(values.shape[0]):
        line = values[row]
        line[-1] = _trial_part(values[row, 0], limit)
        total += line[-1]
    return total


def _plus_one(value: float, limit: float) -> float:
    if value >= limit:
        raise ValueError("trial")
    return value + 1.0


_trial_part: Any = None  # compiled with the trial


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cycles rarely: a compiler makes many objects and few cycles."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
