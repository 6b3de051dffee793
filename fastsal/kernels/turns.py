"""Bands that threads take in turn, each when it has done with its last.

As Numba cuts a ``prange``, every thread has its share from the start. A kernel of 50 microseconds
then waits for a thread that slept to wake, and any kernel for one whose core another program holds.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic


@intrinsic
def taken_at_once(typing, bands):
    """Let threads take so many bands at a time of the next ``prange``; return what held before.

    That must be set again afterwards. 0 is Numba's own way.
    """

    def generate(context, builder, signature, args):
        # What numba.set_parallel_chunksize calls, which itself keeps a kernel from being cached.
        size = args[0].type
        change = ir.FunctionType(ir.VoidType(), [size])
        before = _call(builder, "get_parallel_chunksize", ir.FunctionType(size, []))
        _call(builder, "set_parallel_chunksize", change, *args)
        return before

    return types.uintp(types.uintp), generate


def _call(builder, name, form, *args):
    return builder.call(cgutils.get_or_insert_function(builder.module, form, name), args)
