"""Scores against the metrics called one by one, resuming, and samples that fail."""

import csv
import json
import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import fastsal
from fastsal import DatasetError, FastsalError, metrics
from fastsal.cli.main import main
from fastsal.datasets import open_dataset, open_masks
from fastsal.evaluation import api, others
from fastsal.evaluation.scoring import _to_centre
from fastsal.evaluation.workers import Answer, Workers
from fastsal.io.pictures import read_image, write_image


def evaluate(*arguments, **options):
    return fastsal.evaluate(*arguments, **{"workers": 0, "progress": False, **options})


def density_of(points, sigma, shape=(40, 60)):
    found = np.zeros(shape)
    np.add.at(found, tuple(points.astype(int).T), 1)
    return gaussian_filter(found, sigma) / len(points)


def points_by_image(folder):
    """Return the fixations of each image as whole pixels, those outside left out."""
    found = {}
    with (folder / "fixations.csv").open() as file:
        for row in csv.DictReader(file):
            place = float(row["y_px"]), float(row["x_px"])
            if min(place) >= 0:
                found.setdefault(row["image"][0], []).append(place)
    return {name: np.array(places) for name, places in found.items()}


def test_scores_are_those_of_the_metrics(photos):
    found = evaluate(photos, "lc,signature:smooth=0")

    assert found.metrics == api.FIXATION_METRICS
    assert list(found.scores) == ["lc", "signature:smooth=0"]
    points = points_by_image(photos)
    for name, here in points.items():
        image = read_image(photos / "images" / f"{name}.png")
        saliency = fastsal.image_signature(image, smooth=0)
        density = density_of(here, 60 / 32)
        elsewhere = np.concatenate([points[other] for other in points if other != name])
        expected = {
            "nss": metrics.nss(saliency, here),
            "auc": metrics.auc(saliency, here),
            "sauc": metrics.auc(saliency, here, negatives=elsewhere),
            "cc": np.corrcoef(saliency.ravel(), density.ravel())[0, 1],
            "similarity": metrics.similarity(saliency, density),
            "kl_divergence": metrics.kl_divergence(density, saliency),
            "information_gain": metrics.information_gain(
                saliency, density_of(elsewhere, 60 / 32), here, convention="mit"
            ),
        }
        assert found.scores["signature:smooth=0"][name] == pytest.approx(expected, abs=1e-6)
    assert found.failures == []


def test_means_and_standard_errors(photos):
    found = evaluate(photos, "lc", metrics="nss,kl_divergence")
    values = np.array([scores["nss"] for scores in found.scores["lc"].values()])

    assert found.mean("lc", "nss") == pytest.approx(values.mean())
    assert found.standard_error("lc", "nss") == pytest.approx(values.std(ddof=1) / 5**0.5)
    row = found.table().splitlines()[2]
    assert row.startswith(f"| `lc` | {values.mean():.3f} ± {values.std(ddof=1) / 5**0.5:.3f} | ")
    one = evaluate(photos, "lc", metrics="nss", limit=1)
    assert math.isnan(one.standard_error("lc", "nss"))
    assert one.table().splitlines()[2] == f"| `lc` | {one.mean('lc', 'nss'):.3f} |"


def test_one_image_has_no_others(photos):
    found = evaluate(photos, "lc", limit=1, metrics="nss,sauc,information_gain")

    scores = found.scores["lc"]["0"]
    assert math.isnan(scores["sauc"])
    saliency = fastsal.luminance_contrast(read_image(photos / "images" / "0.png"))
    expected = metrics.information_gain(
        saliency, None, points_by_image(photos)["0"], convention="mit"
    )
    assert scores["information_gain"] == pytest.approx(expected)
    assert found.table().splitlines()[2].split(" | ")[2] == "-"


@pytest.mark.parametrize(("metric", "best"), [("nss", max), ("kl_divergence", min)])
def test_ranking_by_the_first_metric(photos, metric, best):
    found = evaluate(photos, "lc,fine-grained,signature", metrics=[metric, "auc"])

    means = {model: found.mean(model, metric) for model in found.scores}
    assert means[found.ranking[0]] == best(means.values())
    values = {name: scores[metric] for name, scores in found.scores["lc"].items()}
    top, bottom = found.best_and_worst("lc", 4)
    assert values[top[0]] == best(values.values())
    assert values[bottom[0]] == {max: min, min: max}[best](values.values())
    assert (len(top), len(bottom)) == (3, 3)


