"""Nearest of four candidates for one row of 16 tiles of an image, in vectors of 16 integers.

It is the inner step of superpixels in fast mode. The terms of all candidates and the sums of the
row stay in registers. With AVX2 or AVX-512 one instruction adds two products.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from . import llvm

LANES = 16
CANDIDATES = 4
FIELDS = 6  # of the sums of a candidate: pixels, rows, columns and three channels
GROUP = 256  # columns of a tile; their sums fit into 16 bits

# The terms of a candidate's score, for each lane: two factors of 16 bits in each of two words.
COLORS_01, COLOR_2_AND_COL, ROW, BASE, CODE = (i * LANES for i in range(5))
TERMS = 5 * LANES

_WORDS = ir.VectorType(llvm.INT, LANES)
_BYTES = ir.VectorType(ir.IntType(8), LANES)
_SIZE = ir.IntType(64)


@intrinsic
def assign_row(typing, packed, terms, cols, row, dy, first, last, size, start, stop, picks, totals):
    """Write the code of each pixel's nearest candidate, and add the pixels to its sums.

    The columns `first` to `last` of each tile count, at the places `cols`, if they are columns
    `start` to `stop` of the strip. The place of the row, which is row `dy` of the tile, is `row`.
    """
    ints = types.int32
    kinds = packed, terms, cols, ints, ints, types.intp, types.intp, ints, ints, ints
    return types.void(*kinds, picks, totals), _generate


def _generate(context, builder, signature, args):
    kinds = signature.args
    _, _, _, row, dy, first, last, size, start, stop, _, _ = args
    packed, terms, cols, picks, totals = (
        llvm.bytes_of(context, builder, kinds[k], args[k]) for k in (0, 1, 2, 10, 11)
    )
    all_of = _Vectors(builder)
    candidates = []
    for k in range(CANDIDATES):
        at = [all_of.load(terms, k * TERMS + term) for term in range(0, TERMS, LANES)]
        now = builder.sub(at[BASE // LANES], builder.mul(all_of(row), at[ROW // LANES]))
        candidates.append((at[0], at[1], now, at[CODE // LANES]))
    sums = [[cgutils.alloca_once_value(builder, _const(0)) for _ in range(3)] for _ in candidates]
    lefts = builder.mul(_WORDS(list(range(LANES))), all_of(size))
    lefts = builder.sub(lefts, all_of(start))
    width = all_of(builder.sub(stop, start))
    with cgutils.for_range_slice(builder, first, last, _SIZE(1), _SIZE) as (dx, _):
        short = builder.trunc(dx, llvm.INT)
        pixels = all_of.load(packed, builder.mul(dx, _SIZE(LANES)))
        colors = _halves(builder, pixels, builder.shl(pixels, _const(8)))
        last_color = builder.lshr(pixels, _const(16))
        place = all_of.item(cols, dx)
        two = builder.or_(last_color, builder.shl(all_of(place), _const(16)))
        code = _nearest(builder, candidates, colors, two)
        column = builder.add(lefts, all_of(short))
        inside = builder.icmp_unsigned("<", column, width)
        code = builder.select(inside, code, _const(255))
        llvm.store(builder, builder.trunc(code, _BYTES), picks, builder.mul(dx, _SIZE(LANES)))
        offset = builder.trunc(builder.sub(dx, first), llvm.INT)
        two = builder.or_(last_color, builder.shl(all_of(offset), _const(16)))
        for (*_, name), parts in zip(candidates, sums, strict=True):
            # Codes differ, so one comparison replaces masks, which AVX2 would pack and unpack.
            counts = builder.icmp_signed("==", code, name)
            for part, value in zip(parts, (_const(1), colors, two), strict=True):
                total = builder.load(part)
                builder.store(builder.select(counts, builder.add(total, value), total), part)
    begin = all_of(builder.trunc(first, llvm.INT))
    for k, parts in enumerate(sums):
        count, colors, two = (builder.load(part) for part in parts)
        low, high = _const((1 << 16) - 1), _const(16)
        columns = builder.add(builder.lshr(two, high), builder.mul(count, begin))
        fields = (
            count, builder.mul(count, all_of(dy)), columns,
            builder.and_(colors, low), builder.lshr(colors, high), builder.and_(two, low),
        )  # fmt: skip
        for field, value in enumerate(fields):
            at = (k * FIELDS + field) * LANES
            all_of.store(builder.add(all_of.load(totals, at), value), totals, at)
    return context.get_dummy_value()


def _nearest(builder, candidates, colors, two):
    """Return the code of the nearest candidate; the first of equal ones wins."""
    best = code = None
    for terms_01, terms_2, now, name in candidates:
        products = builder.add(_dot(builder, colors, terms_01), _dot(builder, two, terms_2))
        score = builder.sub(now, products)
        if best is None:
            best, code = score, name
            continue
        nearer = builder.icmp_signed("<", score, best)
        best, code = builder.select(nearer, score, best), builder.select(nearer, name, code)
    return code


def _halves(builder, low, high):
    """Return words of two halves: the low byte of `low`, and bits 16 to 23 of `high`."""
    low = builder.and_(low, _const(255))
    return builder.or_(low, builder.and_(high, _const(255 << 16)))


def _dot(builder, first, second):
    """Return the sum of the products of both signed halves of each word."""
    halves = ir.VectorType(ir.IntType(16), 2 * LANES)
    first, second = builder.bitcast(first, halves), builder.bitcast(second, halves)
    if llvm.has_byte_shuffles():
        return llvm.call(builder, "llvm.x86.avx512.pmaddw.d.512", _WORDS, first, second)
    if llvm.has_pair_sums():
        eight = ir.VectorType(llvm.INT, LANES // 2)
        parts = []
        for start in (0, LANES):
            order = list(range(start, start + LANES))
            pairs = (llvm.shuffled(builder, each, each, order) for each in (first, second))
            parts.append(llvm.call(builder, "llvm.x86.avx2.pmadd.wd", eight, *pairs))
        return llvm.shuffled(builder, *parts, list(range(LANES)))
    products = []
    for half in (0, 1):
        order = ir.VectorType(llvm.INT, LANES)(list(range(half, 2 * LANES, 2)))
        parts = (builder.shuffle_vector(each, each, order) for each in (first, second))
        products.append(builder.mul(*(builder.sext(part, _WORDS) for part in parts)))
    return builder.add(*products)


def _const(value):
    return _WORDS([value] * LANES)


class _Vectors:
    """Vectors of 16 words, of equal values or in arrays."""

    def __init__(self, builder):
        self._builder = builder

    def __call__(self, value):
        return llvm.splat(self._builder, _WORDS, value)

    def load(self, address, item):
        return llvm.load_at(self._builder, _WORDS, address, self._bytes_before(item), align=4)

    def store(self, vector, address, item):
        llvm.store_at(self._builder, vector, address, self._bytes_before(item), align=4)

    def item(self, address, item):
        place = self._builder.gep(address, [self._bytes_before(item)])
        return self._builder.load(self._builder.bitcast(place, llvm.INT.as_pointer()))

    def _bytes_before(self, item):
        item = _SIZE(item) if isinstance(item, int) else item
        return self._builder.mul(item, _SIZE(4))
