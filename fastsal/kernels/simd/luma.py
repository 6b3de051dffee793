"""Luma of 64 pixels at a time, with AVX-512 VBMI.

For interleaved channels LLVM emits long chains of shuffles. Here ``vpermb`` puts the
bytes of 16 pixels in their places at once, and ``vpmaddwd`` multiplies and adds pairs of them.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from ..jit import serial
from . import llvm
from .llvm import BLOCK, BYTES, INT

GROUP = 16  # pixels per register of 32-bit sums
_WORDS = ir.VectorType(ir.IntType(16), 32)
_SUMS = ir.VectorType(INT, GROUP)
_HALF = 1 << 14  # rounds a sum of units of 2**-15


@serial
def fill_luma_blocks(pixels, channels, weights, gray):
    """Fill all whole blocks of `gray`, and return their number of pixels."""
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
            from_bytes = llvm.bytes_of(context, builder, kinds[0], source)
            to_bytes = llvm.bytes_of(context, builder, kinds[2], target)
            weights = [
                context.cast(builder, each, kinds[1].dtype, types.uint32)
                for each in cgutils.unpack_tuple(builder, weights)
            ]
            factors = _factors(builder, *weights)
            with llvm.each_block(context, builder, kinds[2], target) as loop:
                first = builder.mul(loop.index, loop.index.type(BLOCK))
                start = builder.mul(first, first.type(channels))
                for begin in range(0, BLOCK, GROUP):
                    luma = _group(builder, from_bytes, start, channels, begin, factors)
                    llvm.store(builder, luma, to_bytes, builder.add(first, first.type(begin)))
            return context.get_dummy_value()

        return types.void(pixels, weights, gray), generate

    return luma


_luma_of_three, _luma_of_four = _luma_of(3), _luma_of(4)


def _factors(builder, first, second, third):
    """Return the factors of the pairs of `_group`: two weights; the third, and the half."""
    pairs = (first, second), (third, INT(_HALF))
    both = [builder.or_(low, builder.shl(high, INT(16))) for low, high in pairs]
    return [builder.bitcast(llvm.splat(builder, _SUMS, each), _WORDS) for each in both]


def _group(builder, source, start, channels, begin, factors):
    """Return the luma of 16 pixels from pixel `begin` of the block that starts at `start`."""
    # The last load begins early, so as not to read beyond the block.
    offset = min(channels * begin, (channels - 1) * BLOCK)
    block = llvm.load(builder, source, builder.add(start, start.type(offset)))
    at = [channels * (begin + i) - offset for i in range(GROUP)]
    zero, one = BLOCK, BLOCK + 1
    orders = (
        [place for i in at for place in (i, zero, i + 1, zero)],
        [place for i in at for place in (i + 2, zero, one, zero)],
    )
    constants = BYTES([0, 1] * (BLOCK // 2))
    sums = []
    for order, factor in zip(orders, factors, strict=True):
        words = builder.bitcast(llvm.shuffled(builder, block, constants, order), _WORDS)
        sums.append(llvm.call(builder, "llvm.x86.avx512.pmaddw.d.512", _SUMS, words, factor))
    total = builder.lshr(builder.add(*sums), _SUMS([15] * GROUP))
    return builder.trunc(total, ir.VectorType(ir.IntType(8), GROUP))