def test_all_means_all_that_fit(photos, sequences):
    static = [key for key, row in fastsal.METHODS.items() if row.kind == "static"]
    motion = [key for key, row in fastsal.METHODS.items() if row.kind == "motion"]

    assert list(evaluate(photos, limit=1, metrics="nss").scores) == static
    plan = api.plan_of(open_masks(sequences, sequences), "all")
    assert sorted(model.name for model in plan.models) == sorted(static + motion)


def test_processes_give_the_same_scores(photos):
    alone = evaluate(photos, "lc,fine-grained")

    together = evaluate(photos, "lc,fine-grained", workers=2)

    assert together.scores == alone.scores
    assert list(together.scores["lc"]) == list("01234")


def test_functions_are_models_too(photos):
    def brightness(image):
        return image.mean(axis=2)

    found = evaluate(photos, {"brightness": brightness, "broken": lambda image: image[:5, :5, 0]})

    assert found.mean("brightness", "auc") > 0.9
    assert found.scores["broken"] == {}
    assert (
        "0: broken: a map must have the shape of its image, (40, 60); got (5, 5)" in found.failures
    )
    assert len(found.failures) == 5


def test_center_bias_is_a_gaussian_a_quarter_wide(photos, rng):
    saliency = rng.random((20, 30), np.float32)
    rows, cols = np.mgrid[:20, :30]
    weight = np.exp(-((rows + 0.5 - 10) ** 2) / (2 * 5**2) - (cols + 0.5 - 15) ** 2 / (2 * 7.5**2))

    np.testing.assert_allclose(_to_centre(saliency, 1), saliency * weight, atol=1e-6)
    np.testing.assert_allclose(
        _to_centre(saliency, 0.25), saliency * (0.75 + 0.25 * weight), atol=1e-6
    )
    assert _to_centre(saliency, 0) is saliency
    plain, biased = (evaluate(photos, "lc", metrics="nss", center_bias=x) for x in (0, 1))
    assert plain.mean("lc", "nss") != biased.mean("lc", "nss")


def test_others_are_scaled_and_leave_the_sample_out(plain_sizes):
    data = open_dataset("folder", plain_sizes)

    found = others.others_of(data)

    np.testing.assert_array_equal(found.of(0, (40, 60)), [[20, 30], [39, 59]])
    np.testing.assert_array_equal(found.of(1, (80, 90)), [[20, 30]])


@pytest.fixture
def plain_sizes(tmp_path):
    write_image(tmp_path / "a.png", np.zeros((40, 60), np.uint8))
    write_image(tmp_path / "b.png", np.zeros((80, 90), np.uint8))
    (tmp_path / "fixations.csv").write_text(
        "image,x_px,y_px\na.png,20,10\nb.png,45,40\nb.png,89.9,79.9\n"
    )
    return tmp_path


def test_many_fixations_are_drawn(photos, monkeypatch):
    monkeypatch.setattr(others, "MOST", 5)

    first, second = (others.others_of(open_dataset("folder", photos)) for _ in range(2))

    assert len(np.unique(first._samples)) == 2  # of three fixations each
    assert first.digest == second.digest


def refuse_to_work(*arguments):
    raise AssertionError("scores are computed again")


def test_stored_scores_are_not_computed_again(photos, tmp_path, monkeypatch):
    results = tmp_path / "results"
    first = evaluate(photos, "lc,fine-grained", results=results)

    with monkeypatch.context() as patch:
        patch.setattr(api, "attempt", refuse_to_work)
        again = evaluate(photos, "lc,fine-grained", results=results)

    assert again.scores == first.scores
    for changed in ({"metrics": "nss"}, {"center_bias": 0.5}):
        jobs = watch_jobs(monkeypatch)
        evaluate(photos, "lc,fine-grained", results=results, **changed)
        assert [names for _, names in jobs] == [["lc", "fine-grained"]] * 5


