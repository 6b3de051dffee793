"""Luma 64 pixels at a time: see kernels/vectors.py.

LLVM by itself takes interleaved channels apart by long chains of shuffles. Here ``vpermb`` puts the
bytes of 16 pixels in their places at once, and ``vpmaddwd`` multiplies and adds pairs of them.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from .. import simd
from ..jit import serial
from ..simd import BLOCK, BYTES, INT

GROUP = 16  # pixels per register of 32-bit sums
_WORDS = ir.VectorType(ir.IntType(16), 32)
_SUMS = ir.VectorType(INT, GROUP)
_HALF = 1 << 14  # rounds a sum of units of 2**-15


@serial
def fill_luma_blocks(pixels, channels, weights, gray):
    """Fill as many whole blocks of `gray` as there are, and return how many pixels that were."""
    if pixels.itemsize > 1 or channels < 3:
        return 0
    if channels == 3:
        _luma_of_three(pixels, weights, gray)
    else:
        _luma_of_four(pixels, weights, gray)
    return gray.size // BLOCK * BLOCK


def _luma_of(channels):
    @intrinsic
    def luma(typing, pixels, weights, gray):
        def generate(context, builder, signature, args):
            kinds, (source, weights, target) = signature.args, args
            from_bytes = simd.bytes_of(context, builder, kinds[0], source)
            to_bytes = simd.bytes_of(context, builder, kinds[2], target)
            weights = [
                context.cast(builder, each, kinds[1].dtype, types.uint32)
                for each in cgutils.unpack_tuple(builder, weights)
            ]
            factors = _factors(builder, *weights)
            with simd.each_block(context, builder, kinds[2], target) as loop:
                first = builder.mul(loop.index, loop.index.type(BLOCK))
                start = builder.mul(first, first.type(channels))
                for begin in range(0, BLOCK, GROUP):
                    luma = _group(builder, from_bytes, start, channels, begin, factors)
                    simd.store(builder, luma, to_bytes, builder.add(first, first.type(begin)))
            return context.get_dummy_value()

        return types.void(pixels, weights, gray), generate

    return luma


_luma_of_three, _luma_of_four = _luma_of(3), _luma_of(4)


def _factors(builder, first, second, third):
    """Return the factors of the pairs of `_group`: two weights; the third, and the half."""
    pairs = (first, second), (third, INT(_HALF))
    both = [builder.or_(low, builder.shl(high, INT(16))) for low, high in pairs]
    return [builder.bitcast(_repeated(builder, each), _WORDS) for each in both]


def _repeated(builder, value):
    first = builder.insert_element(_SUMS(ir.Undefined), value, INT(0))
    return builder.shuffle_vector(first, first, _SUMS([0] * GROUP))


def _group(builder, source, start, channels, begin, factors):
    """Return the luma of 16 pixels, the `begin`th and on of the block that starts at `start`."""
    # The last load begins early, so as not to read beyond the block.
    offset = min(channels * begin, (channels - 1) * BLOCK)
    block = simd.load(builder, source, builder.add(start, start.type(offset)))
    at = [channels * (begin + i) - offset for i in range(GROUP)]
    zero, one = BLOCK, BLOCK + 1
    orders = (
        [place for i in at for place in (i, zero, i + 1, zero)],
        [place for i in at for place in (i + 2, zero, one, zero)],
    )
    constants = BYTES([0, 1] * (BLOCK // 2))
    sums = []
    for order, factor in zip(orders, factors, strict=True):
        words = builder.bitcast(simd.shuffled(builder, block, constants, order), _WORDS)
        sums.append(simd.call(builder, "llvm.x86.avx512.pmaddw.d.512", _SUMS, words, factor))
    total = builder.lshr(builder.add(*sums), _SUMS([15] * GROUP))
    return builder.trunc(total, ir.VectorType(ir.IntType(8), GROUP))
