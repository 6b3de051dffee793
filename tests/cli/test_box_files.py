"""``fastsal image --boxes F.json|F.csv``: the boxes as numbers."""

import csv
import json

import numpy as np
import pytest

import fastsal
from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image


@pytest.fixture
def photos(tmp_path):
    """Return two images, of one bright square and of two."""
    image = np.full((60, 90, 3), 60, np.uint8)
    image[20:40, 60:80] = (250, 220, 30)
    write_image(tmp_path / "one.png", image)
    image[10:25, 10:25] = (30, 220, 250)
    write_image(tmp_path / "two.png", image)
    return tmp_path / "one.png", tmp_path / "two.png"


def expected(paths, method):
    """Return image, method, rank and box of every box."""
    rows = []
    for path in paths:
        boxes, _ = fastsal.salient_boxes(getattr(fastsal, method)(read_image(path)), max_boxes=5)
        rows += [(str(path), rank, *box) for rank, box in enumerate(boxes.tolist(), 1)]
    return rows


def run(capsys, *arguments):
    status = main(["image", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("options", [[], ["--box-format", "xywh"]])
def test_json(photos, tmp_path, capsys, options):
    target = tmp_path / "boxes.json"
    out = tmp_path / "maps"
    status, text, _ = run(capsys, *photos, "-m", "whitened", "-o", out, "--boxes", target, *options)
    assert (status, text) == (0, f"wrote 2 maps to {out} and {target}\n")
    rows = json.loads(target.read_text())
    names = ("image", "rank", "x", "y", "width", "height")
    assert [tuple(row[name] for name in names) for row in rows] == expected(photos, "whitened")
    assert {(row["page"], row["method"]) for row in rows} == {(1, "whitened")}


def test_csv_of_corners(photos, tmp_path, capsys):
    target = tmp_path / "boxes.csv"
    options = ["--boxes", target, "--box-format", "xyxy", "--view", "map", "-m", "whitened"]
    assert run(capsys, photos[1], "-o", tmp_path / "map.npy", *options)[0] == 0
    with open(target, newline="") as file:
        rows = list(csv.DictReader(file))
    found = [tuple(int(row[name]) for name in ("left", "top", "right", "bottom")) for row in rows]
    assert found == [(x, y, x + w, y + h) for *_, x, y, w, h in expected(photos[1:], "whitened")]
    assert len(found) == 2


def test_several_methods_and_proposals(photos, tmp_path, capsys):
    target = tmp_path / "boxes.json"
    options = ["--boxes", target, "-m", "lc,bing"]
    assert run(capsys, photos[0], "-o", tmp_path / "maps", *options)[0] == 0
    rows = json.loads(target.read_text())
    assert [row["method"] for row in rows].count("bing") == 5
    stream = fastsal.Stream("bing")
    stream.update(read_image(photos[0]))
    first = next(row for row in rows if row["method"] == "bing")
    assert [first[name] for name in ("x", "y", "width", "height")] == stream.boxes[0].tolist()


def test_an_image_without_boxes(tmp_path, capsys):
    write_image(tmp_path / "flat.png", np.full((20, 20), 9, np.uint8))
    target = tmp_path / "boxes.csv"
    arguments = [tmp_path / "flat.png", "-o", tmp_path / "map.png", "--boxes", target]
    assert run(capsys, *arguments)[0] == 0
    assert target.read_text() == "image,page,method,rank,x,y,width,height\n"


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--boxes", "boxes.txt"], 2, "must be a file name that ends in .json or .csv"),
        (["--boxes", "missing/boxes.csv"], 1, "--boxes: no such folder: missing"),
        (["--box-format", "xyxy"], 2, "--box-format has no effect without a file name"),
        (["--boxes", "--box-format", "xyxy"], 2, "--box-format has no effect"),
        (["--boxes", "boxes.csv", "--box-format", "cxcywh"], 2, "invalid choice"),
    ],
)
def test_wrong_use(photos, tmp_path, capsys, monkeypatch, options, status, message):
    monkeypatch.chdir(tmp_path)
    found, _, err = run(capsys, "one.png", "-o", "map.png", *options)
    assert found == status
    assert message in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "two.png"]


def test_no_image_no_file(tmp_path, capsys):
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    target = tmp_path / "boxes.json"
    arguments = [tmp_path / "cut.png", "-o", tmp_path / "map.png", "--boxes", target]
    assert run(capsys, *arguments)[0] == 1
    assert not target.exists()
