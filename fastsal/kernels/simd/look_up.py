"""Table look-up of 64 pixels at a time, with AVX-512 VBMI.

A score has one byte or four, and its bytes of one significance are a table of 256, which four
registers hold. ``vpermi2b`` looks 64 pixels up in two of them, so that no table is read from
memory, and painting is as fast as writing the map.
"""

from numba import types
from numba.core.extending import intrinsic

from . import llvm
from .llvm import BLOCK, BYTES


@intrinsic
def look_up_blocks(typing, gray, planes, saliency):
    """Fill whole blocks of `saliency` from `gray` and `planes`, (bytes of a score, 256)."""

    def generate(context, builder, signature, args):
        kinds = signature.args
        source, tables, target = (
            llvm.bytes_of(context, builder, *each) for each in zip(kinds, args, strict=True)
        )
        planes = _loaded(builder, tables, kinds[2].dtype.bitwidth // 8)
        with llvm.each_block(context, builder, kinds[0], args[0]) as loop:
            at = builder.mul(loop.index, loop.index.type(BLOCK))
            place = builder.mul(at, at.type(len(planes)))
            block = llvm.load(builder, source, at)
            for part, scores in enumerate(_looked_up(builder, block, planes)):
                offset = builder.add(place, place.type(BLOCK * part))
                llvm.store(builder, scores, target, offset)
        return context.get_dummy_value()

    return types.void(gray, planes, saliency), generate


def _loaded(builder, tables, count):
    """Return the four registers of every byte of a score."""
    offsets = [[llvm.INT(256 * byte + at) for at in range(0, 256, BLOCK)] for byte in range(count)]
    return [[llvm.load(builder, tables, offset) for offset in each] for each in offsets]


def _looked_up(builder, block, planes):
    """Return the scores of 64 pixels, in as many registers as a score has bytes."""
    if len(planes) == 1:
        return [_permuted(builder, block, planes[0])]
    # Bytes are interleaved within lanes of 16, so every lane gets four pixels of each result.
    order = [16 * k + 4 * lane + i for lane in range(4) for k in range(4) for i in range(4)]
    block = llvm.shuffled(builder, block, block, order)
    a, b, c, d = (_permuted(builder, block, plane) for plane in planes)
    halves = zip(_interleaved(builder, a, b, 1), _interleaved(builder, c, d, 1), strict=True)
    return [part for pair in halves for part in _interleaved(builder, *pair, 2)]


def _permuted(builder, block, plane):
    lower, upper = (
        llvm.call(builder, "llvm.x86.avx512.vpermi2var.qi.512", BYTES, first, block, second)
        for first, second in (plane[:2], plane[2:])
    )
    is_upper = builder.icmp_signed("<", block, BYTES([0] * BLOCK))
    return builder.select(is_upper, upper, lower)


def _interleaved(builder, first, second, width):
    """Interleave both inputs in items of `width` bytes, in low and high halves of lanes."""
    results = []
    for half in (0, 8):
        places = [lane + half + i for lane in range(0, BLOCK, 16) for i in range(0, 8, width)]
        order = [
            place + BLOCK * which + i
            for place in places for which in (0, 1) for i in range(width)
        ]  # fmt: skip
        results.append(llvm.shuffled(builder, first, second, order))
    return results
