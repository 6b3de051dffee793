"""Docstrings of `fastsal.applications` are complete, and their examples run."""

import inspect
import re
from pathlib import Path

import pytest
from docstrings import check_sections, run_examples
from processes import run_python

import fastsal
from fastsal import applications

README = (Path(fastsal.__file__).parent / "README.md").read_text()
FUNCTIONS = {
    name: getattr(applications, name)
    for name in applications.__all__
    if inspect.isfunction(getattr(applications, name))
}


def test_names_are_sorted_and_there():
    assert applications.__all__ == sorted(applications.__all__)
    assert "applications" in dir(fastsal)
    assert fastsal.applications is applications


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_are_whole(name):
    check_sections(FUNCTIONS[name])


@pytest.mark.parametrize("name", applications.__all__)
def test_examples_run(name):
    assert run_examples(getattr(applications, name), name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_options_are_by_keyword(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters.values()
    assert sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters) <= 2


def test_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    section = re.search(r"^## Applications$(.*?)(?=^## )", README, re.M | re.S)
    blocks = re.findall(r"^```python\n(.*?)^```$", section[1], re.M | re.S)
    assert blocks
    namespace = {}
    for code in blocks:
        exec(compile(code, "README.md", "exec"), namespace)


def test_they_are_imported_on_first_use():
    code = "import sys, fastsal; print(*[n for n in sys.modules if 'applications' in n])"
    assert run_python(code, timeout=60) == ""