def watch_jobs(monkeypatch):
    """Return a list to which each job adds the names of its sample and its models."""
    jobs, attempt = [], api_attempt

    def watched(scorer, job):
        jobs.append((job.sample.name, [model.name for model in job.models]))
        return attempt(scorer, job)

    monkeypatch.setattr(api, "attempt", watched)
    return jobs


api_attempt = api.attempt


def test_new_methods_and_changed_images_are_computed(photos, tmp_path, monkeypatch):
    results = tmp_path / "results"
    evaluate(photos, "lc", results=results)
    jobs = watch_jobs(monkeypatch)

    evaluate(photos, "lc,fine-grained", results=results)
    assert jobs == [(name, ["fine-grained"]) for name in "01234"]
    jobs.clear()
    path = photos / "images" / "2.png"
    write_image(path, 255 - read_image(path))
    evaluate(photos, "lc", results=results)
    assert jobs == [("2", ["lc"])]


def test_changed_code_and_fixations_are_computed(photos, tmp_path, monkeypatch):
    results = tmp_path / "results"
    evaluate(photos, "lc", results=results)
    jobs = watch_jobs(monkeypatch)

    monkeypatch.setattr(api, "code_digest", lambda: "another")
    evaluate(photos, "lc", results=results)
    assert len(jobs) == 5
    with (photos / "fixations.csv").open("a") as file:
        file.write("0.png,9,1,1,100\n")
    evaluate(photos, "lc", results=results)
    assert len(jobs) == 10


@pytest.mark.parametrize("text", [b"", b"no data base, which has at least a header " * 9])
def test_a_damaged_file_of_scores(photos, tmp_path, text):
    (tmp_path / "scores.sqlite").write_bytes(text)

    if not text:  # as after a full disk
        assert len(evaluate(photos, "lc", results=tmp_path).scores["lc"]) == 5
        return
    with pytest.raises(FastsalError, match=r"scores\.sqlite: file is not a database"):
        evaluate(photos, "lc", results=tmp_path)


def test_a_results_folder_that_is_a_file(photos, tmp_path):
    (tmp_path / "results").write_text("")

    with pytest.raises(FastsalError, match="results: must be a folder for the scores"):
        evaluate(photos, "lc", results=tmp_path / "results")


