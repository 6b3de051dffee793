"""Rows of a small map made wide on the CPU.

The eight values that eight columns lie next to are picked within a register where the processor can
(AVX2): LLVM by itself would fetch each from memory.
"""

import numpy as np
from llvmlite import ir
from numba import float32, types
from numba.core.extending import intrinsic

from .. import simd
from ..jit import has_feature, serial
from ._formulas import held, raised

LANES = 8
CAN_PICK = has_feature("avx2")
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INTS = ir.VectorType(simd.INT, LANES)


@serial
def places_of(source, target, start, stop):
    """Return the source before each of these target pixels, and the weight of the next."""
    firsts, shares = np.empty(stop - start, np.int32), np.empty(stop - start, np.float32)
    rest = (2 * start + 1) * source - target
    first = rest // (2 * target)
    rest -= first * 2 * target
    for i in range(stop - start):
        firsts[i], shares[i] = held(first, rest, source, target)
        rest += 2 * source
        while rest >= 2 * target:  # in place of a division for each
            rest -= 2 * target
            first += 1
    return firsts, shares


@serial
def ends_of(source):
    """Return the work space of `widen`: two rows, with LANES more items.

    LANES items are read from any place on, the last one too.
    """
    return np.zeros((2, source + LANES), np.float32)


@serial
def fill_steps(source, ends):
    """Fill ends[0] with the values of a row, ends[1] with the steps from each to the next."""
    values, steps = ends[0], ends[1]
    for i in range(source.size):
        values[i] = source[i]
    for i in range(source.size - 1):
        steps[i] = float32(source[i + 1] - source[i])
    steps[source.size - 1] = 0


@serial
def widen(source, firsts, shares, ends, target):
    """Fill `target` by linear interpolation of `source`; `ends` is work space."""
    fill_steps(source, ends)
    values, steps = ends[0], ends[1]
    done = 0
    if CAN_PICK and target.size >= source.size:  # else eight columns lie next to more than eight
        done = target.size // LANES * LANES
        for col in range(0, done, LANES):
            _widen_eight(values, steps, firsts, shares, col, target)
    for col in range(done, target.size):
        first = firsts[col]
        target[col] = raised(values[first], steps[first], shares[col])


@intrinsic
def _widen_eight(typing, values, steps, firsts, shares, start, target):
    def generate(context, builder, signature, args):
        start = args[4]
        values, steps, firsts, shares, target = (
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(signature.args, args, strict=True)
            if kind != types.int64
        )

        def at(data, place, form):
            return builder.bitcast(builder.gep(data, [place]), form.as_pointer())

        nearest = builder.load(at(firsts, start, _INTS), align=4)
        first = builder.extract_element(nearest, simd.INT(0))
        order = builder.sub(nearest, _splat(builder, first))
        first = builder.zext(first, start.type)
        one, step = (
            simd.call(
                builder, "llvm.x86.avx2.permps", _FLOATS,
                builder.load(at(data, first, _FLOATS), align=4), order,
            )
            for data in (values, steps)
        )  # fmt: skip
        share = builder.load(at(shares, start, _FLOATS), align=4)
        raised = builder.fadd(one, builder.fmul(share, step))
        builder.store(raised, at(target, start, _FLOATS), align=4)
        return context.get_dummy_value()

    return types.void(values, steps, firsts, shares, types.int64, target), generate


def _splat(builder, value):
    first = builder.insert_element(_INTS(ir.Undefined), value, simd.INT(0))
    return builder.shuffle_vector(first, first, _INTS([0] * LANES))
