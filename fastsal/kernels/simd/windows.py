"""Contrast of 16 pixels at a time with their windows of all sizes, from a table of sums.

LLVM does not vectorise a loop that reads 24 places of one table, because it must assume that one of
them is written. A loop for each size reads and writes the totals six times and divides, which takes
twice as long. LLVM cuts these vectors to the registers of the processor.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from ..jit import has_feature
from . import llvm

LANES = 16
_BYTES = ir.VectorType(ir.IntType(8), LANES)
_INTS = ir.VectorType(ir.IntType(32), LANES)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(64)
_ITEM = 4  # bytes of an entry of the table


def columns_comparer(reaches, margin, uniform):
    """Return the function that compares columns of a row with windows of these reaches.

    The table repeats its edges for `margin` columns at either end. With `uniform` the windows of
    one size hold equally many pixels in all columns.
    """

    @intrinsic
    def compare_columns(typing, levels, table, edges, others, inverses, totals, start, stop):
        """Fill totals[start:stop], whole blocks, with ON and OFF of one row.

        `edges` has the rows of the table above and below the windows of each size. `others`,
        (sizes, columns), has the number of other pixels of a window, and `inverses` 1 over that.
        """

        def generate(context, builder, signature, args):
            row = _Row(context, builder, signature.args, args, reaches, margin, uniform)
            blocks = builder.udiv(builder.sub(args[7], args[6]), _INDEX(LANES))
            with cgutils.for_range(builder, blocks) as loop:
                row.compare(builder.add(args[6], builder.mul(loop.index, _INDEX(LANES))))
            return context.get_dummy_value()

        span = types.int64, types.int64
        return types.void(levels, table, edges, others, inverses, totals, *span), generate

    return compare_columns


class _Row:
    """Addresses and constants of one row, for all its blocks."""

    def __init__(self, context, builder, kinds, args, reaches, margin, uniform):
        self.reaches, self.margin = reaches, margin
        self.builder, self.is_exact = builder, isinstance(kinds[1].dtype, types.Integer)
        table, edges, others, inverses = (
            context.make_array(kind)(context, builder, arg)
            for kind, arg in zip(kinds[1:5], args[1:5], strict=True)
        )
        self.levels, self.totals, above, *counts = (
            llvm.bytes_of(context, builder, kinds[k], args[k]) for k in (0, 5, 1, 3, 4)
        )
        self.rows, self.counts = [], []
        for scale in range(len(reaches)):
            pair = [builder.gep(edges.data, [_INDEX(2 * scale + k)]) for k in (0, 1)]
            self.rows.append([self._row(above, table, builder.load(each)) for each in pair])
            of_scale = [
                self._row(each, array, _INDEX(scale))
                for each, array in zip(counts, (others, inverses), strict=True)
            ]
            if uniform:
                of_scale = [self._splat(each, args[6]) for each in of_scale]
            self.counts.append(of_scale)
        self.uniform = uniform

    def compare(self, col):
        """Compare the pixels of the columns from `col` on."""
        builder, offset = self.builder, self.builder.mul(col, _INDEX(_ITEM))
        level = builder.uitofp(self._load(self.levels, col, _BYTES), _FLOATS)
        total = _INTS([0] * LANES)
        for reach, (top, bottom), counts in zip(self.reaches, self.rows, self.counts, strict=True):
            if not self.uniform:
                counts = [self._load(each, offset, _FLOATS) for each in counts]
            left = builder.add(offset, _INDEX(_ITEM * (self.margin - reach)))
            right = builder.add(offset, _INDEX(_ITEM * (self.margin + reach)))
            window = self._window(top, bottom, left, right)
            total = builder.add(total, self._on_and_off(self._contrast(level, window, *counts)))
        llvm.store(builder, total, self.totals, offset)

    def _window(self, top, bottom, left, right):
        builder = self.builder
        kind = _INTS if self.is_exact else _FLOATS
        add, sub = (builder.add, builder.sub) if self.is_exact else (builder.fadd, builder.fsub)
        # Keep OpenCV's order, because float32 rounds.
        window = add(self._load(bottom, right, kind), self._load(top, left, kind))
        window = sub(window, self._load(bottom, left, kind))
        window = sub(window, self._load(top, right, kind))
        return builder.sitofp(window, _FLOATS) if self.is_exact else window

    def _contrast(self, level, window, others, inverse):
        """Return rounded_contrast or exact_contrast of fine_grained/_formulas.py."""
        builder = self.builder
        if self.is_exact:
            pixels = builder.fadd(others, _FLOATS([1.0] * LANES))
            gap = builder.fsub(builder.fmul(level, pixels), window)
            return self._quotient(gap, others, inverse)
        return builder.fsub(level, self._quotient(builder.fsub(window, level), others, inverse))

    def _quotient(self, dividend, divisor, inverse):
        """Return the quotient, by Markstein's correction of a product where that is faster."""
        builder = self.builder
        if not (has_feature("fma") or has_feature("neon")):
            return builder.fdiv(dividend, divisor)
        near = builder.fmul(dividend, inverse)
        rest = self._fma(builder.fneg(near), divisor, dividend)
        return self._fma(rest, inverse, near)

    def _on_and_off(self, contrast):
        """Return on_and_off of fine_grained/_formulas.py."""
        builder, none = self.builder, _INTS([0] * LANES)
        whole = builder.fptosi(contrast, _INTS)
        is_off = builder.icmp_signed("<", whole, none)
        size = builder.select(is_off, builder.sub(none, whole), whole)
        size = builder.and_(size, _INTS([255] * LANES))
        return builder.select(is_off, builder.shl(size, _INTS([16] * LANES)), size)

    def _fma(self, *args):
        return llvm.call(self.builder, f"llvm.fma.v{LANES}f32", _FLOATS, *args)

    def _row(self, first, array, index):
        stride = cgutils.unpack_tuple(self.builder, array.strides)[0]
        return self.builder.gep(first, [self.builder.mul(index, stride)])

    def _splat(self, row, col):
        offset = self.builder.mul(col, _INDEX(_ITEM))
        place = self.builder.gep(row, [offset])
        value = self.builder.load(self.builder.bitcast(place, ir.FloatType().as_pointer()))
        return llvm.splat(self.builder, _FLOATS, value)

    def _load(self, address, offset, kind):
        place = self.builder.gep(address, [offset])
        return self.builder.load(self.builder.bitcast(place, kind.as_pointer()), align=1)
