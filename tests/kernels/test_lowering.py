"""LLVM code of kernels: items, views and variables as in Python, and no memory that stays."""

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from fastsal import runtime

if runtime.is_simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)

from fastsal.kernels import jit, lowering


def laid_out(values, layout):
    """Return the same values with another layout: "C", "F", or "A" with steps between them."""
    if layout != "A":
        return values.copy(order=layout)
    wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
    wide[..., ::2] = values
    return wide[..., ::2]


def _copy_items(source, target, row, column):
    count = source.shape[0] * source.shape[1] * source.shape[2]
    for i in range(source.shape[0]):
        plane = source[i]
        for j in range(plane.shape[0]):
            line = plane[j]
            for k in range(len(line)):
                target[i, j, k] = line[k]
            target[i, j][0] = source[i, j, -1]
        target[i, -1, 1] = source[-1, row, column]
    target[0, 0, 2] = 1
    return count


@pytest.mark.parametrize("layout", "CFA")
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64, np.bool_])
def test_items_and_views_are_those_of_numpy(dtype, layout):
    values = (np.random.default_rng(1).random((3, 4, 5)) * 200).astype(dtype)
    kernel = jit.serial(_copy_items)
    for row, column in ((np.int64(-2), np.uint8(3)), (np.uint64(1), np.int16(-1))):
        source, expected = laid_out(values, layout), np.zeros_like(values)
        found = laid_out(np.zeros_like(values), layout)
        source.flags.writeable = False
        assert kernel(source, found, row, column) == values.size
        _copy_items(source, expected, int(row), int(column))
        assert np.array_equal(found, expected)


def _in_turns(values, turns):
    low, high, last = 0.0, 0.0, -1
    for turn in range(turns):
        if turn % 2:
            step = values[turn % values.size]
            low += step
        else:
            step = 2 * values[turn % values.size]
            high += step
        if step > 10:
            last = turn
            break
    return low, high, last


def test_variables_of_several_blocks():
    values, kernel = np.arange(7.0), jit.serial(_in_turns)
    for turns in range(9):
        assert kernel(values, turns) == _in_turns(values, turns)


@jit.serial
def _halves(values):
    middle = len(values) // 2
    return values[:middle], values[middle:]


@jit.serial
def _made(count):
    line = np.empty(count, np.float64)
    for i in range(count):
        line[i] = i
    return line


@jit.serial
def _larger(pair):
    left, right = pair
    return left if left[-1] > right[-1] else right


@jit.serial
def _sum_of_larger(values, count):
    total = 0.0
    for _ in range(count):
        half = _larger(_halves(_made(len(values))))
        one, other = (values, half), (half, values)
        for i in range(len(half)):
            total += one[0][i] * other[0][i] if i % 2 else max(one[1][i], other[1][i])
        if total > 1e6:
            raise ValueError("too large")
    return total


@jit.serial
def _first_of(values):
    return values[:2]


def test_arrays_of_a_kernel_are_freed_once():
    values = np.arange(10.0)
    _sum_of_larger(values, 1)
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    expected = sum(max(i, i + 5) if i % 2 == 0 else i * (i + 5) for i in range(5))
    assert _sum_of_larger(values, 50) == 50 * expected
    part = _first_of(values)
    assert part.tolist() == [0, 1]
    assert part.base is not None
    del part
    after = rtsys.get_allocation_stats()
    assert after.alloc - before.alloc == after.free - before.free
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free


def test_each_name_of_numbas_is_looked_up(monkeypatch):
    assert lowering.why_not() is None
    for name in lowering.NAMES:
        others = {each: None for each in lowering.NAMES if each != name}
        monkeypatch.setattr(lowering, "Lower", type("Lower", (), others))
        assert lowering.why_not() == f"this version of Numba has no {name}"


def test_arrays_with_other_members_are_left_to_numba(monkeypatch):
    monkeypatch.setattr(lowering, "_MEMBERS", ("data",))
    assert "describes arrays by meminfo, parent" in lowering.why_not()
