"""Helpers that emit LLVM IR: loads, stores, shuffles and calls of LLVM's functions.

Blocks of 64 bytes are for processors with AVX-512 VBMI. All functions run while a kernel is
compiled.
"""

from functools import cache

from llvmlite import ir
from numba.core import cgutils

from ..jit import has_feature
from . import ENABLED

BLOCK = 64  # bytes of a register

INT = ir.IntType(32)
BYTES = ir.VectorType(ir.IntType(8), BLOCK)


@cache
def has_byte_shuffles():
    """Return whether CPU kernels are compiled for a processor that shuffles bytes of two blocks."""
    return ENABLED and has_feature("avx512vbmi") and has_feature("avx512bw")


@cache
def has_pair_sums():
    """Return whether CPU kernels are compiled for a processor that adds pairs of products: AVX2."""
    return ENABLED and has_feature("avx2")


def data_of(context, builder, kinds, args):
    """Return the address of the data of each array."""
    pairs = zip(kinds, args, strict=True)
    return [context.make_array(kind)(context, builder, arg).data for kind, arg in pairs]


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
    return load_at(builder, BYTES, address, offset, align=1)


def store(builder, vector, address, offset):
    """Store a vector of any size `offset` bytes from an address."""
    store_at(builder, vector, address, offset, align=1)


def load_at(builder, kind, address, index, align):
    """Return the vector of this kind that starts `index` items from an address."""
    place = builder.gep(address, [index])
    return builder.load(builder.bitcast(place, kind.as_pointer()), align=align)


def store_at(builder, vector, address, index, align):
    """Store a vector `index` items from an address."""
    place = builder.gep(address, [index])
    builder.store(vector, builder.bitcast(place, vector.type.as_pointer()), align=align)


def splat(builder, kind, value):
    """Return a vector of this kind with `value` in every lane."""
    first = builder.insert_element(kind(ir.Undefined), value, INT(0))
    return builder.shuffle_vector(first, first, ir.VectorType(INT, kind.count)([0] * kind.count))


def shuffled(builder, first, second, order):
    """Return items of two vectors in this order; those of the second are counted on."""
    return builder.shuffle_vector(first, second, ir.VectorType(INT, len(order))(order))


def call(builder, name, result, *args):
    """Call one of LLVM's functions for this kind of processor."""
    kind = ir.FunctionType(result, [each.type for each in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)
