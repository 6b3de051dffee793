"""The list of methods, and the options of one."""

import json
from pathlib import Path

import pytest

from fastsal.cli import methods
from fastsal.cli.main import main
from fastsal.methods import METHODS


def test_every_method_is_listed_with_its_figures(capsys):
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0]: line for line in lines[1 : 1 + len(METHODS)]}
    assert list(listed) == list(METHODS)
    figures = json.loads(Path(methods.__file__).with_name(methods.FIGURES).read_text())
    assert f"{figures['boolean-map']['NSS']:.2f}" in listed["boolean-map"]
    assert all(METHODS[key].summary in line for key, line in listed.items())


@pytest.mark.parametrize("key", [key for key, row in METHODS.items() if row.kind != "network"])
def test_every_option_is_explained(key, capsys):
    assert main(["methods", key]) == 0
    out = capsys.readouterr().out
    texts = out.split(f"\n  {next(iter(METHODS[key].options()))}=")[-1] if "  " in out else ""
    assert METHODS[key].paper in out
    for name, default in METHODS[key].options().items():
        _, found, rest = out.partition(f"\n  {name}={default}\n")
        assert found, name
        assert len(rest.splitlines()[0].strip()) > 10, name
    assert texts or "no options" in out


def test_a_misspelt_method_is_refused_with_a_suggestion(capsys):
    assert main(["methods", "bolean-map"]) == 2
    assert "did you mean boolean-map?" in capsys.readouterr().err
