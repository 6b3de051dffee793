"""A span of items, cut into bands that CPU threads process: one call of Numba's threading layer.

A ``prange`` would do it too, but Numba compiles its body as a separate function with two wrappers.
That takes a sixth of the CPU time of ``fastsal warmup`` (333 seconds, 277 without). Here the kernel
passes its arguments to the threads by address, and each thread calls the span. An error of a span
reaches the caller; Numba's loops lose it.

This module uses private names of Numba; `building` finds out whether they are there.
"""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typed_passes import _reload_parfors
from numba.extending import intrinsic
from numba.np.ufunc.parallel import _launch_threads, build_gufunc_kernel

from .loops import function_from

# Parameters of `build_gufunc_kernel` in versions that call the threading layer as `_start_threads`
# does.
_KNOWN_PARAMETERS = ["library", "ctx", "info", "sig", "inner_ndim"]

_SOURCE = """\
def bands({0}, item_count, band_count):
    run(span, ({0},), item_count, band_count)
"""


def function_of(span: Any) -> Any:
    """Return the function that runs `span` over `band_count` bands of the items."""
    return function_from(_SOURCE, span, run=run)


def why_not() -> str | None:
    """Return the reason that kernels must not call the threading layer, or None if they may."""
    found = list(inspect.signature(build_gufunc_kernel).parameters)
    if found != _KNOWN_PARAMETERS:
        return f"this version of Numba calls its threads with {', '.join(found)}"
    return None


# Runs when a compiled kernel is loaded: LLVM must know the threading layer by then.
start_threads = _reload_parfors


@intrinsic  # type: ignore[untyped-decorator]  # Numba is not typed
def run(typing_context: Any, span: Any, arguments: Any, items: Any, bands: Any) -> Any:
    """Run ``span(*arguments, start, stop)`` on each of the bands; without bands on all items."""
    span_types = (*arguments, types.intp, types.intp)
    signature = span.get_call_type(typing_context, span_types, {})
    _launch_threads()

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        called = context.get_function(span, signature)
        context.add_linking_libs(called.libs)
        members = cgutils.unpack_tuple(builder, values[1])
        shared = [
            _borrowed(context, builder, *each) for each in zip(arguments, members, strict=True)
        ]
        _Threads(context, builder, called).run(shared, *values[2:])
        return context.get_dummy_value()

    return types.none(span, arguments, types.intp, types.intp), generate


