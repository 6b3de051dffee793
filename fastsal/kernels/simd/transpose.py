"""Transposition of tiles of 8 x 8 numbers of 32 bits, by shuffles of registers."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from . import llvm

TILE = 8


@intrinsic
def transpose_tile(typing, source, starts, left, target, first, stride):
    """Transpose the tile that lies `left` items from these starts; columns lie `stride` apart."""

    def generate(context, builder, signature, args):
        kinds, (source, starts, left, target, first, stride) = signature.args, args
        vector = ir.VectorType(context.get_data_type(kinds[0].dtype), TILE)
        source, starts, target = (
            context.make_array(kinds[i])(context, builder, array).data
            for i, array in ((0, source), (1, starts), (3, target))
        )
        rows = []
        for i in range(TILE):
            start = builder.load(cgutils.gep_inbounds(builder, starts, i))
            rows.append(llvm.load_at(builder, vector, source, builder.add(start, left), align=1))
        for i, col in enumerate(_transposed(builder, rows)):
            place = builder.add(first, builder.mul(stride, stride.type(i)))
            address = builder.gep(target, [place])
            builder.store(col, builder.bitcast(address, vector.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(source, starts, types.int64, target, types.int64, types.int64), generate


def _transposed(builder, rows):
    """Return the columns of a tile: three rounds swap one bit of the row and column numbers."""
    rows = list(rows)
    for bit in (1, 2, 4):
        above = [i + TILE ^ bit if i & bit else i for i in range(TILE)]
        below = [i + TILE if i & bit else i | bit for i in range(TILE)]
        for i in range(TILE):
            if not i & bit:
                pair = rows[i], rows[i | bit]
                rows[i], rows[i | bit] = (
                    llvm.shuffled(builder, *pair, each) for each in (above, below)
                )
    return rows
