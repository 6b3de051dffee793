"""``fastsal explain`` without PyTorch, and its refusals before any work."""

import sys

import cv2
import numpy as np
import pytest

from fastsal.cli.main import main


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), rng.integers(0, 256, (30, 40, 3), np.uint8))
    return path


def test_without_torch_one_line_says_what_to_install(photo, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    status = main(["explain", str(photo), "--model", "net.pt", "-o", str(tmp_path / "out.png")])

    assert status == 1
    error = capsys.readouterr().err.strip()
    assert error.endswith("PyTorch is not installed: pip install torch")
    assert "\n" not in error
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "lime"], "`method` must be 'gradient'"),
        (["--target", "cat"], "must be a class index of at least 0"),
        (["--size", "224"], "must be WxH"),
        (["--mean", "1,2"], "must be R,G,B"),
        (["--std", "1,nan,1"], "must be R,G,B"),
        (["--std", "0"], "--std: must be above 0"),
        (["--steps", "0"], "must be an integer of at least 1"),
    ],
)
def test_bad_usage(photo, tmp_path, capsys, options, message):
    status = main(["explain", str(photo), "--model", "net.pt", "-o", str(tmp_path), *options])
    assert status == 2
    assert message in capsys.readouterr().err


def test_the_parser_knows_all_methods():
    from fastsal.cli import explain
    from fastsal.pipelines import explanations

    assert explain.METHODS == explanations.METHODS
