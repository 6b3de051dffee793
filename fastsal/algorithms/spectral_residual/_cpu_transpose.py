"""Rows into columns on the CPU, eight by eight: LLVM by itself sees no shuffles in such loops."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

from ...kernels.jit import serial

TILE = 8


@serial
def turn(waves, places, turned):
    """Fill `turned`, (W, 2, N), with N rows of `waves`, (M, 2, W), as columns."""
    width, count = waves.shape[2], places.size
    starts = np.empty(TILE, np.int64)
    for top in range(0, count, TILE):
        for part in range(2):
            for i in range(TILE):
                starts[i] = (2 * places[top + i] + part) * width
            for left in range(0, width, TILE):
                _turn_tile(waves, starts, left, turned, (2 * left + part) * count + top, 2 * count)


@intrinsic
def _turn_tile(typing, waves, starts, left, turned, first, stride):
    """Turn what lies `left` from these starts in `waves`; its columns go `stride` apart."""

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
            address = builder.gep(source, [builder.add(start, left)])
            rows.append(builder.load(builder.bitcast(address, vector.as_pointer()), align=1))
        for i, col in enumerate(_turned(builder, rows)):
            place = builder.add(first, builder.mul(stride, stride.type(i)))
            address = builder.gep(target, [place])
            builder.store(col, builder.bitcast(address, vector.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(waves, starts, types.int64, turned, types.int64, types.int64), generate


def _turned(builder, rows):
    """Return the columns of a tile: bit by bit, the numbers of row and column change places."""
    rows = list(rows)
    for bit in (1, 2, 4):
        above = [i + TILE ^ bit if i & bit else i for i in range(TILE)]
        below = [i + TILE if i & bit else i | bit for i in range(TILE)]
        for i in range(TILE):
            if not i & bit:
                pair = rows[i], rows[i | bit]
                rows[i], rows[i | bit] = (
                    _shuffled(builder, *pair, each) for each in (above, below)
                )
    return rows


def _shuffled(builder, first, second, order):
    return builder.shuffle_vector(first, second, ir.VectorType(ir.IntType(32), TILE)(order))
