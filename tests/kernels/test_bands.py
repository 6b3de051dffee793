"""Spans that `over_bands` cuts into bands: every item once, for any number of items."""

import numba
import numpy as np
import pytest

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
