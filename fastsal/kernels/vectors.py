"""What Numba has no words for and LLVM has: 64 bytes at a time, moved about within registers.

For processors with AVX-512 VBMI only; each user has a plain loop for the others, and for the pixels
that fill no block. Everything here runs while a kernel is compiled, and builds its code.
"""

from functools import cache

from llvmlite import ir
from numba import int64
from numba.core import cgutils

from .jit import has_feature, serial

BLOCK = 64  # bytes of a register, and of a cache line
CACHED = 24 << 20  # bytes of a map that may still lie in a cache of 32 MB (measured)

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


def stream(builder, block, address, offset):
    """Store a block as `store` does, past the caches, where a cache line begins.

    A `fence` must follow the last one. A line that is stored whole need not be read before, so
    that a map of float32 takes half as long; but its next reader finds it in memory only.
    """
    place = builder.bitcast(builder.gep(address, [offset]), block.type.as_pointer())
    one = builder.module.add_metadata([INT(1)])
    builder.store(block, place, align=BLOCK).set_metadata("nontemporal", one)


def fence(builder):
    """Let other threads see what was streamed before what is stored from here on."""
    call(builder, "llvm.x86.sse.sfence", ir.VoidType())


@serial
def is_streamed(array):
    """Return whether `array` should be filled past the caches, which it would not stay in."""
    return array.nbytes > CACHED and int64(array.ctypes.data) % array.itemsize == 0


@serial
def items_before_line(array):
    """Return how many items there are before the first that begins a cache line, or all."""
    rest = -int64(array.ctypes.data) % BLOCK
    return min(rest // array.itemsize, array.size)


def shuffled(builder, first, second, order):
    """Return bytes of two blocks in this order: 0 to 63 of the first, 64 to 127 of the second."""
    return builder.shuffle_vector(first, second, ir.VectorType(INT, BLOCK)(order))


def call(builder, name, result, *args):
    """Call one of LLVM's functions for this kind of processor."""
    form = ir.FunctionType(result, [each.type for each in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, form, name), args)
