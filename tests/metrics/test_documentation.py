"""Docstrings of `fastsal.metrics` are complete, and their examples run."""

import inspect

import pytest
from docstrings import check_sections, run_examples
from processes import run_python

import fastsal
from fastsal import metrics

FUNCTIONS = {name: getattr(metrics, name) for name in metrics.__all__ if name != "Curve"}


def test_names_are_sorted_and_there():
    assert metrics.__all__ == sorted(metrics.__all__)
    assert "metrics" in dir(fastsal)
    assert fastsal.metrics is metrics


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_are_whole(name):
    check_sections(FUNCTIONS[name])


@pytest.mark.parametrize("name", metrics.__all__)
def test_examples_run(name):
    assert run_examples(getattr(metrics, name), name) or name == "Curve"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_options_are_by_keyword(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    assert sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters) <= 3


def test_metrics_load_no_pictures_and_no_scipy():
    """The first call is as quick as that of a method: SciPy comes with `emd` and `resize` only."""
    code = (
        "import sys, numpy, fastsal; from fastsal import metrics; a = numpy.eye(9);"
        "metrics.evaluate(a, [(1, 1)], density=a, baseline=a); metrics.evaluate_mask(a, a > 0);"
        "metrics.density_map([(1, 1)], (9, 9), sigma=2);"
        "print(*[n for n in ('cv2', 'scipy.ndimage', 'scipy.optimize', 'PIL') if n in sys.modules])"
    )
    assert run_python(code, timeout=250) == ""
