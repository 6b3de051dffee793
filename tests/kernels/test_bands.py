"""Spans that `over_bands` cuts into bands: every item once, for any number of items."""

import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from processes import run_python

from fastsal import runtime
from fastsal.kernels import forms, launch
from fastsal.kernels.color._cpu import luma_span
from fastsal.kernels.jit import banded, serial, summing


@banded
def count_visits(visits, marks, start, stop):
    """Count each visit; add both marks where a band starts, in the second half."""
    for i in range(start, stop):
        visits[i] += 1
    if start < stop:
        visits[visits.size // 2 + start] += marks[0] + marks[1]


@banded
@summing
def add_ones(values, start, stop):
    for i in range(start, stop):
        values[i] += 1


@pytest.mark.parametrize("items", [1, 2, 3, 37, 1000])
def test_every_item_is_in_one_band(items):
    threads = numba.get_num_threads()
    visits = np.zeros(2 * items, np.int64)

    launch.over_bands(count_visits, items, visits, (10, 100), pixels=launch.PARALLEL_FROM)

    bands = min(items, threads)
    starts = [band * items // bands for band in range(bands)]
    np.testing.assert_array_equal(visits[:items], 1)
    np.testing.assert_array_equal(np.flatnonzero(visits[items:] == 110), starts)


def test_few_items_are_one_band():
    visits = np.zeros(2000, np.int64)

    launch.over_bands(count_visits, 1000, visits, (10, 100))

    np.testing.assert_array_equal(visits[:1000], 1)
    assert np.flatnonzero(visits[1000:]).tolist() == [0]


def test_no_items_are_no_work():
    launch.over_bands(count_visits, 0, np.zeros(0, np.int64), (1, 2))


def test_spans_may_be_compiled_otherwise_and_called_by_kernels():
    values = np.zeros(100)

    @serial
    def add_twos(values):
        add_ones(values, 0, values.size)
        add_ones(values, 0, values.size)

    add_twos(values)
    launch.over_bands(add_ones, values.size, values, pixels=launch.PARALLEL_FROM)

    np.testing.assert_array_equal(values, 3)


def test_bands_have_a_name_that_other_processes_find():
    home, name = forms.name_of(luma_span.bands.py_func)

    assert name == "luma_span.bands"
    assert forms.kernel_of((home, name, "()")) is luma_span.bands


class Figures(NamedTuple):
    """Arguments within arguments."""

    pixels: np.ndarray
    is_doubled: bool
    levels: tuple


@banded
def shift(figures, weights, out, start, stop):
    """Fill `out` from a row of a new array, so that spans count references too."""
    row = np.empty(1, np.float64)
    for i in range(start, stop):
        if figures.pixels[i] < 0:
            raise ValueError("a negative pixel")
        row[0] = figures.pixels[i] * weights[0][1] + figures.levels[1]
        out[:, i] = 2 * row[0] if figures.is_doubled else row[0]


def shifted(pixels, bands):
    out = np.zeros((3, 100), np.float32)[::2]  # not contiguous
    figures = Figures(pixels, True, (1, np.float32(0.5)))
    shift.bands(figures, ((1.0, 3.0), 4), out, pixels.size, bands)
    return out


@pytest.mark.parametrize("bands", [0, 1, 2, 3, 7, 100])
def test_arguments_of_every_kind_reach_all_bands(bands):
    pixels = np.arange(100.0)
    pixels.setflags(write=False)

    out = shifted(pixels, bands)

    np.testing.assert_array_equal(out, np.tile(2 * (3 * pixels + 0.5), (2, 1)))
    assert sys.getrefcount(pixels) == 2


@pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing")
@pytest.mark.parametrize("layer", ["tbb", "omp", "workqueue"])
def test_all_threads_take_part_after_calls_with_fewer_bands(layer):
    """A threading layer keeps the number of threads of its last call."""
    printed = run_python(
        SPAN.format("")
        + """
for count in (1, 2, 3, 4):
    for bands in (1, 2, 3, 4, 5, 50):
        numba.set_num_threads(count)
        target[:] = 0
        double.bands(source, (2, 3.0), target, 100, bands)
        assert np.array_equal(target, 2 * source)
        assert numba.get_num_threads() == count
print(numba.threading_layer())
""",
        environment={"NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "4"},
    )
    assert printed.split()[-1] == layer


def test_bands_on_masked_threads():
    numba.set_num_threads(1)
    try:
        out = shifted(np.arange(100.0), 2)
    finally:
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)

    np.testing.assert_array_equal(out[1], 2 * (3 * np.arange(100.0) + 0.5))


@pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing")
@pytest.mark.parametrize("place", [0, 50, 99])
@pytest.mark.parametrize("bands", [0, 1, 2, 7])
def test_an_error_in_any_band_reaches_the_caller(bands, place):
    pixels = np.arange(100.0)
    pixels[place] = -1
    for _ in range(3):
        with pytest.raises(ValueError, match="a negative pixel"):
            shifted(pixels, bands)


SPAN = """
import numpy as np
import numba
from fastsal.kernels import building, threads
threads.layer()
{0}
from fastsal.kernels.jit import banded
parfors = []
from numba.parfors import parfor_lowering
real = parfor_lowering._create_gufunc_for_parfor_body
def noted(*arguments, **options):
    parfors.append(1)
    return real(*arguments, **options)
parfor_lowering._create_gufunc_for_parfor_body = noted

def double(source, pair, target, start, stop):
    for i in range(start, stop):
        target[i] = pair[0] * source[i]
double = banded(double)
source, target = np.arange(100.0), np.zeros(100)
double.bands(source, (2, 3.0), target, 100, 2)
assert np.array_equal(target, 2 * source)
print(len(parfors), building.why_plain(), building.why_loops())
"""
WITHOUT = """
import {0} as place
class Without(type(place)):
    def __getattribute__(self, asked):
        import sys
        if asked == {1!r} and sys._getframe(1).f_globals["__name__"].startswith("fastsal"):
            raise AttributeError(asked)
        return super().__getattribute__(asked)
place.__class__ = Without
"""
RENAMED = """
from numba.np.ufunc import parallel
kept = parallel.build_gufunc_kernel
parallel.build_gufunc_kernel = lambda *arguments: kept(*arguments)
"""
BROKEN = """
from fastsal.kernels import bands
def broken(*_):
    raise AttributeError("gone")
bands._borrowed = broken
"""


@pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing")
def test_spans_need_no_loops_of_numba():
    assert run_python(SPAN.format("")) == "0 None None"


@pytest.mark.skipif(runtime.is_simulated(), reason="the simulator compiles nothing")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (WITHOUT.format("numba.core.typed_passes", "_reload_parfors"), "too different"),
        (WITHOUT.format("numba.np.ufunc.parallel", "_launch_threads"), "too different"),
        (WITHOUT.format("numba.np.ufunc.parallel", "build_gufunc_kernel"), "too different"),
        (RENAMED, "calls its threads with arguments"),
        (BROKEN, "None None"),
    ],
    ids=["no start", "no threads", "no call", "another call", "an error"],
)
def test_where_numba_differs_spans_run_in_its_loops(change, reason):
    printed = run_python(SPAN.format(change))

    assert printed.startswith("1 None ")
    assert reason in printed
