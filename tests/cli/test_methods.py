"""The list of methods, and the options of one."""

import json
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import fastsal
from fastsal.cli import methods
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image
from fastsal.registry import METHODS


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


def test_the_python_name_of_a_network_exists(capsys):
    for key in (key for key, row in METHODS.items() if row.kind == "network"):
        assert main(["methods", key]) == 0
        assert f"in Python: fastsal.neural.{METHODS[key].function}\n" in capsys.readouterr().out
        assert callable(getattr(fastsal.neural, METHODS[key].function))


def test_a_misspelt_method_is_refused_with_a_suggestion(capsys):
    assert main(["methods", "bolean-map"]) == 2
    assert "did you mean boolean-map?" in capsys.readouterr().err


def test_options_of_methods_are_passed_on(tmp_path, capsys):
    photo = tmp_path / "photo.png"
    write_image(photo, data.astronaut()[::4, ::4])
    arguments = [
        "-m",
        "boolean-map",
        "--option",
        "size=64",
        "--option",
        "bars=keep",
        "--view",
        "map",
    ]
    assert main(["image", str(photo), *arguments, "-o", str(tmp_path / "map.npy"),
                 "--view", "map"]) == 0  # fmt: skip
    expected = fastsal.boolean_map(read_image(photo), size=64, bars="keep")
    np.testing.assert_array_equal(np.load(tmp_path / "map.npy"), expected)

    refused = {
        "sise=64": "takes only the options",
        "size": "--option must be NAME=VALUE, such as size=240",
        "size=0": "`size` must be",
    }
    for option, words in refused.items():
        target = tmp_path / "none.png"
        status = main(["image", str(photo), "--option", option, "-o", str(target)])
        assert (status, target.exists()) in ((1, False), (2, False))
        assert words in capsys.readouterr().err


def test_outputs_are_put_beside_files(tmp_path, capsys):
    photo = tmp_path / "photo.png"
    write_image(photo, data.astronaut()[::4, ::4])
    assert main(["image", str(photo), "-m", "lc,whitened"]) == 0
    assert (tmp_path / "photo-lc.png").exists()
    assert (tmp_path / "photo-whitened.png").exists()
    assert main(["image", str(tmp_path)]) == 2
    assert "-o must be given for anything but files" in capsys.readouterr().err


def test_the_overlay_has_the_colours_asked_for(tmp_path, capsys):
    photo = tmp_path / "photo.png"
    image = data.astronaut()[::4, ::4]
    write_image(photo, image)
    target = tmp_path / "seen.png"
    command = ["image", str(photo), "-m", "lc", "-o", str(target), "--colormap"]
    assert main([*command, "turbo"]) == 0
    expected = fastsal.overlay(
        image, fastsal.luminance_contrast(image), colormap="turbo", blend="saliency"
    )
    np.testing.assert_array_equal(read_image(target), expected)
    assert main([*command, "mud"]) == 2
    assert "`colormap` must be" in capsys.readouterr().err
    assert main([*command, "turbo", "--view", "map"]) == 2
    assert "--colormap has no effect with --view map" in capsys.readouterr().err
