"""Linear interpolation of eight values at a time: pairs are selected within a register (AVX2).

For the plain loop LLVM loads each value from memory.
"""

from llvmlite import ir
from numba import types
from numba.core.extending import intrinsic

from ..jit import has_feature
from . import ENABLED, llvm

LANES = 8
HAS_PERMUTE = ENABLED and has_feature("avx2")
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INTS = ir.VectorType(llvm.INT, LANES)


@intrinsic
def interpolate_eight(typing, values, steps, firsts, shares, start, target):
    """Fill eight items of `target` from `start` on with values[first] + share * steps[first].

    The eight `firsts` must lie within eight consecutive values.
    """

    def generate(context, builder, signature, args):
        start = args[4]
        pairs = [pair for pair in zip(signature.args, args, strict=True) if pair[1] is not start]
        values, steps, firsts, shares, target = llvm.data_of(
            context, builder, *zip(*pairs, strict=True)
        )
        places = llvm.load_at(builder, _INTS, firsts, start, align=4)
        first = builder.extract_element(places, llvm.INT(0))
        order = builder.sub(places, llvm.splat(builder, _INTS, first))
        first = builder.zext(first, start.type)
        value, step = (
            llvm.call(
                builder, "llvm.x86.avx2.permps", _FLOATS,
                llvm.load_at(builder, _FLOATS, data, first, align=4), order,
            )
            for data in (values, steps)
        )  # fmt: skip
        share = llvm.load_at(builder, _FLOATS, shares, start, align=4)
        result = builder.fadd(value, builder.fmul(share, step))
        address = builder.gep(target, [start])
        builder.store(result, builder.bitcast(address, _FLOATS.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(values, steps, firsts, shares, types.int64, target), generate
