"""Training of BING from good and bad data, and the default model."""

import importlib
import sys

import cv2
import numpy as np
import pytest
from reference.bing import gradient
from reference.bing_training import overlap, recall_of

import fastsal
from benchmarks import boxes as folders
from benchmarks import default_bing, recall
from fastsal import images as arrays
from fastsal.algorithms.bing import SPACES, bing
from fastsal.algorithms.bing._cpu_pictures import gradients_of as pictures_of
from fastsal.algorithms.bing.plan import boxes_of, plan_of
from fastsal.algorithms.bing.samples import View, mirrored, samples_of
from fastsal.algorithms.bing.train import Tally, learnt_calibrations, linear_svm
from fastsal.boxes import iou

BOX = (32, 16, 40, 48)  # column, row, width, height


def scene(rng, count=2):
    """Return texture with bright rectangles on it, and their boxes."""
    image = rng.integers(0, 90, (120, 160, 3)).astype(np.uint8)
    boxes = []
    while len(boxes) < count:
        size = rng.integers(20, 70, 2)
        x, y = rng.integers(0, np.array([160, 120]) - size)
        if not any(overlap((x, y, *size), each) > 0 for each in boxes):
            image[y : y + size[1], x : x + size[0]] = rng.integers(150, 256, 3)
            boxes.append((int(x), int(y), *map(int, size)))
    return image, boxes


@pytest.fixture(scope="module")
def scenes():
    rng = np.random.default_rng(11)
    return [scene(rng) for _ in range(24)]


@pytest.fixture(scope="module")
def trained(scenes):
    images, boxes = zip(*scenes[:12], strict=True)
    return fastsal.train_bing(images, boxes, progress=False)


def same(model, other):
    return np.array_equal(model.sizes, other.sizes) and all(
        np.array_equal(getattr(model, part)[space], getattr(other, part)[space])
        for part in ("filters", "calibrations")
        for space in SPACES
    )


def test_finds_what_it_has_learnt_to_find(scenes, trained, rng):
    """In unseen images it beats random boxes and untrained filters."""
    unseen = scenes[12:]
    untrained = fastsal.BingModel(
        {space: rng.normal(size=(8, 8)) for space in SPACES}, trained.sizes, trained.calibrations
    )

    def by(model):
        return recall_of([(bing(i, training_path=model, max_boxes=20)[0], b) for i, b in unseen])

    def guess():
        corners = np.sort(rng.integers(0, [160, 120], (20, 2, 2)), axis=1)
        return np.concatenate([corners[:, 0], corners[:, 1] - corners[:, 0]], axis=1)

    by_chance = recall_of([(guess(), boxes) for _, boxes in unseen])
    assert by(trained) >= 0.85
    assert by(trained) > max(by(untrained), by_chance) + 0.3


def test_same_seed_gives_the_same_model(scenes, trained):
    images, boxes = zip(*scenes[:12], strict=True)

    assert same(fastsal.train_bing(images, boxes, seed=0, progress=False), trained)
    assert not same(fastsal.train_bing(images, boxes, seed=1, progress=False), trained)


def test_filters_point_at_outlines(trained):
    """Gradients at the rim of a window speak for an object, more than those inside."""
    rim = np.ones((8, 8), bool)
    rim[2:6, 2:6] = False
    for weights in trained.filters.values():
        assert weights[rim].mean() > weights[~rim].mean()


def test_only_sizes_that_boxes_fit_are_used(trained):
    tall, wide = 16 << trained.sizes // 6, 16 << trained.sizes % 6

    assert len(trained.sizes) >= 4
    assert (np.diff(trained.sizes) > 0).all()
    assert max(tall.max(), wide.max()) <= 128  # sides are 20 to 69 pixels, and windows overlap


