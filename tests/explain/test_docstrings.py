"""Docstrings are complete, and their examples run; importing stays cheap."""

import inspect
import subprocess
import sys

import pytest
from docstrings import check_sections, run_examples

from fastsal import explain, superpixels

FUNCTIONS = {
    name: getattr(module, name)
    for module in (explain, superpixels)
    for name in module.__all__
    if inspect.isfunction(getattr(module, name)) and "region_stats" not in name
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_are_whole(name):
    check_sections(FUNCTIONS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_examples_run(name):
    assert run_examples(FUNCTIONS[name], name)


def test_importing_loads_nothing_heavy():
    code = "import fastsal, sys; fastsal.explain.pair; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", "import fastsal.explain.pair;" + code],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert not {"numba", "torch", "cv2", "skimage", "scipy"} & set(done.stdout.split())


def test_options_are_by_keyword():
    for name in explain.__all__:
        function = getattr(explain, name)
        if inspect.isfunction(function):
            places = [each.name for each in inspect.signature(function).parameters.values()
                      if each.kind is each.POSITIONAL_OR_KEYWORD]  # fmt: skip
            assert places in (["image", "model"], ["attribution"])