def _borrowed(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return a value with arrays without owners, so that threads need not count references."""
    if isinstance(kind, types.BaseTuple):
        members = zip(kind, cgutils.unpack_tuple(builder, value), strict=True)
        return context.make_tuple(
            builder, kind, [_borrowed(context, builder, *each) for each in members]
        )
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    return value


_BYTES = ir.IntType(8).as_pointer()
_CODE = ir.IntType(32)
_NO_ERROR = _CODE(0)


class _Threads:
    """Writes the LLVM code that calls a span on the threads, and the functions that these call."""

    def __init__(self, context: Any, builder: Any, called: Any) -> None:
        self._context, self._builder, self._called = context, builder, called
        self._count = context.get_value_type(types.intp)
        # Arguments of Numba's functions: result, error, arguments. The error is an address if there
        # is one.
        start = context.call_conv.get_function_type(types.none, ())
        self._result, error = start.args[:2]
        self._error = error.pointee
        self._start = start

    def run(self, shared: list[Any], items: Any, bands: Any) -> None:
        """Run the bands, and return from the kernel if one of them has failed."""
        builder = self._builder
        no_error = cgutils.get_null_value(self._error)
        get_count = ir.FunctionType(self._count, [])
        threads = builder.call(
            cgutils.get_or_insert_function(builder.module, get_count, "get_num_threads"), []
        )
        one = threads.type(1)
        threads = builder.select(builder.icmp_signed("<", threads, one), one, threads)
        shared = [*shared, items, bands, threads, _NO_ERROR, _NO_ERROR, no_error]
        self._shared = ir.LiteralStructType([each.type for each in shared])
        place = cgutils.alloca_once(builder, self._shared)
        for index, value in enumerate(shared):
            builder.store(value, self._member(builder, place, index))
        one_band = self._make_one_band()
        some_bands = self._make_some_bands(one_band)
        nothing = bands.type(0)
        with builder.if_else(builder.icmp_signed("==", bands, nothing)) as (here, on_threads):
            with here:
                self._call(builder, one_band, place, nothing, items)
            with on_threads:
                self._start_threads(some_bands, place, threads)
        code, error = (builder.load(self._member(builder, place, each)) for each in (-2, -1))
        with cgutils.if_unlikely(builder, builder.icmp_signed("!=", code, _NO_ERROR)):
            status = SimpleNamespace(code=code, excinfoptr=error)
            self._context.call_conv.return_status_propagate(builder, status)

    def _member(self, builder: Any, place: Any, index: int) -> Any:
        """Return the address of a member that threads share; the last six are always there."""
        index %= len(self._shared.elements)
        return builder.gep(place, [_CODE(0), _CODE(index)], inbounds=True)

    def _make_one_band(self) -> Any:
        """Return a function of Numba's convention that runs the span on items of one band."""
        kind = ir.FunctionType(
            _CODE, [*self._start.args[:2], self._shared.as_pointer(), self._count, self._count]
        )
        function, builder = self._new_function(kind, "band")
        place, first, stop = function.args[2:]
        members = range(len(self._shared.elements) - 6)
        values = [builder.load(self._member(builder, place, each)) for each in members]
        self._called(builder, (*values, first, stop))
        builder.ret(_NO_ERROR)
        return function

    def _make_some_bands(self, one_band: Any) -> Any:
        """Return the function that threads call, a loop of a generalised ufunc without arrays."""
        counts = self._count.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [_BYTES.as_pointer(), counts, counts, _BYTES])
        function, builder = self._new_function(kind, "bands")
        begins, lengths, _, data = function.args
        place = builder.bitcast(data, self._shared.as_pointer())
        items, bands, threads = (
            builder.load(self._member(builder, place, each)) for each in (-6, -5, -4)
        )
        share = builder.ptrtoint(builder.load(begins), self._count)
        begin, end = (
            builder.sdiv(builder.mul(each, bands), threads)
            for each in (share, builder.add(share, builder.load(lengths)))
        )
        with cgutils.for_range(builder, builder.sub(end, begin)) as loop:
            band = builder.add(begin, loop.index)
            first, stop = (
                builder.sdiv(builder.mul(each, items), bands)
                for each in (band, builder.add(band, band.type(1)))
            )
            self._call(builder, one_band, place, first, stop)
        builder.ret_void()
        return function

    def _new_function(self, kind: Any, name: str) -> Any:
        function = ir.Function(self._builder.module, kind, f"{self._builder.function.name}.{name}")
        function.linkage = "internal"
        return function, ir.IRBuilder(function.append_basic_block())

    def _call(self, builder: Any, one_band: Any, place: Any, first: Any, stop: Any) -> None:
        """Call `one_band`; the first error of any thread is kept."""
        result = cgutils.alloca_once(builder, self._result.pointee)
        error = cgutils.alloca_once(builder, self._error)
        code = builder.call(one_band, [result, error, place, first, stop])
        with cgutils.if_unlikely(builder, builder.icmp_signed("!=", code, _NO_ERROR)):
            flag = self._member(builder, place, -3)
            before = builder.cmpxchg(flag, _NO_ERROR, _CODE(1), "acq_rel", "monotonic")
            with builder.if_then(builder.extract_value(before, 1)):
                builder.store(code, self._member(builder, place, -2))
                builder.store(builder.load(error), self._member(builder, place, -1))

    def _start_threads(self, some_bands: Any, place: Any, threads: Any) -> None:
        """Call the threading layer, which gives each thread parts of the work.

        There are as many shares as threads. The only array begins at address 0 and has items of one
        byte. So the address that a thread gets is the number of its first part.
        """
        builder, count = self._builder, self._count
        array, length, step = (
            cgutils.alloca_once_value(builder, each)
            for each in (cgutils.get_null_value(_BYTES), threads, count(1))
        )
        start = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [_BYTES] * 5 + [count] * 3),
            "numba_parallel_for",
        )
        addresses = [builder.bitcast(e, _BYTES) for e in (some_bands, array, length, step, place)]
        # The layer makes the last argument its number of threads from then on.
        builder.call(start, [*addresses, count(0), count(1), threads])
