"""Spread values from points to a grid and read them back, by cubic B-splines; blur the grid.

LLVM does not vectorise loops over the few values of a node. The two inner steps are therefore
emitted as vectors, which exist on every processor. The operations and their order are those of a
plain loop.
"""

import numpy as np
from llvmlite import ir
from numba import float32, int64, prange, types, uintp
from numba.core import cgutils
from numba.core.extending import intrinsic

from ...kernels.jit import banded, parallel, serial
from ...kernels.simd import llvm

PARTS = 8  # private grids: a constant, so the bits do not depend on the number of threads
NEAR = 4  # nodes a cubic B-spline reaches along an axis
QUAD = 4  # values of a vector; a node has one or two
BLOCK = 64  # points; their weights are computed together
AXES = 3

_QUAD, _FLOAT, _SIZE = ir.VectorType(ir.FloatType(), QUAD), ir.FloatType(), ir.IntType(64)


@parallel
def spread(points, values, planes, lines, nodes, grids):
    """Add the values of each point to the nodes around it; the first grid ends as the sum."""
    count, channels = values.shape
    for part in prange(PARTS):
        weights, at = np.ones((AXES, NEAR, BLOCK), np.float32), np.zeros(BLOCK, np.int64)
        stop = (part + 1) * count // PARTS
        for first in range(part * count // PARTS, stop, BLOCK):
            block = points[first : min(first + BLOCK, stop)]
            reach = _weigh(block, lines, nodes, channels, weights, at)
            for i in range(len(block)):
                args = (values, first + i, grids[part], at[i], weights, i, reach)
                if channels == QUAD:
                    _add_point_4(*args, lines * nodes * channels, nodes * channels)
                else:
                    _add_point_8(*args, lines * nodes * channels, nodes * channels)
    for part in range(1, PARTS):
        _add_row(grids[part], float32(1), grids[0], 0, grids.shape[1])


@banded
def read(points, grid, planes, lines, nodes, sums, start, stop):
    """Fill `sums` with the values at every point, from the nodes around it."""
    channels = sums.shape[1]
    weights, at = np.ones((AXES, NEAR, BLOCK), np.float32), np.zeros(BLOCK, np.int64)
    for first in range(start, stop, BLOCK):
        block = points[first : min(first + BLOCK, stop)]
        reach = _weigh(block, lines, nodes, channels, weights, at)
        for i in range(len(block)):
            args = (sums, first + i, grid, at[i], weights, i, reach)
            if channels == QUAD:
                _read_point_4(*args, lines * nodes * channels, nodes * channels)
            else:
                _read_point_8(*args, lines * nodes * channels, nodes * channels)


@banded
def blur(source, target, length, inner, width, weights, start, stop):
    """Blur along one axis: lines of `length` steps, `inner` values color_dist.

    An item is `width` neighbouring values, which divides `inner`, at all steps of a line.
    """
    per_line, line = inner // width, length * inner
    for item in range(start, stop):
        first = item // per_line * line + item % per_line * width
        for step in range(length):
            for k in range(width):
                target[first + step * inner + k] = 0
        for shift in range(min(weights.size, length)):
            for step in range(length - shift):
                near, far = first + step * inner, first + (step + shift) * inner
                _add_row(source[far:], weights[shift], target, near, width)
            for step in range(length - shift if shift > 0 else 0):
                near, far = first + step * inner, first + (step + shift) * inner
                _add_row(source[near:], weights[shift], target, far, width)


@serial
def _add_row(values, weight, grid, start, count):
    for k in range(uintp(count)):
        grid[uintp(start) + k] += weight * values[k]


@serial
def _weigh(points, lines, nodes, channels, weights, at):
    """Write the weights of the nodes around each point, and where the first node's values are.

    Without a third axis its weights stay 1. Return how many nodes count along it.
    """
    axes = points.shape[1]
    for axis in range(axes):
        for i in range(uintp(len(points))):
            x = points[i, axis]
            part = x - float32(int64(x))
            for node in range(uintp(NEAR)):
                weights[AXES - axes + axis, node, i] = _basis(part, node)
    for i in range(uintp(len(points))):
        line, node = int64(points[i, axes - 2]) - 1, int64(points[i, axes - 1]) - 1
        plane = int64(points[i, 0]) - 1 if axes == AXES else 0
        at[i] = ((plane * lines + line) * nodes + node) * channels
    return NEAR if axes == AXES else 1


@serial
def _basis(part, i):
    """Return the cubic B-spline's weight, times 6, of the i-th of the four nodes around a point."""
    rest = float32(1) - part
    if i == 0:
        return rest * rest * rest
    if i == 1:
        return (float32(3) * part - float32(6)) * part * part + float32(4)
    if i == 2:
        return (float32(3) * rest - float32(6)) * rest * rest + float32(4)
    return part * part * part


def _for_points_of(quads, generate):
    """Return a function of compiled code that handles one point, of `quads` vectors per node."""

    @intrinsic
    def point(typing, values, row, grid, at, weights, i, reach, plane_step, line_step):
        integer = types.intp
        kinds = values, integer, grid, integer, weights, *[integer] * 4
        return types.void(*kinds), generator

    def generator(context, builder, signature, args):
        values, grid, weights = (
            builder.bitcast(
                llvm.bytes_of(context, builder, signature.args[k], args[k]), _FLOAT.as_pointer()
            )
            for k in (0, 2, 4)
        )
        _, row, _, at, _, i, reach, plane_step, line_step = args
        row = builder.gep(values, [builder.mul(row, _SIZE(QUAD * quads))])
        first = builder.gep(weights, [i])

        def weight(axis, node):
            place = builder.add(builder.mul(node, _SIZE(BLOCK)), _SIZE(axis * NEAR * BLOCK))
            return builder.load(builder.gep(first, [place]))

        def rows_of(plane):
            """Yield weight and address of each row of nodes of a plane."""
            for line in range(NEAR):
                steps = builder.add(
                    builder.mul(plane, plane_step), builder.mul(_SIZE(line), line_step)
                )
                factor = builder.fmul(weight(0, plane), weight(1, _SIZE(line)))
                yield factor, builder.gep(grid, [builder.add(at, steps)])

        along = [weight(2, _SIZE(node)) for node in range(NEAR)]
        generate(builder, quads, row, along, reach, rows_of)
        return context.get_dummy_value()

    return point


def _add_to_nodes(builder, quads, row, along, reach, rows_of):
    values = [_load(builder, row, q) for q in range(quads)]
    parts = [builder.fmul(_all(builder, each), value) for each in along for value in values]
    with cgutils.for_range(builder, reach) as loop:
        for factor, address in rows_of(loop.index):
            factor = _all(builder, factor)
            # One by one: longer vectors would wait for stores that overlap them in part.
            for q, part in enumerate(parts):
                total = builder.fadd(_load(builder, address, q), builder.fmul(factor, part))
                _store(builder, total, address, q)


def _read_from_nodes(builder, quads, row, along, reach, rows_of):
    zero = _QUAD([0.0] * QUAD)
    sums = [cgutils.alloca_once_value(builder, zero) for _ in range(NEAR * quads)]
    with cgutils.for_range(builder, reach) as loop:
        rows = [(_all(builder, factor), address) for factor, address in rows_of(loop.index)]
        for q, total in enumerate(sums):
            products = [builder.fmul(factor, _load(builder, at, q)) for factor, at in rows]
            added = products[0]
            for product in products[1:]:
                added = builder.fadd(added, product)
            builder.store(builder.fadd(builder.load(total), added), total)
    for q in range(quads):
        result = zero
        for node, factor in enumerate(along):
            part = builder.load(sums[node * quads + q])
            result = builder.fadd(result, builder.fmul(_all(builder, factor), part))
        _store(builder, result, row, q)


def _load(builder, address, quad):
    return llvm.load_at(builder, _QUAD, address, _SIZE(QUAD * quad), align=4)


def _store(builder, vector, address, quad):
    llvm.store_at(builder, vector, address, _SIZE(QUAD * quad), align=4)


def _all(builder, value):
    """Return a vector of equal values."""
    return llvm.splat(builder, _QUAD, value)


_add_point_4, _add_point_8 = _for_points_of(1, _add_to_nodes), _for_points_of(2, _add_to_nodes)
_read_point_4, _read_point_8 = (_for_points_of(quads, _read_from_nodes) for quads in (1, 2))
