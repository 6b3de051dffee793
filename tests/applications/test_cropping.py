"""The best crop against a search over every window, and on photographs with fixations."""

import csv
from collections import defaultdict

import numpy as np
import pytest
from reference import cropping as reference

import fastsal
from fastsal.applications import Crop, best_crop, cropping
from fastsal.errors import ImageError
from fastsal.io.pictures import read_image


def sizes(shape, aspect, min_scale):
    """Return rows and columns of ten windows, from the definition in the docstring."""
    rows, cols = min(shape[0], shape[1] / aspect), min(shape[1], shape[0] * aspect)
    scales = [1 - i * (1 - min_scale) / 9 for i in range(10)]
    return {(max(1, round(rows * scale)), max(1, round(cols * scale))) for scale in scales}


@pytest.mark.parametrize("avoid_cutting", [True, False])
@pytest.mark.parametrize("aspect", [None, 1.0, 3.0, 0.25])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_best_of_all_windows(rng, monkeypatch, aspect, avoid_cutting, dtype):
    monkeypatch.setattr(cropping, "_BAND", 20)  # several bands
    saliency = rng.random((23, 31)) ** 3
    saliency = (saliency * (255 if dtype == "uint8" else 1)).astype(dtype)
    windows = reference.all_windows(
        saliency.astype(float), sizes(saliency.shape, aspect or 31 / 23, 0.4), avoid_cutting
    )
    score, x, y, rows, cols = max(windows)
    crop = best_crop(saliency, aspect=aspect, avoid_cutting=avoid_cutting)
    assert crop[:4] == (x, y, cols, rows)
    assert crop.score == pytest.approx(score, rel=1e-9)
    assert [type(each) for each in crop] == [int] * 4 + [float]


@pytest.mark.parametrize("size", [(1, 1), (23, 31), (1, 31), (10, 12), (3, 2)])
def test_windows_of_one_size(rng, size):
    saliency = rng.random((23, 31))
    score, x, y, rows, cols = max(reference.all_windows(saliency, [size], True))
    crop = best_crop(saliency, size=size)
    assert crop[:4] == (x, y, cols, rows)
    assert crop.score == pytest.approx(score, rel=1e-9)


def test_several_crops_overlap_by_half_at_most(rng):
    saliency = rng.random((20, 30)) ** 4
    windows = sorted(reference.all_windows(saliency, sizes((20, 30), 1.5, 0.3), True), reverse=True)
    expected = []
    for _, *window in windows:
        if len(expected) < 4 and all(reference.overlap(window, w) <= 0.5 for w in expected):
            expected.append(window)
    crops = best_crop(saliency, min_scale=0.3, count=4)
    assert [[c.x, c.y, c.height, c.width] for c in crops] == expected


def test_fewer_crops_than_asked_for():
    crops = best_crop(np.ones((10, 10)), size=(9, 9), count=5)
    assert len(crops) == 1
    assert best_crop(np.ones((10, 10)), size=(10, 10), count=2) == [
        best_crop(np.ones((10, 10)), size=(10, 10))
    ]


@pytest.mark.parametrize("value", [0, 1, 0.1, 200])
def test_a_uniform_map_gives_the_central_crop(value):
    saliency = np.full((101, 151), value, np.float32)
    crop = best_crop(saliency, aspect=1)
    assert crop[:4] == (25, 0, 101, 101)
    assert best_crop(saliency, size=(41, 51))[:4] == (50, 30, 51, 41)


def test_a_flipped_map_gives_the_flipped_crop(rng):
    saliency = fastsal.whitened(rng.random((60, 80)).astype(np.float32))
    crop, flipped = best_crop(saliency, aspect=1), best_crop(saliency[:, ::-1], aspect=1)
    assert flipped[:4] == (80 - crop.x - crop.width, *crop[1:4])
    assert flipped.score == pytest.approx(crop.score)


def test_cutting_is_avoided():
    saliency = np.zeros((100, 200))
    saliency[40:60, 30:50] = 1  # small, and whole in a window of 40 x 40
    saliency[10:90, 110:190] = 0.255  # large, and cut by it
    whole = best_crop(saliency, size=(40, 40))
    assert whole.x < 30 < 50 < whole.x + whole.width
    cut = best_crop(saliency, size=(40, 40), avoid_cutting=False)
    assert cut.x >= 110


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 2)])
@pytest.mark.parametrize("aspect", [None, 1.0, 20.0, 1 / 20])
def test_tiny_maps(shape, aspect):
    crop = best_crop(np.ones(shape), aspect=aspect)
    assert 0 <= crop.x <= crop.x + crop.width - 1 < shape[1]
    assert 0 <= crop.y <= crop.y + crop.height - 1 < shape[0]


def test_values_of_any_size():
    saliency = np.ones((30, 40))
    saliency[5:10, 5:10] = 9
    expected = best_crop(saliency)
    for factor in (1e-300, 1e307):
        crop = best_crop(saliency * factor)
        assert crop[:4] == expected[:4]
        assert crop.score == pytest.approx(expected.score)


@pytest.mark.parametrize("bias", [0, 0.5])
def test_crops_hold_fixations(shared, bias):
    folder = shared / "data" / "osie"
    fixations = defaultdict(list)
    with open(folder / "fixations.csv", newline="") as lines:
        for row in csv.DictReader(lines):
            fixations[row["image"]].append((float(row["x_px"]), float(row["y_px"])))
    assert len(fixations) == 40

    fractions = defaultdict(list)
    for name, points in fixations.items():
        saliency = fastsal.boolean_map(read_image(folder / "images" / name), center_bias=bias)
        x, y = np.array(points).T
        for area in (0.5, 0.25):
            size = tuple(round(side * area**0.5) for side in saliency.shape)
            x0, y0 = ((a - b) // 2 for a, b in zip(saliency.shape[::-1], size[::-1], strict=True))
            center = Crop(x0, y0, size[1], size[0], 0)
            for kind, crop in (("best", best_crop(saliency, size=size)), ("center", center)):
                is_inside = (x >= crop.x) & (x < crop.x + crop.width)
                is_inside &= (y >= crop.y) & (y < crop.y + crop.height)
                fractions[kind, area].append(is_inside.mean())
    found = {key: round(float(np.mean(values)), 3) for key, values in fractions.items()}
    print(found)
    assert found["best", 0.5] >= (0.875 if bias else 0.865)
    assert found["best", 0.25] >= (0.645 if bias else 0.62)
    assert found["center", 0.5] == pytest.approx(0.848, abs=0.002)
    assert found["center", 0.25] == pytest.approx(0.575, abs=0.002)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aspect": 0}, "`aspect` must be a number from 0.001 to 1000; got 0"),
        ({"aspect": "16:9"}, "`aspect` must be a number"),
        ({"aspect": 1, "size": (2, 2)}, "`aspect` and `size` must not both be given"),
        ({"size": (31, 20)}, "`size` must be at most the map's shape"),
        ({"size": 5}, "`size` must be two integers"),
        ({"min_scale": 0}, "`min_scale` must be a number from 0.01 to 1; got 0"),
        ({"count": 0}, "`count` must be an integer from 1 up; got 0"),
        ({"avoid_cutting": 1}, "`avoid_cutting` must be True or False; got 1"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        best_crop(np.ones((30, 20)), **options)


@pytest.mark.parametrize(
    "saliency", [np.ones((2, 3, 4)), np.ones((0, 4)), np.full((3, 3), np.nan), -np.eye(3), "lc"]
)
def test_wrong_maps(saliency):
    with pytest.raises(ImageError, match="`saliency` must"):
        best_crop(saliency)
