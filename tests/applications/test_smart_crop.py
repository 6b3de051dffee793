"""`SmartCrop` has the form of smartcrop's results: the same candidates, ranked by saliency."""

import csv
import json
from collections import defaultdict

import numpy as np
import pytest
from PIL import Image
from reference import cropping as reference
from skimage import data

import fastsal
from fastsal.applications import SmartCrop, smart_crop
from fastsal.errors import ImageError

# Numbers of candidates that smartcrop 0.5.0 returns for images of 512 x 512 and 1920 x 1080.
RECORDED = [
    ((512, 512), (100, 100), 5),
    ((512, 512), (160, 90), 43),
    ((512, 512), (90, 160), 43),
    ((1920, 1080), (100, 100), 37),
    ((1920, 1080), (600, 600), 731),
    ((1920, 1080), (1080, 1080), 106),
]


def flat(image):
    return np.ones(image.shape[:2])


@pytest.mark.parametrize(("image_size", "size", "count"), RECORDED)
def test_as_many_candidates_as_smartcrop(image_size, size, count):
    result = SmartCrop(saliency=flat).crop(Image.new("RGB", image_size), *size)
    assert sorted(result) == ["analyse_image", "crops", "top_crop"]
    assert len(result["crops"]) == count
    for crop in result["crops"]:
        assert sorted(crop) == ["height", "score", "width", "x", "y"]
        assert 0 <= crop["x"] <= image_size[0] - crop["width"]
        assert 0 <= crop["y"] <= image_size[1] - crop["height"]
        assert crop["width"] / crop["height"] == pytest.approx(size[0] / size[1], rel=0.02)
    assert result["top_crop"]["score"] == max(crop["score"] for crop in result["crops"])


def test_sizes_are_those_of_the_recordings(shared):
    values = json.loads((shared / "golden" / "metrics" / "smartcrop.json").read_text())
    image = Image.fromarray(data.astronaut())
    for size in ((100, 100), (160, 90), (90, 160)):
        recorded = values[f"astronaut_{size[0]}x{size[1]}"]
        largest = max(
            SmartCrop(saliency=flat).crop(image, *size)["crops"], key=lambda crop: crop["width"]
        )
        assert 0 <= largest["width"] - recorded["width"] <= 3  # smartcrop loses up to 3 pixels
        assert 0 <= largest["height"] - recorded["height"] <= 3


def test_scores_are_those_of_their_windows(rng):
    saliency = rng.random((60, 80))
    result = SmartCrop(saliency=saliency).crop(Image.new("RGB", (80, 60)), 40, 30, min_scale=0.5)
    assert len(result["crops"]) > 5
    for crop in result["crops"]:
        expected = reference.score(
            saliency, crop["x"], crop["y"], crop["height"], crop["width"], True
        )
        assert crop["score"] == pytest.approx(expected)


def test_candidates_of_analyse(rng):
    saliency = rng.random((50, 70))
    result = SmartCrop(saliency=saliency, avoid_cutting=False).analyse(
        Image.new("RGB", (70, 50)), 40, 20, max_scale=1, min_scale=0.5, num_scale_steps=3, step=7
    )
    expected = [
        (x, y, width, height)
        for width, height in ((40, 20), (30, 15), (20, 10))
        for y in range(0, 50 - height + 1, 7)
        for x in range(0, 70 - width + 1, 7)
    ]
    found = [(c["x"], c["y"], c["width"], c["height"]) for c in result["crops"]]
    assert found == expected
    top = result["top_crop"]
    scores = [reference.score(saliency, x, y, h, w, False) for x, y, w, h in expected]
    assert (top["x"], top["y"], top["width"], top["height"]) == expected[int(np.argmax(scores))]
    assert top["score"] == pytest.approx(max(scores))


def test_steps_without_prescaling():
    crops = SmartCrop(saliency=flat).crop(
        Image.new("L", (400, 200)), 1, 1, prescale=False, step=50, num_scale_steps=1
    )["crops"]
    assert [crop["x"] for crop in crops] == [0, 50, 100, 150, 200]


def test_the_map_comes_back_as_a_picture():
    image = data.astronaut()
    result = SmartCrop(saliency=fastsal.whitened).crop(Image.fromarray(image), 10, 10)
    expected = np.rint(fastsal.whitened(image) * 255)
    assert result["analyse_image"].size == (512, 512)
    assert np.abs(np.asarray(result["analyse_image"]).astype(float) - expected).max() <= 1


