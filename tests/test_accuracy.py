"""The scores of `benchmarks.accuracy`, against loops that count pair by pair."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastsal
from benchmarks import accuracy, metrics
from fastsal.pipelines.pictures import write_image

LEVELS = st.sampled_from([0.0, 0.25, 0.5, 1.0])  # few, so that there are ties


def counted_area(positives, negatives):
    pairs = [(p > n) + 0.5 * (p == n) for p in positives for n in negatives]
    return sum(pairs) / len(pairs)


def best_f(saliency, mask):
    scores = []
    for threshold in np.unique(saliency):
        found = saliency >= threshold
        precision = (found & mask).sum() / found.sum()
        recall = (found & mask).sum() / mask.sum()
        if precision + recall:
            scores.append(1.3 * precision * recall / (0.3 * precision + recall))
    return max(scores)


@given(
    positives=hnp.arrays(np.float32, st.integers(1, 12), elements=LEVELS),
    negatives=hnp.arrays(np.float32, st.integers(1, 12), elements=LEVELS),
)
@settings(deadline=None)
def test_area_under_the_curve_counts_ties_half(positives, negatives):
    actual = metrics.area_under_curve(positives, negatives)

    assert actual == pytest.approx(counted_area(positives, negatives), abs=1e-12)
    assert metrics.area_under_curve(negatives, positives) == pytest.approx(1 - actual, abs=1e-12)


@given(
    saliency=hnp.arrays(np.float32, (4, 5), elements=LEVELS),
    mask=hnp.arrays(bool, (4, 5)).filter(lambda mask: 0 < mask.sum() < mask.size),
)
@settings(deadline=None)
def test_scores_against_a_mask(saliency, mask):
    assert metrics.max_f(saliency, mask) == pytest.approx(best_f(saliency, mask), abs=1e-12)
    expected = counted_area(saliency[mask], saliency[~mask])
    assert metrics.mask_auc(saliency, mask) == pytest.approx(expected, abs=1e-12)


def test_scores_at_fixations(rng):
    saliency = rng.integers(0, 4, (6, 7)).astype(np.float32)
    here, there = np.array([[0, 1], [5, 6], [2, 2], [2, 2]]), np.array([[3, 3], [4, 0]])
    at_here, at_there = ([saliency[row, col] for row, col in each] for each in (here, there))

    standard = (saliency - saliency.mean()) / saliency.std()
    expected = np.mean([standard[row, col] for row, col in here])
    assert metrics.nss(saliency, here) == pytest.approx(expected, abs=1e-6)
    assert metrics.auc(saliency, here) == counted_area(at_here, saliency.ravel())
    assert metrics.shuffled_auc(saliency, here, there) == counted_area(at_here, at_there)


def test_a_map_of_one_value_tells_nothing():
    saliency, here = np.ones((5, 5), np.float32), np.array([[1, 2]])

    assert metrics.nss(saliency, here) == 0
    assert metrics.auc(saliency, here) == metrics.shuffled_auc(saliency, here, here) == 0.5


def test_means_and_standard_errors():
    means, errors = accuracy.summary([[1, 5], [2, 5], [6, 5]])

    np.testing.assert_allclose(means, [3, 5])
    np.testing.assert_allclose(errors, [np.sqrt(7 / 3), 0])
    assert np.isnan(accuracy.summary([[1.0]])[1]).all()


def test_methods_may_have_options():
    assert accuracy.parsed("lc") == ("lc", {})
    key, options = accuracy.parsed("center-surround:variant=vocus2:smooth=0.02")
    assert (key, options) == ("center-surround", {"variant": "vocus2", "smooth": 0.02})


@pytest.fixture
def folder(tmp_path, rng):
    """Return a folder with three photographs, their fixations, and a sequence with masks."""
    for name in ("images", "films/one/frames", "films/one/masks"):
        (tmp_path / name).mkdir(parents=True)
    rows = []
    for index in range(3):
        write_image(tmp_path / "images" / f"{index}.png", random_picture(rng))
        rows += [[f"{index}.png", 1, 1, x, y, 200] for x, y in ((3.9, 2), (15.2, 9.7), (99, 3))]
    with (tmp_path / "fixations.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["image", "subject", "order", "x_px", "y_px", "duration_ms"], *rows]
        )
    for index in range(3):
        write_image(tmp_path / "films" / "one" / "frames" / f"{index:05}.png", random_picture(rng))
        mask = np.zeros((16, 20), np.uint8)
        mask[3:9, 4 + index : 10] = 255
        write_image(tmp_path / "films" / "one" / "masks" / f"{index:05}.png", mask)
    return tmp_path


def random_picture(rng):
    return rng.integers(0, 256, (16, 20, 3), dtype=np.uint8)


def test_whole_run(folder, capsys):
    accuracy.main([
        "--images", str(folder / "images"), "--fixations", str(folder / "fixations.csv"),
        "--sequences", str(folder / "films"), "--methods", "lc,signature:smooth=0,frame-difference",
        "--json", str(folder / "found.json"),
    ])  # fmt: skip

    printed = capsys.readouterr().out
    assert "| method | NSS | AUC | shuffled AUC |" in printed
    assert "| method | AUC | max F |" in printed
    found = json.loads((folder / "found.json").read_text())
    assert set(found["3 images"]["rows"]) == {"lc", "signature:smooth=0"}
    assert set(found["1 sequences"]["rows"]) == {"frame-difference"}
    # Of the three fixations of each image two lie within it, and so do four of the others'.
    first = fastsal.image_signature(
        accuracy.read_image(folder / "images" / "0.png"), smooth=0, backend="cpu"
    )
    at = [first[2, 3], first[9, 15]]
    assert found["3 images"]["rows"]["signature:smooth=0"][0] == pytest.approx(
        [
            (np.mean(at, dtype=np.float64) - first.mean(dtype=np.float64)) / first.std(dtype=float),
            counted_area(at, first.ravel()),
            counted_area(at, [*at, *at]),
        ],
        abs=1e-6,
    )


def test_first_frames_do_not_count(folder):
    films = folder / "films"
    (scores,) = accuracy.scores_on_sequences("frame-difference", films)
    stream, expected = fastsal.Stream("frame-difference"), []
    for index in range(3):
        name = f"{index:05}.png"
        saliency = stream.update(accuracy.read_image(films / "one" / "frames" / name))
        mask = accuracy.read_image(films / "one" / "masks" / name) > 0
        if index:
            expected.append([counted_area(saliency[mask], saliency[~mask]), best_f(saliency, mask)])

    assert scores == pytest.approx(np.mean(expected, axis=0), abs=1e-9)


def test_maps_that_are_late_meet_their_own_masks(folder):
    films = folder / "films" / "one"
    (scores,) = accuracy.scores_on_sequences("flow:bidirectional=True", folder / "films")
    stream = fastsal.Stream("flow", bidirectional=True)
    for index in range(3):
        saliency = stream.update(accuracy.read_image(films / "frames" / f"{index:05}.png"))
    mask = accuracy.read_image(films / "masks" / "00001.png") > 0

    expected = counted_area(saliency[mask], saliency[~mask]), best_f(saliency, mask)
    assert scores == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--images", "/nope", "--fixations", "/nope.csv"], "/nope: no such file or folder"),
     (["--images", "{photo}", "--fixations", "/nope.csv"], "'/nope.csv'"),
     (["--images", "{photo}", "--fixations", "{csv}"], "expected a column 'image'"),
     (["--sequences", "/nope"], "/nope: no folder of sequences"),
     (["--sequences", "/nope", "--methods", "flaw"], "did you mean flow?"),
     (["--sequences", "/nope", "--methods", "flow:nonsense=1"], "got nonsense")],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(arguments, said, tmp_path, capsys):
    photo, csv = tmp_path / "photo.png", tmp_path / "fixations.csv"
    write_image(photo, np.zeros((4, 4), np.uint8))
    csv.write_text("picture,x_px,y_px\nphoto.png,1,1\n")

    with pytest.raises(SystemExit) as stop:
        accuracy.main([each.format(photo=photo, csv=csv) for each in arguments])

    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


@pytest.mark.parametrize("arguments", [[], ["--images", "."], ["--fixations", "a.csv"]])
def test_half_a_question_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        accuracy.main(arguments)

    assert stop.value.code == 2
    assert "--fixations" in capsys.readouterr().err


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
def test_accuracy_on_photographs(shared, key, least):
    """A regression here is a map that looks fine and tells less."""
    folder = shared / "data" / "osie"
    fixations = accuracy.fixations_in(folder / "fixations.csv")

    means, _ = accuracy.summary([*accuracy.scores_on_images(key, folder / "images", fixations)])

    assert (means >= least).all()
