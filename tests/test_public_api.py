"""The public API: `__all__` has the names of README, and each has a docstring."""

import builtins
import doctest
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastsal

README = Path(fastsal.__file__).parent / "README.md"
MODULES = [name for name in fastsal.__all__ if inspect.ismodule(getattr(fastsal, name))]
NAMES = [name for name in fastsal.__all__ if name not in MODULES]
CALLABLES = {
    name: getattr(fastsal, name)
    for name in NAMES
    if callable(getattr(fastsal, name))
    and not (
        inspect.isclass(getattr(fastsal, name)) and issubclass(getattr(fastsal, name), Exception)
    )
}
# Functions that raise no errors themselves, so they need no section Raises.
NEVER_RAISES = {"backends"}
NO_RESULT = {"warmup", "use_backend"}
RECORDS = {"RegionStats", "VideoReport"}  # results: their attributes matter, nobody makes one


def names_in_readme():
    """Return the names in backticks in the first column of the table under "## Public names"."""
    section = re.search(r"^## Public names$(.*?)(?=^## |\Z)", README.read_text(), re.M | re.S)
    assert section, "README has no section '## Public names'"
    cells = re.findall(r"^\|([^|]*)\|", section[1], re.M)
    return [name for cell in cells for name in re.findall(r"`(?:fastsal\.)?([A-Za-z_]\w*)", cell)]


def sections_of(docstring):
    return set(re.findall(r"^(\w[\w ]*)\n-{3,}$", inspect.cleandoc(docstring), re.M))


def test_all_is_sorted_and_each_name_is_there():
    assert list(fastsal.__all__) == sorted(set(fastsal.__all__))
    for name in fastsal.__all__:
        assert getattr(fastsal, name) is not None
    assert set(fastsal.__all__) <= set(dir(fastsal))
    assert {"applications", "opencv", "superpixels"} <= set(MODULES)


def test_help_lists_every_name_once():
    summary, _, _ = fastsal.__doc__.partition("Images are uint8")
    names = re.findall(r"\w+", summary)
    for name in fastsal.__all__:
        assert names.count(name) == 1, name


def test_all_equals_what_readme_documents():
    names = names_in_readme()

    assert sorted(names) == NAMES
    assert len(names) == len(set(names)), "a name stands twice"


def test_type_checkers_see_the_same_names():
    stub = Path(fastsal.__file__).with_suffix(".pyi").read_text()
    pairs = re.findall(r"^from \.([\w.]*) import (\w+) as (\w+)$", stub, re.M)

    assert sorted(name for *_, name in pairs) == list(fastsal.__all__)
    for module, name, alias in pairs:
        assert name == alias
        if module:
            found = getattr(importlib.import_module(f"fastsal.{module}"), name)
            assert found is getattr(fastsal, name)


def test_version_is_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+([.a-z]+\d+)?", fastsal.__version__)


@pytest.mark.parametrize("name", CALLABLES)
def test_docstrings_are_whole(name):
    value = CALLABLES[name]
    assert value.__doc__
    sections, parameters = sections_of(value.__doc__), inspect.signature(value).parameters
    if name in RECORDS:
        assert "Attributes" in sections
        return

    assert "Examples" in sections
    assert ("Parameters" in sections) == bool(parameters)
    if not inspect.isclass(value) and name not in NO_RESULT:
        assert "Returns" in sections
    for parameter in parameters:
        assert re.search(rf"^(\*\*|.*\b){re.escape(parameter)}\b", value.__doc__, re.M), parameter
    if name not in NEVER_RAISES | {"FrameDifference"}:
        assert "Raises" in sections


@pytest.mark.parametrize("name", CALLABLES)
def test_named_errors_are_errors(name):
    """Every type named under Raises exists, and is Python's or ours."""
    text = inspect.cleandoc(CALLABLES[name].__doc__)
    section = re.search(r"^Raises\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}$|\Z)", text, re.M | re.S)
    for error in re.findall(r"^(\w+)$", section[1] if section else "", re.M):
        found = getattr(fastsal, error, None) or getattr(builtins, error, None)
        assert issubclass(found, Exception)


@pytest.mark.parametrize("name", CALLABLES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = CALLABLES[name]
    found = doctest.DocTestFinder(recurse=False).find(value, name, globs={})
    for case in found:
        outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(case)
        assert outcome.failed == 0
    assert name in RECORDS or found[0].examples


@pytest.mark.parametrize("module", ["fastsal", "fastsal.opencv", "fastsal.superpixels"])
def test_examples_of_modules_run(module):
    """The examples of a module, and of the names that only the module has."""
    thing = importlib.import_module(module)
    names = {name: getattr(thing, name) for name in thing.__all__} if module != "fastsal" else {}
    names.pop("install", None)  # it changes cv2 for the whole process
    finder, ran = doctest.DocTestFinder(recurse=False), 0
    for name, value in {module: thing, **names}.items():
        if inspect.ismodule(value) or inspect.isclass(value) or inspect.isfunction(value):
            for case in finder.find(value, name, globs={}):
                outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(case)
                assert outcome.failed == 0, name
                ran += outcome.attempted
    assert ran > 0


def test_example_of_install_runs():
    code = (
        "import doctest; from fastsal.opencv import installing as module; "
        "done = doctest.testmod(module); assert done.attempted and not done.failed"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_options_are_by_keyword():
    for name, function in CALLABLES.items():
        if inspect.isfunction(function):
            places = [p for p in inspect.signature(function).parameters.values()
                      if p.kind is p.POSITIONAL_OR_KEYWORD]  # fmt: skip
            assert len(places) <= 3, name


@pytest.mark.parametrize("name", ["luminance_contrast", "frame_difference"])
def test_map_makers_take_out_and_backend(name):
    parameters = inspect.signature(getattr(fastsal, name)).parameters
    for option in ("color", "out", "backend"):
        assert parameters[option].kind is inspect.Parameter.KEYWORD_ONLY
