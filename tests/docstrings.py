"""Checks of public docstrings, which the tests of several modules share."""

import builtins
import doctest
import inspect
import re

import fastsal


def check_sections(function):
    """See that a docstring has all sections, every parameter, and errors that exist."""
    text = inspect.cleandoc(function.__doc__)
    sections = set(re.findall(r"^(\w[\w ]*)\n-{3,}$", text, re.M))

    assert {"Parameters", "Returns", "Raises", "Examples"} <= sections
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"^(.*\b)?{parameter}\b", text, re.M), parameter
    raised = re.search(r"^Raises\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}$|\Z)", text, re.M | re.S)
    for error in re.findall(r"^(\w+)$", raised[1], re.M):
        kind = getattr(fastsal, error, None) or getattr(builtins, error)
        assert issubclass(kind, Exception)


def run_examples(value, name):
    """Run the examples of a docstring, and return their number."""
    found = doctest.DocTestFinder(recurse=False).find(value, name, globs={})
    for case in found:
        assert doctest.DocTestRunner().run(case).failed == 0
    return len(found[0].examples)