@pytest.mark.parametrize(
    "form", ["lists", "stack", "bgr", "bgra", "int64", "read-only", "uint16", "floats", "mixed"]
)
def test_forms_of_images_and_boxes(form, scenes):
    images, boxes = map(list, zip(*scenes[:6], strict=True))
    expected = fastsal.train_bing(images, boxes, progress=False)
    options = {}
    if form == "lists":
        images = [image.tolist() for image in images]
        images = [np.array(image, np.uint8) for image in images]
        boxes = [list(map(list, each)) for each in boxes]
    elif form == "stack":
        images = np.stack(images)
    elif form == "bgr":
        images, options = [image[..., ::-1] for image in images], {"color": "bgr"}
    elif form == "bgra":
        images = [np.dstack([image, image[..., 0]]) for image in images]
    elif form == "int64":
        boxes = [np.array(each, np.int64) for each in boxes]
    elif form == "uint16":
        images = [257 * image.astype(np.uint16) for image in images]
    elif form == "floats":
        images = [image / np.float32(255) for image in images]
    elif form == "mixed":
        images[::2] = [image / 255 for image in images[::2]]
    else:
        for image in images:
            image.flags.writeable = False

    assert same(fastsal.train_bing(images, boxes, progress=False, **options), expected)


def test_boxes_are_clipped_to_their_image(scenes):
    images, boxes = map(list, zip(*scenes[:6], strict=True))
    beyond = [(-30, -20, 70, 80), (100, 60, 500, 600)]
    within = [(0, 0, 40, 60), (100, 60, 60, 60)]

    assert same(
        fastsal.train_bing(images, [*boxes[:5], beyond], progress=False),
        fastsal.train_bing(images, [*boxes[:5], within], progress=False),
    )


def test_images_without_boxes_are_background(scenes, rng):
    images, boxes = map(list, zip(*scenes[:6], strict=True))
    texture = rng.integers(0, 256, (50, 60, 3), dtype=np.uint8)
    for nothing in ([], np.zeros((0, 4), int)):
        model = fastsal.train_bing([*images, texture], [*boxes, nothing], progress=False)
        assert set(model.sizes) == set(fastsal.train_bing(images, boxes, progress=False).sizes)


def test_tiny_images_teach_nothing_and_do_no_harm(scenes):
    images, boxes = map(list, zip(*scenes[:6], strict=True))
    tiny = np.zeros((5, 4, 3), np.uint8)

    assert fastsal.train_bing([*images, tiny], [*boxes, [(0, 0, 4, 5)]], progress=False).spaces


def test_trained_model_survives_saving(trained, scenes, tmp_path):
    trained.save(tmp_path)

    again = fastsal.BingModel.load(tmp_path)

    assert same(again, trained)
    for ours, theirs in zip(
        bing(scenes[0][0], training_path=tmp_path), bing(scenes[0][0], training_path=trained),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(ours, theirs)


IMAGE = np.zeros((60, 80, 3), np.uint8)
BAD = {
    "fewer boxes": ([IMAGE, IMAGE], [[BOX]], "the same length, at least 1; got 2 images and 1"),
    "no images": ([], [], "the same length, at least 1; got 0 images"),
    "no sequence": (3, [[BOX]], "`images` must be a sequence; got int"),
    "one list of boxes": (
        [IMAGE],
        [BOX],
        r"`boxes\[0\]` must be integers of shape \(n, 4\); got int64",
    ),
    "three numbers": ([IMAGE], [[(1, 2, 3)]], r"\(n, 4\); got int64 of shape \(1, 3\)"),
    "ragged": (
        [IMAGE],
        [[(1, 2, 3, 4), (1, 2)]],
        r"`boxes\[0\]` must .* rows of different lengths",
    ),
    "floats": ([IMAGE], [[(0.5, 0.5, 20.0, 20.0)]], "must be integers .* got float64"),
    "none": ([IMAGE], [None], "must be integers .* got object"),
    "empty box": ([IMAGE], [[BOX, (3, 4, 0, 9)]], r"`boxes\[0\]\[1\]` must .* got \[3, 4, 0, 9\]"),
    "negative": ([IMAGE], [[(9, 9, -5, 4)]], "must overlap the image"),
    "outside": (
        [IMAGE, IMAGE],
        [[BOX], [(80, 0, 9, 9)]],
        r"`boxes\[1\]\[0\]` must overlap the image of 80 x 60",
    ),
    "one box": ([IMAGE], [[BOX]], "`boxes` must have at least 2 boxes .* got 1"),
    "no boxes": ([IMAGE], [[]], "`boxes` must have at least 2 .* got 0"),
    "small boxes": ([IMAGE] * 9, [[(9, 9, 2, 2)]] * 9, "`boxes` must have at least 2 .* got 0"),
    "no background": ([IMAGE[:16, :16]] * 3, [[(0, 0, 16, 16)]] * 3, "must leave some background"),
}


@pytest.mark.parametrize(("images", "boxes", "message"), BAD.values(), ids=BAD.keys())
def test_bad_data_is_refused(images, boxes, message):
    with pytest.raises(ValueError, match=message) as error:
        fastsal.train_bing(images, boxes, progress=False)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "image",
    [
        IMAGE + np.float32(2), IMAGE.astype(np.int32), "photo.jpg", IMAGE[..., :2],
        np.zeros((2, 9, 9, 3), "u1"),
    ],
    ids=["bright floats", "int32", "path", "channels", "stack"],
)  # fmt: skip
def test_bad_images_are_refused(image):
    with pytest.raises(fastsal.ImageError, match=r"`images\[1\]`"):
        fastsal.train_bing([IMAGE, image], [[BOX], [BOX]], progress=False)


