"""The scores of `benchmarks.objects`, against loops over thresholds and pixels."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmarks import objects
from fastsal.boxes import iou
from fastsal.io.pictures import write_image

LEVELS = st.integers(0, 255).map(lambda level: level / 255)
MASKS = hnp.arrays(bool, (4, 5)).filter(lambda mask: mask.any())
SIDES = st.integers(1, 5)


@given(saliency=hnp.arrays(np.float64, (4, 5), elements=LEVELS), mask=MASKS)
@settings(deadline=None)
def test_precision_and_recall_at_each_threshold(saliency, mask):
    precisions, recalls = objects.curves(saliency, mask)

    for threshold in range(256):
        found = np.rint(saliency * 255) >= threshold
        right = sum(found[place] and mask[place] for place in np.ndindex(mask.shape))
        assert recalls[threshold] == pytest.approx(right / mask.sum())
        assert precisions[threshold] == pytest.approx(right / found.sum() if found.any() else 1)


def test_max_f_is_of_the_mean_curves():
    scores = [
        objects.Scores(np.array([0.2, 1.0]), np.array([1.0, 0.5]), []),
        objects.Scores(np.array([0.4, 0.6]), np.array([1.0, 0.1]), []),
    ]

    expected = [1.3 * p * r / (0.3 * p + r) for p, r in ((0.3, 1.0), (0.8, 0.3))]
    assert objects.max_f(scores) == pytest.approx(max(expected))


@given(
    one=st.tuples(SIDES, SIDES, SIDES, SIDES),
    other=st.tuples(SIDES, SIDES, SIDES, SIDES),
)
@settings(deadline=None)
def test_overlap_counts_pixels(one, other):
    drawn = np.zeros((2, 12, 12), bool)
    for plane, (x, y, width, height) in zip(drawn, (one, other), strict=True):
        plane[y : y + height, x : x + width] = True

    expected = (drawn[0] & drawn[1]).sum() / (drawn[0] | drawn[1]).sum()
    assert iou(one, other) == pytest.approx(expected)
    assert (objects.bounding_box(drawn[0]) == one).all()


def test_a_perfect_map_has_perfect_scores():
    mask = np.zeros((40, 50), bool)
    mask[10:25, 20:40] = True

    scores = objects.scored(mask.astype(np.float32), mask)

    assert objects.max_f([scores]) == pytest.approx(1)
    assert scores.values == pytest.approx([0, 1, 1, 1], abs=1e-6)


def test_a_map_of_one_value_finds_no_box():
    mask = np.zeros((40, 50), bool)
    mask[10:25, 20:40] = True

    scores = objects.scored(np.ones((40, 50), np.float32), mask)

    assert dict(zip(objects.MEANS, scores.values, strict=True))["box IoU"] == 0
    precision = mask.mean()
    assert objects.max_f([scores]) == pytest.approx(1.3 * precision / (0.3 * precision + 1))


@pytest.fixture
def folder(tmp_path, rng):
    """Return a folder with two photographs of a square, and their masks."""
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for index in range(2):
        image = rng.integers(80, 90, (48, 64, 3), dtype=np.uint8)
        mask = np.zeros((48, 64), np.uint8)
        mask[10:30, 20 + index : 40] = 255
        image[mask > 0] = 220, 40, 40
        write_image(tmp_path / "images" / f"{index}.png", image)
        write_image(tmp_path / "masks" / f"{index}.png", mask)
    write_image(tmp_path / "images" / "no_mask.png", image)
    return tmp_path


def test_whole_run(folder, capsys):
    objects.main([
        str(folder), "--methods", "lc,minimum-barrier:center=True",
        "--json", str(folder / "found.json"),
    ])  # fmt: skip

    printed = capsys.readouterr().out
    found = json.loads((folder / "found.json").read_text())
    assert printed == objects.table_of(found) + "\n"
    assert "| method | max F | MAE | weighted F | S-measure | box IoU |" in printed
    assert "| `minimum-barrier`, `center=True` | " in printed
    assert found["photographs"] == 2
    assert list(found["rows"]) == ["lc", "minimum-barrier:center=True"]
    row = found["rows"]["minimum-barrier:center=True"]
    assert row["means"]["box IoU"] > 0.9
    assert row["max F"] > 0.9


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/nope"], "`images` must be a folder; got /nope/images"),
        (["{folder}", "--methods", "flaw"], "did you mean flow?"),
        (["{folder}", "--methods", "lc:nonsense=1"], "got nonsense"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_one_line(arguments, expected, folder, capsys):
    assert_refused([each.format(folder=folder) for each in arguments], expected, capsys)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (np.full((4, 4), 255, np.uint8), "must have the shape (48, 64) of its image; got (4, 4)"),
        (np.full((48, 64), 127, np.uint8), "a mask must be at least 128 on the object"),
    ],
    ids=["of another shape", "empty"],
)
def test_masks_that_do_not_fit_are_refused(mask, expected, folder, capsys):
    write_image(folder / "masks" / "1.png", mask)

    assert_refused([str(folder)], expected, capsys)


def assert_refused(arguments, expected, capsys):
    with pytest.raises(SystemExit) as stop:
        objects.main(arguments)

    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert expected in err


def test_accuracy_on_photographs_of_objects(shared):
    photos = objects.photographs(shared / "data" / "pascal_s")

    row = objects.row_of([*objects.scores_of("minimum-barrier:center=True", photos)])

    assert len(photos) == 64
    assert row["max F"] >= 0.666
    assert row["means"]["MAE"] <= 0.235
    assert row["means"]["weighted F"] >= 0.472
