"""Files and output of the drop-in's BING."""

import os
import shutil
import stat

import numpy as np
import pytest

import fastsal
from fastsal import opencv


def test_nothing_is_printed_and_nothing_written(bing, photo, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pathlib.Path.mkdir", lambda path, **_: pytest.fail(f"makes {path}"))
    monkeypatch.setattr("pathlib.Path.write_text", lambda path, _: pytest.fail(f"writes {path}"))

    bing.computeSaliency(photo)

    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["", "/", "/a/b", "/c/"])
def test_boxes_are_written_where_asked_for(bing, photo, tmp_path, ending):
    bing.setBBResDir(f"{tmp_path}{ending}")

    boxes = bing.computeSaliency(photo)[1].reshape(-1, 4)

    folder = os.path.join(f"{tmp_path}{ending}", "BBoxesB2W8I")
    with open(os.path.join(folder, "bb.txt")) as file:
        count, *lines = file.read().splitlines()
    assert int(count) == len(boxes) == len(lines)
    np.testing.assert_array_equal([list(map(int, line.split())) for line in lines], boxes)
    for path in (folder, os.path.dirname(folder)):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o700 == 0o700


def test_a_path_too_long_is_said_to_be(bing, photo, tmp_path):
    bing.setBBResDir(str(tmp_path / ("x" * 3000)))
    with pytest.raises(OSError, match="too long"):
        bing.computeSaliency(photo)


def test_a_folder_that_cannot_be_made_is_named(bing, photo, tmp_path):
    (tmp_path / "file").write_text("")
    bing.setBBResDir(str(tmp_path / "file"))
    with pytest.raises(OSError, match="file"):
        bing.computeSaliency(photo)


def test_missing_models_are_named(photo, tmp_path):
    finder = opencv.ObjectnessBING_create()
    finder.setTrainingPath(str(tmp_path / "nowhere"))
    with pytest.raises(fastsal.ModelError, match="nowhere") as error:
        finder.computeSaliency(photo)
    assert "\n" not in str(error.value)


def test_damaged_models_are_named(model, photo, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    path = folder / "ObjNessB2W8I.wS2.yml.gz"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-20])
    finder = opencv.ObjectnessBING()
    finder.setTrainingPath(folder)
    with pytest.raises(fastsal.ModelError) as error:
        finder.computeSaliency(photo)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("setter", "value", "name"), [("setW", 16, "ObjNessB2W16MAXBGR"), ("setBase", 3, "ObjNessB3W8")]
)
def test_models_of_another_form_are_named(bing, photo, setter, value, name):
    getattr(bing, setter)(value)
    assert getattr(bing, setter.replace("set", "get"))() == value
    with pytest.raises(fastsal.ModelError, match=f"{name}.*is missing"):
        bing.computeSaliency(photo)


def test_without_a_path_it_is_the_default_model(photo):
    finder = opencv.ObjectnessBING_create()

    boxes = finder.computeSaliency(photo)[1].reshape(-1, 4)

    expected, _ = fastsal.bing(photo, color="bgr")
    assert len(expected)
    assert {(x - 1, y - 1, r - x + 1, b - y + 1) for x, y, r, b in boxes.tolist()} == {
        tuple(box) for box in expected.tolist()
    }


def test_the_model_is_read_once(bing, photo, monkeypatch):
    bing.computeSaliency(photo)
    monkeypatch.setattr(fastsal.BingModel, "load", lambda folder: pytest.fail("read again"))

    bing.computeSaliency(photo)


def test_values_are_those_of_the_last_image(bing, photo, version):
    assert bing.getobjectnessValues() == ()
    boxes = bing.computeSaliency(photo)[1]
    values = bing.getobjectnessValues()
    assert len(values) == len(boxes)
    np.testing.assert_array_equal(values[:2], [300, 301])

    found, none = bing.computeSaliency(photo[:7])

    assert found is True
    assert none is None if version < (5, 1) else none.shape == (0, 4)
    assert bing.getobjectnessValues() == ()


def test_settings():
    finder = opencv.ObjectnessBING_create()
    assert (finder.getBase(), finder.getNSS(), finder.getW()) == (2.0, 2, 8)
    finder.setNSS(val=5)
    assert finder.getNSS() == 5
    with pytest.raises(ValueError, match="`val` must be an integer from 0 up; got -1"):
        finder.setNSS(-1)
    with pytest.raises(TypeError):
        finder.setTrainingPath(5)
