"""Every public name of `fastsal.metrics` says what it does, and its example runs."""

import builtins
import doctest
import inspect
import re

import pytest
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
    function = FUNCTIONS[name]
    text = inspect.cleandoc(function.__doc__)
    sections = set(re.findall(r"^(\w[\w ]*)\n-{3,}$", text, re.M))

    assert {"Parameters", "Returns", "Raises", "Examples"} <= sections
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"^(.*\b)?{parameter}\b", text, re.M), parameter
    raised = re.search(r"^Raises\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}$|\Z)", text, re.M | re.S)
    for error in re.findall(r"^(\w+)$", raised[1], re.M):
        kind = getattr(fastsal, error, None) or getattr(builtins, error)
        assert issubclass(kind, Exception)


@pytest.mark.parametrize("name", metrics.__all__)
def test_examples_run(name):
    found = doctest.DocTestFinder(recurse=False).find(getattr(metrics, name), name, globs={})
    for case in found:
        assert doctest.DocTestRunner().run(case).failed == 0
    assert name == "Curve" or found[0].examples


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