@pytest.mark.parametrize("workers", [0, 2])
def test_unreadable_images_are_listed_and_the_others_scored(photos, workers):
    (photos / "images" / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (photos / "images" / "3.png").write_bytes(b"")

    found = evaluate(photos, "lc,fine-grained", workers=workers)

    assert list(found.scores["lc"]) == list(found.scores["fine-grained"]) == ["0", "1", "4"]
    assert len(found.failures) == 2
    assert "2.png" in found.failures[0]
    assert "3.png: the file is empty" in found.failures[1]


def test_images_without_fixations_inside_are_listed(photos):
    text = (photos / "fixations.csv").read_text().splitlines()
    kept = [line for line in text if not line.startswith("1.png") or line.startswith("1.png,3,-5")]
    (photos / "fixations.csv").write_text("\n".join(kept))

    found = evaluate(photos, "lc")

    assert found.failures == ["1: no frame has a fixation"]
    assert len(found.scores["lc"]) == 4


@pytest.mark.parametrize("suffix", [".png", ".npy"])
def test_maps_of_another_model(photos, tmp_path, suffix):
    folder = tmp_path / "their-model"
    folder.mkdir()
    for name in "0124":
        saliency = fastsal.luminance_contrast(read_image(photos / "images" / f"{name}.png"))
        write_image(folder / f"{name}{suffix}", saliency)

    found = evaluate(photos, "lc", maps=folder)

    assert list(found.scores) == ["lc", "their-model"]
    assert list(found.scores["their-model"]) == list("0124")
    (line,) = found.failures
    assert line.endswith("3: no map; its name must be this.png or .npy")
    for name in "0124":
        expected, actual = (dict(found.scores[model][name]) for model in found.scores)
        if suffix == ".png":  # of 8 bits, so that small values become 0
            for metric in ("kl_divergence", "information_gain"):
                del expected[metric], actual[metric]
        tolerance = 1e-9 if suffix == ".npy" else 0.02
        assert actual == pytest.approx(expected, abs=tolerance)


def test_maps_of_other_sizes_and_kinds(photos, tmp_path, rng):
    folder = tmp_path / "maps"
    folder.mkdir()
    write_image(folder / "0.png", rng.integers(0, 256, (20, 30), dtype=np.uint8))
    write_image(folder / "1.png", rng.integers(0, 256, (40, 60, 3), dtype=np.uint8))
    np.save(folder / "2.npy", np.full((40, 60), np.nan))
    (folder / "3.png").write_bytes(b"no picture")
    np.save(folder / "4.npy", rng.integers(-9, 9, (80, 120)).astype(np.float32))

    found = evaluate(photos, "", maps=folder)

    assert list(found.scores["maps"]) == ["0", "4"]
    assert len(found.failures) == 3
    assert "1.png: must be a grey map; got a colour picture" in found.failures[0]
    assert "2.npy: the map has NaN or infinite values" in found.failures[1]
    assert "3.png" in found.failures[2]


def test_scores_against_masks(photos, tmp_path, rng):
    masks = tmp_path / "masks"
    masks.mkdir()
    for name in "0134":
        mask = np.zeros((40, 60), np.uint8)
        mask[5:20, 8:30] = 255
        write_image(masks / f"{name}.png", mask)
    write_image(masks / "2.png", np.zeros((40, 60), np.uint8))
    write_image(masks / "3.png", np.zeros((9, 9), np.uint8))

    found = evaluate(open_masks(photos / "images", masks), "lc")

    assert found.metrics == api.MASK_METRICS
    saliency = fastsal.luminance_contrast(read_image(photos / "images" / "1.png"))
    truth = read_image(masks / "1.png") > 0
    curve = metrics.f_measure(saliency, truth)
    expected = {
        "max_f": curve.max, "mean_f": curve.mean, "adaptive_f": curve.adaptive,
        "mean_absolute_error": metrics.mean_absolute_error(saliency, truth),
        "s_measure": metrics.s_measure(saliency, truth),
        "weighted_f_measure": metrics.weighted_f_measure(saliency, truth),
        "auc": metrics.auc(saliency, truth, negatives="unfixated"),
    }  # fmt: skip
    assert {name: found.scores["lc"]["1"][name] for name in expected} == pytest.approx(expected)
    assert "auc" not in found.scores["lc"]["2"]  # an empty mask
    (line,) = found.failures
    assert line.startswith("3: lc: ")


def test_motion_methods_get_frames_in_order(sequences):
    found = evaluate(
        open_masks(sequences, sequences), "frame-difference,lc", metrics=["auc", "max_f"]
    )

    stream, expected = fastsal.Stream("frame-difference"), []
    for index in range(4):
        name = f"{index:05}.png"
        saliency = stream.update(read_image(sequences / "two" / "frames" / name))
        mask = read_image(sequences / "two" / "masks" / name) > 0
        if index:
            area = metrics.auc(saliency, mask, negatives="unfixated")
            expected.append([area, metrics.f_measure(saliency, mask).max])
    scores = found.scores["frame-difference"]["two"]
    np.testing.assert_allclose([scores["auc"], scores["max_f"]], np.mean(expected, axis=0))


def test_late_maps_meet_their_own_masks(sequences):
    found = evaluate(open_masks(sequences, sequences), "flow:bidirectional=True", metrics="auc")

    stream, expected = fastsal.Stream("flow", bidirectional=True), []
    for index in range(4):
        frame = read_image(sequences / "one" / "frames" / f"{index:05}.png")
        saliency = stream.update(frame)
        if index > 1:
            mask = read_image(sequences / "one" / "masks" / f"{index - 1:05}.png") > 0
            expected.append(metrics.auc(saliency, mask, negatives="unfixated"))
    assert found.scores["flow:bidirectional=True"]["one"]["auc"] == pytest.approx(np.mean(expected))


def test_maps_of_videos(sequences, tmp_path):
    for name in ("one", "two"):
        (tmp_path / "maps" / name).mkdir(parents=True)
        for index in range(4 if name == "one" else 2):
            mask = read_image(sequences / name / "masks" / f"{index:05}.png")
            write_image(tmp_path / "maps" / name / f"{index + 1:03}.png", mask)

    found = evaluate(open_masks(sequences, sequences), "", maps=tmp_path / "maps", metrics="auc")

    assert found.scores["maps"] == {"one": {"auc": 1.0}}
    (line,) = found.failures
    assert "no map for frame 2" in line


@pytest.mark.parametrize(
    ("methods", "options", "error", "said"),
    [
        ("flaw", {}, ValueError, "did you mean"),
        ("lc:preset=1", {}, TypeError, "preset"),
        ("lc:preset", {}, ValueError, "must be name=value, as in itti-koch:preset=fixation"),
        ("flow", {}, ValueError, "flow compares frames; photos has images"),
        ("", {}, ValueError, "`methods` must name a method unless `maps` is given; got none"),
        ({"a": 3}, {}, TypeError, "`methods` must map names to functions; got 3"),
        ("lc", {"metrics": "nss,auk"}, ValueError, "`metrics` must be 'nss', 'auc',"),
        ("lc", {"metrics": []}, ValueError, "`metrics` must name one metric or more"),
        ("lc", {"limit": 0}, ValueError, "`limit` must be an integer from 1 up; got 0"),
        ("lc", {"center_bias": 2}, ValueError, "`center_bias` must be a number from 0 to 1"),
        ("lc", {"workers": -1}, ValueError, "`workers` must be an integer from 0"),
        ("lc", {"maps": "/nowhere"}, DatasetError, "`maps` must be a folder; got /nowhere"),
    ],
    ids=str,
)
def test_bad_options_are_refused_before_any_work(photos, methods, options, error, said):
    with pytest.raises(error) as refusal:
        evaluate(photos, methods, **options)

    assert said in str(refusal.value)


def test_two_models_of_one_name(photos, tmp_path):
    for name in ("a/maps", "b/maps"):
        (tmp_path / name).mkdir(parents=True)

    with pytest.raises(ValueError, match="two models have the name 'maps'"):
        evaluate(photos, "", maps=[tmp_path / "a" / "maps", tmp_path / "b" / "maps"])


def test_files_of_results(photos, tmp_path):
    (photos / "images" / "2.png").write_bytes(b"x")
    found = evaluate(photos, "lc,signature:smooth=0", metrics=["nss", "auc"])

    found.write_csv(tmp_path / "a.csv")
    found.write_json(tmp_path / "a.json")
    found.write_plot(tmp_path / "a.png")
    sheets = found.write_sheets(tmp_path)

    with (tmp_path / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert float(rows[0]["auc"]) == found.scores["lc"]["0"]["auc"]
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["summary"]["lc"]["nss"]["mean"] == found.mean("lc", "nss")
    assert told["summary"]["lc"]["nss"]["samples"] == 4
    assert told["failures"] == found.failures
    assert read_image(tmp_path / "a.png").shape[1] > 600
    assert [path.name for path in sheets] == ["sheet-lc.jpg", "sheet-signature-smooth=0.jpg"]
    assert read_image(sheets[0]).shape[0] > 400


class Scorer:
    """Returns the square of a job; -1 ends the process, and 0 fails."""

    def __call__(self, job):
        if job == -1:
            __import__("os").kill(__import__("os").getpid(), 9)
        return 100 // job


def test_a_process_that_dies_fails_one_job():
    with Workers(2, Scorer()) as workers:
        answers = {
            each.job: each for each in workers.run([1, 2, -1, 0, 5, 4]) if isinstance(each, Answer)
        }

    assert {job: answer.result for job, answer in answers.items()} == {
        1: 100, 2: 50, -1: None, 0: None, 5: 20, 4: 25,
    }  # fmt: skip
    assert "its process ended with signal 9" in answers[-1].fault
    assert answers[0].fault.startswith("ZeroDivisionError: ")
    assert not any(process.poll() is None for process in workers._processes)


def test_fixations_outside_are_counted(photos, tmp_path, capsys):
    found = evaluate(photos, "lc", metrics=["nss"])

    assert found.fixations_outside == 5  # one per image
    assert main(["evaluate", "folder", str(photos), "-m", "lc", "-o", str(tmp_path / "out")]) == 0
    assert "5 fixations outside the images dropped" in capsys.readouterr().err
