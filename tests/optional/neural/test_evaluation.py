"""Networks in `fastsal evaluate`: late maps, stored scores, and files found by FASTSAL_WEIGHTS."""

import csv

import numpy as np
import pytest
from network_files import write_stavis

from fastsal import metrics, neural
from fastsal.cli.main import main
from fastsal.datasets import open_masks
from fastsal.errors import ModelError
from fastsal.evaluation import evaluate
from fastsal.io.pictures import write_image

COUNT = 10


@pytest.fixture
def sequences(tmp_path, rng):
    """Return a folder with a sequence in which a square moves, and the frames and masks."""
    frames = rng.integers(0, 90, (COUNT, 48, 64, 3), dtype=np.uint8)
    masks = np.zeros((COUNT, 48, 64), np.uint8)
    for i in range(COUNT):
        frames[i, 10:30, 5 + 3 * i : 25 + 3 * i] = (250, 60, 30)
        masks[i, 10:30, 5 + 3 * i : 25 + 3 * i] = 255
    for name, pictures in (("frames", frames), ("masks", masks)):
        (tmp_path / "videos" / "one" / name).mkdir(parents=True)
        for i, picture in enumerate(pictures):
            write_image(tmp_path / "videos" / "one" / name / f"{i:05}.png", picture)
    return tmp_path / "videos", frames, masks


def test_scores_are_of_the_frame_that_a_late_map_belongs_to(
    sequences, stavis_file, tmp_path, monkeypatch, capsys
):
    folder, frames, masks = sequences
    monkeypatch.setenv("FASTSAL_WEIGHTS", str(stavis_file.parent))
    table = tmp_path / "scores.csv"
    command = [
        "evaluate", "--images", str(folder), "--masks", str(folder), "--metrics", "auc", "-m",
        "stavis,frame-difference", "-o", str(tmp_path / "out"), "--csv", str(table),
    ]  # fmt: skip
    assert main(command) == 0, capsys.readouterr().err

    network = neural.stavis(stavis_file)
    maps = [network.update(frame) for frame in frames]
    expected = [
        metrics.auc(maps[i + 7], masks[i] > 0, negatives="unfixated") for i in range(1, COUNT - 7)
    ]
    with table.open() as file:
        rows = {row["model" if "model" in row else "method"]: row for row in csv.DictReader(file)}
    assert float(rows["stavis"]["auc"]) == pytest.approx(np.mean(expected), abs=1e-4)
    assert "frame-difference" in rows


def test_scores_of_another_file_are_computed_anew(sequences, recorded, tmp_path):
    folder, *_ = sequences
    data = open_masks(folder, folder)
    path, weights = tmp_path / "stavis.pth", recorded.weights("stavis")
    options = {"metrics": "auc", "results": tmp_path / "out", "progress": False}
    found = []
    for factor in (1, 1, -1):
        if factor < 0 or not path.exists():
            write_stavis(path, {**weights, "fuse.weight": factor * weights["fuse.weight"]})
        scores = evaluate(data, f"stavis:weights={path}", **options)
        assert not scores.failures
        found.append(scores.mean(f"stavis:weights={path}", "auc"))
    assert found[0] == found[1] != found[2]


def test_a_wrong_file_is_refused_before_any_work(sequences, tmp_path):
    folder, *_ = sequences
    with pytest.raises(ModelError, match=r"no\.pt: no such file"):
        evaluate(open_masks(folder, folder), "tased:weights=no.pt", metrics="auc")