@pytest.mark.parametrize(
    ("size", "reduced"),
    [((1920, 1080), (85, 48)), ((1000, 2000), (48, 96)), ((2000, 100), (960, 48))],
)
def test_a_method_gets_a_small_image(size, reduced):
    ramp = np.linspace(0, 255, size[0]).astype(np.uint8) + np.zeros((size[1], 1), np.uint8)
    result = SmartCrop().crop(Image.fromarray(ramp), 10, 10)
    assert result["analyse_image"].size == reduced
    small = np.asarray(smart_crop._reduced(Image.fromarray(ramp))).astype(float)
    expected = np.asarray(Image.fromarray(ramp).resize(reduced, Image.Resampling.BOX))
    assert np.abs(small - expected).max() <= 2


def test_small_images_keep_their_size(rng):
    image = rng.integers(0, 256, (48, 90, 3), dtype=np.uint8)
    crops = SmartCrop(saliency="whitened").crop(Image.fromarray(image), 10, 10)
    assert crops == SmartCrop(saliency=fastsal.whitened).crop(image, 10, 10)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16", "1", "F"])
def test_modes_of_images(mode):
    image = Image.fromarray(data.astronaut()[::2, ::2]).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    if mode == "F":
        image = Image.fromarray(np.asarray(image) / np.float32(255))
    top = SmartCrop().crop(image, 100, 50)["top_crop"]
    rgb = SmartCrop().crop(Image.fromarray(data.astronaut()[::2, ::2]), 100, 50)["top_crop"]
    if mode in ("RGBA", "P", "CMYK"):  # the others are grey
        assert abs(top["y"] - rgb["y"]) <= 40
    assert top["width"] in (231, 256)
    assert top["height"] in (116, 128)


def test_crops_hold_fixations(shared):
    """Maps of small images give better crops of photographs than those of whole ones."""
    folder = shared / "data" / "osie"
    fixations = defaultdict(list)
    with open(folder / "fixations.csv", newline="") as lines:
        for row in csv.DictReader(lines):
            fixations[row["image"]].append((float(row["x_px"]), float(row["y_px"])))
    fractions = []
    for name, points in fixations.items():
        image = Image.open(folder / "images" / name)
        top = SmartCrop().analyse(image, image.width // 2, image.height // 2, min_scale=1)[
            "top_crop"
        ]
        x, y = np.array(points).T - [[top["x"]], [top["y"]]]
        inside = (x >= 0) & (x < top["width"]) & (y >= 0) & (y < top["height"])
        fractions.append(inside.mean())
    print(np.mean(fractions))
    assert len(fractions) == 40
    assert np.mean(fractions) >= 0.62


def test_the_top_crop_holds_what_is_salient():
    image = np.zeros((200, 400, 3), np.uint8)
    image[80:120, 300:340] = (255, 200, 0)
    top = SmartCrop().crop(Image.fromarray(image), 100, 100)["top_crop"]
    assert top["x"] <= 300
    assert top["x"] + top["width"] >= 340


@pytest.mark.parametrize("size", [(1, 1), (3, 50)])
def test_tiny_images_and_requests_larger_than_the_image(size):
    for request in ((1, 1), (500, 500), (1, 20)):
        top = SmartCrop(saliency=flat).crop(Image.new("RGB", size), *request)["top_crop"]
        assert 1 <= top["width"] <= size[0]
        assert 1 <= top["height"] <= size[1]


def test_refusals():
    image = Image.new("RGB", (40, 30))
    for options, message in [
        ({"width": 0, "height": 1}, "`width` must be an integer"),
        ({"width": 1, "height": 1.5}, "`height` must be an integer"),
        ({"width": 1, "height": 1, "num_scale_steps": 0}, "`num_scale_steps` must be an integer"),
        ({"width": 1, "height": 1, "step": 0}, "`step` must be an integer"),
        ({"width": 1, "height": 1, "max_scale": 2}, "`max_scale` must be a number"),
        ({"width": 1, "height": 1, "max_scale": 0.5}, "`min_scale` must be a number"),
    ]:
        with pytest.raises(ValueError, match=message):
            SmartCrop(saliency=flat).crop(image, **options)
    with pytest.raises(ValueError, match="`crop_width` must be an integer from 1 to 40; got 41"):
        SmartCrop(saliency=flat).analyse(image, 41, 30)
    with pytest.raises(ValueError, match="`avoid_cutting` must be True or False"):
        SmartCrop(avoid_cutting=2)
    with pytest.raises(ImageError, match="`saliency` must"):
        SmartCrop(saliency=lambda _: np.full((30, 40), np.nan)).crop(image, 1, 1)
    with pytest.raises(ImageError, match="map of the image's shape"):
        SmartCrop(saliency=np.ones((4, 4))).crop(image, 1, 1)