@pytest.mark.parametrize("seed", [-1, 1.5, None, "0"])
def test_bad_seeds_are_refused(seed, scenes):
    images, boxes = zip(*scenes[:4], strict=True)
    with pytest.raises(ValueError, match="`seed` must be"):
        fastsal.train_bing(images, boxes, seed=seed, progress=False)


def test_missing_scikit_learn_is_named_before_any_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    with pytest.raises(ImportError, match="run `pip install scikit-learn`") as error:
        fastsal.train_bing([IMAGE], [[BOX]])
    assert "\n" not in str(error.value)


def test_finding_boxes_loads_no_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    importlib.reload(sys.modules["fastsal.algorithms.bing.train"])
    assert len(bing(IMAGE)[0])


def test_progress_is_silent_where_nobody_sees_it(scenes, capfd):
    images, boxes = zip(*scenes[:4], strict=True)
    fastsal.train_bing(images, boxes)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shape", [(8, 8), (31, 50), (64, 40)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_those_of_the_definition(shape, channels, rng):
    image = rng.integers(0, 256, (*shape, channels), dtype=np.uint8)
    plan = plan_of(shape, np.arange(36, dtype=np.int32))

    halves = pictures_of(
        arrays.read_only(image.reshape(shape[0], -1)), channels, 0, plan, np.arange(3)
    )

    colours = np.repeat(image, 3, axis=2) if channels == 1 else image
    for rows, cols, at, *_ in plan.scales:
        small = cv2.resize(colours, (cols, rows), interpolation=cv2.INTER_LINEAR_EXACT)
        for space, found in zip(SPACES, halves, strict=True):
            expected = gradient(small, space) >> 4
            np.testing.assert_array_equal(
                found[at : at + rows * cols].reshape(rows, cols), expected
            )


def test_samples_fit_boxes_or_are_background(rng):
    image, boxes = scene(rng)
    view = View(arrays.as_frames(image), np.array(boxes, np.int32))
    plan = plan_of((120, 160), np.arange(36, dtype=np.int32))

    samples = samples_of(view, 50, rng)

    assert 0 < len(samples.background) <= 50
    expected = []
    for scale, (rows, cols, *_) in enumerate(plan.scales):
        row, col = map(np.ravel, np.mgrid[: rows - 7, : cols - 7])
        windows = boxes_of(plan, (120, 160), np.full(row.size, scale), row, col)
        for box in boxes:
            if max(overlap(each, box) for each in windows) >= 0.5:
                expected.append(plan.numbers[scale])
    assert samples.sizes.tolist() == expected
    assert samples.objects.shape == (len(expected), 3, 64)
    assert samples.objects.max() <= 15


