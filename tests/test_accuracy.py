"""The tables of accuracy: they show the recorded scores, which new scores equal."""

import json

import pytest

from benchmarks import accuracy
from fastsal.io.pictures import write_image

RESULTS = json.loads(accuracy.RECORD.read_text())
SOME = ["boolean-map", "boolean-map:warm=1", "signature", "lc", "frame-difference", "bin-wang"]


def test_tables_show_the_recorded_scores():
    """If this fails, run ``python -m benchmarks.accuracy DIR``."""
    page = accuracy.PAGE.read_text()

    assert accuracy.page_of(page, RESULTS) == page


def test_all_methods_are_recorded():
    assert list(RESULTS["photographs"]) == accuracy.photograph_methods()
    assert list(RESULTS["sequences"]) == [*accuracy.keys("motion"), *accuracy.MOTION_VARIANTS]


def test_new_scores_equal_the_recorded_ones(shared):
    found = accuracy.measure(shared / "data", SOME)

    assert sorted(found["photographs"]) + sorted(found["sequences"]) == [
        "boolean-map", "boolean-map:warm=1", "lc", "signature", "bin-wang", "frame-difference",
    ]  # fmt: skip
    for part in ("photographs", "sequences"):
        for model, scores in found[part].items():
            for metric, values in scores.items():
                assert values == pytest.approx(RESULTS[part][model][metric], abs=1e-3), model


@pytest.mark.parametrize(
    ("key", "least"),
    [
        ("boolean-map", (1.78, 0.848, 0.79)),
        ("boolean-map:warm=1", (1.93, 0.848, 0.79)),
        ("boolean-map:variant=published", (1.7, 0.845, 0.785)),
        ("signature", (1.2, 0.78, 0.73)),
        ("center-surround", (1.12, 0.77, 0.68)),
    ],
)
def test_accuracy_does_not_fall(key, least):
    """A regression here is a map that looks fine and predicts worse."""
    means = [RESULTS["photographs"][key][metric][0] for metric in accuracy.PHOTOGRAPHS]

    assert all(mean >= bound for mean, bound in zip(means, least, strict=True))


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("lc", "`lc`"),
        ("flow:bidirectional=True", "`flow`, `bidirectional=True`"),
        ("itti-koch:preset=fixation", '`itti-koch`, `preset="fixation"`'),
        ("bin-wang", "`bin-wang` (needs a still camera)"),
    ],
)
def test_methods_are_shown_with_their_options(model, shown):
    assert accuracy.named(model) == shown


def test_missing_and_damaged_data_are_one_line(tmp_path, capsys, rng, monkeypatch):
    monkeypatch.setattr(accuracy, "RECORD", tmp_path / "record" / "scores.json")
    with pytest.raises(SystemExit) as stop:
        accuracy.main([str(tmp_path)])
    assert stop.value.code == 1
    assert "osie: must be a folder; it is missing" in capsys.readouterr().err

    for part in ("osie", "davis/one/frames", "davis/one/masks"):
        (tmp_path / part).mkdir(parents=True)
    for name in ("osie/a.png", "davis/one/frames/0.png", "davis/one/masks/0.png"):
        write_image(tmp_path / name, rng.integers(0, 256, (30, 40), dtype="u1"))
    (tmp_path / "osie" / "a.png").write_bytes(b"x")
    (tmp_path / "osie" / "fixations.csv").write_text("image,x_px,y_px\na.png,1,1\n")
    with pytest.raises(SystemExit, match=r"a\.png"):
        accuracy.main([str(tmp_path)])
    assert not (tmp_path / "record").exists()
