"""What Numba has no words for and LLVM has: 64 bytes at a time, moved about within registers.

For processors with AVX-512 VBMI only; each user has a plain loop for the others, and for the pixels
that fill no block. Everything here runs while a kernel is compiled, and builds its code.
"""

from functools import cache

from llvmlite import ir
from numba.core import cgutils

from .jit import has_feature

BLOCK = 64  # bytes of a register

INT = ir.IntType(32)
BYTES = ir.VectorType(ir.IntType(8), BLOCK)


@cache
def are_here():
    """Return whether CPU kernels are compiled for a processor that can do this."""
    return has_feature("avx512vbmi") and has_feature("avx512bw")


def bytes_of(context, builder, kind, array):
    """Return the address of an array's data, in bytes."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(data, ir.IntType(8).as_pointer())


def each_block(context, builder, kind, array):
    """Return a loop over the whole blocks of `array`, counted in its items."""
    items = context.make_array(kind)(context, builder, array).nitems
    return cgutils.for_range(builder, builder.udiv(items, items.type(BLOCK)))


def load(builder, address, offset):
    """Return the block `offset` bytes from an address."""
    place = builder.gep(address, [offset])
    return builder.load(builder.bitcast(place, BYTES.as_pointer()), align=1)


def store(builder, vector, address, offset):
    """Store a vector of any size `offset` bytes from an address."""
    place = builder.gep(address, [offset])
    builder.store(vector, builder.bitcast(place, vector.type.as_pointer()), align=1)


def shuffled(builder, first, second, order):
    """Return bytes of two blocks in this order: 0 to 63 of the first, 64 to 127 of the second."""
    return builder.shuffle_vector(first, second, ir.VectorType(INT, BLOCK)(order))


def call(builder, name, result, *args):
    """Call one of LLVM's functions for this kind of processor."""
    form = ir.FunctionType(result, [each.type for each in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, form, name), args)