def test_calibration_tells_hits_from_misses(rng):
    """Scores separate hits from misses for one size; the others always or never hit."""
    is_hit = rng.random(400) < 0.3
    score = (rng.normal(size=400) + 3 * is_hit).astype(np.float32)
    tally = Tally(
        np.repeat([0, 1, 2], [400, 5, 5]),
        np.concatenate([score, score[:10]]),
        np.concatenate([is_hit, np.repeat([True, False], 5)]),
    )

    calibrations = learnt_calibrations([[tally] * 3], 3, linear_svm())

    (weight, bias), always, never = calibrations["maxbgr"]
    assert ((score * weight + bias > 0) == is_hit).mean() > 0.85
    assert weight > 0
    assert always.tolist() == [0, 1]
    assert never.tolist() == [0, -1]
    for i, space in enumerate(SPACES):
        lower = calibrations["maxbgr"] - calibrations[space]
        np.testing.assert_allclose(lower, [[0, 0.2 * i]] * 3, atol=1e-6)


def test_mirror_image_twice_is_the_image(rng):
    image, boxes = scene(rng)
    view = View(arrays.as_frames(image), np.array(boxes, np.int32))

    once = mirrored(view)
    twice = mirrored(once)

    for x, y, width, height in once.boxes:
        inside = once.frames.pixels.reshape(image.shape)[y : y + height, x : x + width]
        assert (inside.min(axis=(0, 1)) >= 150).all()
    np.testing.assert_array_equal(twice.boxes, view.boxes)
    np.testing.assert_array_equal(twice.frames.pixels, view.frames.pixels)


def test_overlaps_are_intersections_over_unions(rng):
    start, extent = rng.integers(0, 30, (2, 20, 2))
    boxes = np.concatenate([start, extent + 1], axis=1).astype(np.int32)

    expected = [[overlap(one, other) for other in boxes] for one in boxes]

    np.testing.assert_allclose(iou(boxes, boxes), expected, rtol=1e-12)


def test_default_model_needs_no_path():
    image = np.full((120, 160, 3), 40, np.uint8)
    x, y, width, height = BOX
    image[y : y + height, x : x + width] = 220

    boxes, _ = bing(image, max_boxes=50)

    assert fastsal.BingModel.default() is fastsal.BingModel.default()
    assert max(overlap(each, BOX) for each in boxes) > 0.5


def test_default_model_is_small():
    files = list(default_bing.PLACE.iterdir())
    assert len(files) == 9
    assert sum(path.stat().st_size for path in files) < 50_000


def test_default_model_is_what_its_script_makes(shared):
    default = fastsal.BingModel.default()

    model = default_bing.trained(shared / "data" / "indoor_boxes")

    np.testing.assert_array_equal(model.sizes, default.sizes)
    for space in SPACES:  # up to differences between JPEG decoders and between processors
        np.testing.assert_allclose(model.filters[space], default.filters[space], atol=2e-3)
        np.testing.assert_allclose(
            model.calibrations[space], default.calibrations[space], atol=5e-3
        )


def test_default_model_finds_at_least_what_opencvs_does(shared):
    """Compare the first 1,000 boxes, in photographs outside the training set."""
    photos = folders.for_testing(folders.photographs(shared / "data" / "indoor_boxes"))
    other = fastsal.BingModel.load(shared / "golden" / "opencv" / "bing_model")

    ours = recall.first_hits(recall.merged(fastsal.BingModel.default()), photos)

    assert len(photos) == 21
    for order in (recall.merged, recall.as_opencv):
        theirs = recall.first_hits(order(other), photos)
        assert recall.recall(ours, 1000) > recall.recall(theirs, 1000)


def test_recall_counts_objects_found():
    hits = [np.array([0, 99, recall.NEVER]), np.array([100])]

    assert recall.recall(hits, 100) == 0.5
    assert recall.recall(hits, recall.NEVER) == 0.75
    # By the definition, of a ratio of sums over two photographs: residuals 0.5 and -0.5 of 4.
    assert recall.standard_error(hits, 100) == pytest.approx(np.sqrt(2 * (0.5**2 + 0.5**2)) / 4)
    assert recall.standard_error(hits, 100, hits) == 0
