import gzip
import shutil
import threading
from pathlib import Path

import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.bing import boxes_of, read_model
from skimage import data

import fastsal
from fastsal.algorithms.bing import SPACES, BingModel, bing, ranked_boxes
from fastsal.algorithms.bing.plan import filters_of, plan_of
from fastsal.errors import ModelError

RECORDED = Path(__file__).parents[1] / "golden" / "opencv"


@pytest.fixture(scope="module")
def folder():
    return RECORDED / "bing_model"


@pytest.fixture(scope="module")
def pictures():
    photo = np.ascontiguousarray(data.astronaut()[::2, ::2, ::-1])
    return dict(np.load(RECORDED / "images.npz")) | {"astronaut_bgr": photo}


@pytest.fixture(scope="module")
def small_model():
    """Return a model made by hand, for tests where OpenCV's is not needed."""
    rng = np.random.default_rng(5)
    filters = {space: rng.normal(size=(8, 8)).astype(np.float32) for space in SPACES}
    sizes = np.arange(36, dtype=np.int32)
    return BingModel(filters, sizes, {space: rng.normal(size=(36, 2)) for space in SPACES})


def as_opencv(ranked):
    """Return boxes as OpenCV does: first and last pixel, counted from 1, space after space."""
    boxes = np.concatenate([each.boxes for each in ranked])
    return np.concatenate([boxes[:, :2] + 1, boxes[:, :2] + boxes[:, 2:]], axis=1)


def test_equals_opencv(recordings, folder):
    images = dict(np.load(recordings / "opencv" / "images.npz"))
    images["flat90_100x120"] = np.full((100, 120, 3), 90, np.uint8)
    golden = dict(np.load(recordings / "opencv" / "bing.npz"))
    cases = [key.removeprefix("boxes__") for key in golden if key.startswith("boxes__")]
    assert len(cases) >= 6

    for case in cases:
        name, _, nss = case.partition("__NSS")
        ranked = ranked_boxes(
            images[name], training_path=folder, nss=int(nss or 2), color="bgr", backend="cpu"
        )
        np.testing.assert_array_equal(as_opencv(ranked), golden[f"boxes__{case}"], err_msg=case)
        if f"spec_scores__{case}" in golden:
            scores = np.concatenate([each.scores for each in ranked])
            np.testing.assert_array_equal(scores, golden[f"spec_scores__{case}"], err_msg=case)


@pytest.mark.parametrize("shape", [(8, 8), (9, 31), (40, 8), (61, 53), (17, 130)], ids=str)
@pytest.mark.parametrize("nss", [0, 2, 7])
def test_matches_the_definition(shape, nss, folder, rng):
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    image[shape[0] // 3 :, shape[1] // 4 : shape[1] // 2] = 200

    ranked = ranked_boxes(image, training_path=folder, nss=nss, color="bgr", backend="cpu")

    for space, boxes, scores in ranked:
        expected, its_scores = boxes_of(image, read_model(folder, space), space, nss)
        np.testing.assert_array_equal(scores, its_scores)
        ours = np.concatenate([boxes[:, :2] + 1, boxes[:, :2] + boxes[:, 2:]], axis=1)
        np.testing.assert_array_equal(ours, expected)


def test_tiny_images_match_the_definition(backend, folder, rng):
    image = rng.integers(0, 256, (17, 14, 3), dtype=np.uint8)

    for space, boxes, scores in ranked_boxes(
        image, training_path=folder, color="bgr", backend=backend
    ):
        expected, its_scores = boxes_of(image, read_model(folder, space), space)
        np.testing.assert_array_equal(scores, its_scores)
        ours = np.concatenate([boxes[:, :2] + 1, boxes[:, :2] + boxes[:, 2:]], axis=1)
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("shape", [(1, 1), (7, 40), (40, 7)], ids=str)
def test_images_of_under_eight_pixels_have_no_boxes(backend, shape, small_model):
    boxes, scores = bing(np.zeros(shape, np.uint8), training_path=small_model, backend=backend)

    assert boxes.shape == (0, 4)
    assert boxes.dtype == np.int32
    assert scores.shape == (0,)
    assert scores.dtype == np.float32


def test_merges_best_first_without_repeats(folder, pictures):
    image = pictures["rocket_bgr"]
    ranked = ranked_boxes(image, training_path=folder, color="bgr")

    boxes, scores = bing(image, training_path=folder, color="bgr")

    assert (np.diff(scores) <= 0).all()
    best = {}
    for each in ranked:
        for box, score in zip(map(tuple, each.boxes.tolist()), each.scores, strict=True):
            best[box] = max(best.get(box, -np.inf), score)
    assert dict(zip(map(tuple, boxes.tolist()), scores, strict=True)) == best
    assert len(boxes) == len(best)


def test_boxes_lie_in_the_image(folder, pictures):
    image = pictures["astronaut_bgr"]
    boxes, _ = bing(image, training_path=folder)

    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] > 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= image.shape[1::-1]).all()


@pytest.mark.parametrize("count", [0, 1, 7, 10**9])
def test_max_boxes_cuts_the_list(count, folder, pictures):
    boxes, scores = bing(pictures["crop64_bgr"], training_path=folder)
    fewer, its_scores = bing(pictures["crop64_bgr"], training_path=folder, max_boxes=count)

    np.testing.assert_array_equal(fewer, boxes[:count])
    np.testing.assert_array_equal(its_scores, scores[:count])


def test_finds_the_object(folder):
    image = np.full((240, 320, 3), 40, np.uint8)
    image[64:192, 96:224] = 220

    boxes, _ = bing(image, training_path=folder, max_boxes=30)

    left, top = np.maximum(boxes[:, 0], 96), np.maximum(boxes[:, 1], 64)
    right = np.minimum(boxes[:, 0] + boxes[:, 2], 224)
    bottom = np.minimum(boxes[:, 1] + boxes[:, 3], 192)
    inside = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
    assert (inside / (boxes[:, 2] * boxes[:, 3] + 128 * 128 - inside)).max() > 0.6


@pytest.mark.parametrize("form", ["rgb", "bgra", "grey", "strided", "read-only"])
def test_forms_of_the_image(backend, form, small_model, rng):
    image = rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)
    given, color = image, "bgr"
    if form == "rgb":
        given, color = image[..., ::-1], "rgb"
    elif form == "bgra":
        given = np.dstack([image, np.full(image.shape[:2], 7, np.uint8)])
    elif form == "grey":
        given, image = image[..., 0], np.repeat(image[..., :1], 3, axis=2)
    elif form == "strided":
        given = np.repeat(image, 2, axis=1)[:, ::2]
    else:
        given = image.copy()
        given.flags.writeable = False
    options = {"training_path": small_model, "backend": backend}

    for ours, expected in zip(
        bing(given, color=color, **options), bing(image, color="bgr", **options), strict=True
    ):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("spaces", [["i"], ["hsv", "maxbgr"], ("i", "hsv")])
def test_colour_spaces_are_those_asked_for(spaces, small_model, pictures):
    options = {"training_path": small_model, "color": "bgr"}
    all_spaces = {each.space: each for each in ranked_boxes(pictures["noise_bgr"], **options)}

    ranked = ranked_boxes(pictures["noise_bgr"], color_spaces=spaces, **options)

    assert [each.space for each in ranked] == list(spaces)
    for each in ranked:
        np.testing.assert_array_equal(each.boxes, all_spaces[each.space].boxes)
        np.testing.assert_array_equal(each.scores, all_spaces[each.space].scores)


def test_any_number_of_threads_gives_the_same_boxes(folder, pictures):
    before = numba.get_num_threads()
    many = bing(pictures["astronaut_bgr"], training_path=folder)
    numba.set_num_threads(1)
    try:
        one = bing(pictures["astronaut_bgr"], training_path=folder)
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one[0], many[0])
    np.testing.assert_array_equal(one[1], many[1])


def test_many_python_threads_at_once(folder, pictures):
    names = ["rocket_bgr", "crop64_bgr", "noise_bgr", "astronaut_bgr"]
    expected = {name: bing(pictures[name], training_path=folder) for name in names}
    found = {}

    def work(name):
        for _ in range(3):
            found[name] = bing(pictures[name], training_path=folder)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name in names:
        np.testing.assert_array_equal(found[name][0], expected[name][0])


@given(
    weights=st.lists(st.floats(-1, 1, width=32), min_size=64, max_size=64),
    shape=st.tuples(st.integers(8, 40), st.integers(8, 40)),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=25)
def test_any_filter(weights, shape, seed):
    sizes = np.arange(36, dtype=np.int32)
    calibration = np.ones((36, 2), np.float32)
    weights = np.float32(weights).reshape(8, 8)
    model = BingModel({"i": weights}, sizes, {"i": calibration})
    image = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)

    (ours,) = ranked_boxes(image, training_path=model, color_spaces=["i"], color="bgr")
    expected, scores = boxes_of(image, (weights, sizes, calibration), "i")

    np.testing.assert_array_equal(ours.scores, scores)
    np.testing.assert_array_equal(as_opencv([ours]), expected)


def test_chunks_of_taps_add_up_to_both_filters_of_signs(small_model):
    filters = filters_of(small_model, SPACES)
    for signs, taps, chunks in zip(filters.signs, filters.taps, filters.chunks, strict=True):
        halves = np.zeros((2, 8, 8), int)
        for start, middle, stop, which, negative in chunks:
            counts = np.zeros((2, 8, 8), int)
            for tap in range(start, stop):
                row, col, is_pair = taps[tap]
                counts[int(tap >= middle), row : row + 1 + is_pair, col] += 1
            assert counts.sum() <= 17  # sums of upper halves stay below 256
            assert counts[1].sum() == negative
            halves[which] += counts[0] - counts[1]
        np.testing.assert_array_equal(halves[0] + halves[1], signs[0].reshape(8, 8))
        np.testing.assert_array_equal(halves[0] - halves[1], signs[1].reshape(8, 8))


def test_a_changed_model_has_other_filters(folder):
    model = BingModel.load(folder)
    before = filters_of(model, SPACES[:1])
    model.filters[SPACES[0]] = -model.filters[SPACES[0]]

    after = filters_of(model, SPACES[:1])

    np.testing.assert_array_equal(before.factors[0, 0], after.factors[0, 0])
    assert (before.chunks != after.chunks).any()


def test_plan_of_a_large_image_skips_no_size(small_model):
    assert len(plan_of((1080, 1920), small_model.sizes).numbers) == 36
    assert len(plan_of((7, 1920), small_model.sizes).numbers) == 0


def test_model_survives_saving(folder, tmp_path):
    model = BingModel.load(folder)

    model.save(tmp_path / "new" / "folder")
    again = BingModel.load(tmp_path / "new" / "folder")

    assert again.spaces == model.spaces == SPACES
    np.testing.assert_array_equal(again.sizes, model.sizes)
    for space in SPACES:
        np.testing.assert_array_equal(again.filters[space], model.filters[space])
        np.testing.assert_array_equal(again.calibrations[space], model.calibrations[space])


@pytest.mark.parametrize("space", SPACES)
def test_files_are_read_and_written_as_opencv_does(space, folder, tmp_path):
    model = BingModel.load(folder)
    model.save(tmp_path)

    for where in (folder, tmp_path):
        weights, sizes, calibration = read_model(where, space)
        np.testing.assert_array_equal(weights, model.filters[space])
        np.testing.assert_array_equal(sizes, model.sizes)
        np.testing.assert_array_equal(calibration, model.calibrations[space])


DAMAGE = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "not gzip": lambda path: path.write_text("%YAML:1.0"),
    "empty": lambda path: path.write_bytes(b""),
    "flipped bits": lambda path: path.write_bytes(bytes(b ^ 0x55 for b in path.read_bytes())),
    "no matrix": lambda path: path.write_bytes(gzip.compress(b"%YAML:1.0\nother: 1\n")),
    "no numbers": lambda path: path.write_bytes(
        gzip.compress(gzip.decompress(path.read_bytes()).replace(b"e-", b"f-"))
    ),
    "another shape": lambda path: path.write_bytes(
        gzip.compress(gzip.decompress(path.read_bytes()).replace(b"cols: 8", b"cols: 4"))
    ),
    "not ascii": lambda path: path.write_bytes(gzip.compress(b"\xff\xfe")),
    "missing": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_files_are_named(damage, folder, tmp_path):
    copied = tmp_path / "model"
    copied.mkdir()
    for path in folder.iterdir():
        shutil.copyfile(path, copied / path.name)
    image = np.zeros((20, 20, 3), np.uint8)
    bing(image, training_path=copied)  # a file is read again after it has changed
    path = copied / "ObjNessB2W8HSV.wS1.yml.gz"
    damage(path)

    with pytest.raises(ModelError) as error:
        bing(image, training_path=copied)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        bing(np.zeros((20, 20, 3), np.uint8), training_path=tmp_path / "nowhere")


def test_model_is_read_once(folder, monkeypatch):
    image = np.zeros((20, 20, 3), np.uint8)
    bing(image, training_path=folder)
    monkeypatch.setattr(BingModel, "load", lambda folder: pytest.fail("read again"))

    bing(image, training_path=folder)
    bing(image, training_path=str(folder))


MODELS = {
    "no space": ({}, [0], {}),
    "another space": ({"rgb": np.ones((8, 8))}, [0], {"rgb": np.ones((1, 2))}),
    "no calibration": ({"i": np.ones((8, 8))}, [0], {}),
    "a small filter": ({"i": np.ones((7, 8))}, [0], {"i": np.ones((1, 2))}),
    "NaN": ({"i": np.full((8, 8), np.nan)}, [0], {"i": np.ones((1, 2))}),
    "a short calibration": ({"i": np.ones((8, 8))}, [0, 1], {"i": np.ones((1, 2))}),
    "no sizes": ({"i": np.ones((8, 8))}, [], {"i": np.ones((0, 2))}),
    "an unknown size": ({"i": np.ones((8, 8))}, [36], {"i": np.ones((1, 2))}),
}


@pytest.mark.parametrize("parts", MODELS.values(), ids=MODELS.keys())
def test_bad_models_are_refused(parts):
    with pytest.raises(ModelError, match=" must "):
        BingModel(*parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nss": -1}, "`nss` must be"),
        ({"nss": 2.5}, "`nss` must be"),
        ({"max_boxes": -3}, "`max_boxes` must be"),
        ({"max_boxes": "10"}, "`max_boxes` must be"),
        ({"color_spaces": ["rgb"]}, "`color_spaces` must be"),
        ({"color_spaces": []}, "`color_spaces` must be"),
        ({"color_spaces": ["i", "i"]}, "`color_spaces` must be"),
        ({"color": "hsv"}, "`color` must be"),
        ({"backend": "gpu"}, "`backend` must be"),
    ],
    ids=str,
)
def test_bad_options_are_refused(options, message, small_model):
    with pytest.raises(ValueError, match=message):
        bing(np.zeros((20, 20, 3), np.uint8), training_path=small_model, **options)


@pytest.mark.parametrize(
    "image",
    [np.zeros((2, 20, 20, 3), np.uint8), np.full((20, 20, 3), 2, np.float32), None,
     np.zeros((20, 20, 2), np.uint8), np.zeros((0, 20), np.uint8)],
    ids=["stack", "floats", "none", "channels", "empty"],
)  # fmt: skip
def test_bad_images_are_refused(image, small_model):
    with pytest.raises(fastsal.ImageError, match=" must "):
        bing(image, training_path=small_model)


def test_resize_is_that_of_opencv(rng):
    """The tables of a plan, applied in plain NumPy."""
    image = rng.integers(0, 256, (37, 53), dtype=np.uint8)
    plan = plan_of((37, 53), np.arange(36, dtype=np.int32))
    for rows, cols, _, _, rows_at, cols_at, _ in plan.scales:
        y, x = plan.tables[:, rows_at : rows_at + rows], plan.tables[:, cols_at : cols_at + cols]
        lines = image[y[0]] * (256 - y[2])[:, None] + image[y[1]] * y[2][:, None].astype(np.int64)
        mixed = lines[:, x[0]] * (256 - x[2]) + lines[:, x[1]] * x[2]
        expected = cv2.resize(image, (cols, rows), interpolation=cv2.INTER_LINEAR_EXACT)
        np.testing.assert_array_equal((mixed + 32768) >> 16, expected)


@pytest.mark.cuda
@pytest.mark.parametrize("nss", [0, 2])
def test_same_boxes_as_on_the_cpu(nss, cuda_device, small_model, rng):
    image = rng.integers(0, 256, (10, 15, 3), dtype=np.uint8)
    image[3:8, 4:10] = 240
    options = {"training_path": small_model, "nss": nss}

    on_cpu = ranked_boxes(image, backend="cpu", **options)

    held = cuda_device.to_device(image)
    for ranked in (ranked_boxes(image, backend="cuda", **options), ranked_boxes(held, **options)):
        for ours, theirs in zip(ranked, on_cpu, strict=True):
            np.testing.assert_array_equal(ours.boxes, theirs.boxes)
            np.testing.assert_array_equal(ours.scores, theirs.scores)


@pytest.mark.parametrize("size", [(16, 70_000), (70_000, 16), (40, 131_080)], ids=str)
def test_boxes_far_from_the_corner_are_all_there(size, rng):
    image = np.zeros(size, np.uint8)
    for _ in range(400):
        row, col = rng.integers(0, size[0] - 8), rng.integers(0, size[1] - 8)
        image[row : row + 8, col : col + 8] = 250
    boxes, scores = fastsal.bing(image)

    ranked = ranked_boxes(image)
    expected = {tuple(box) for each in ranked for box in each.boxes.tolist()}
    assert set(map(tuple, boxes.tolist())) == expected
    assert len(boxes) == len(expected)
    assert (np.diff(scores) <= 0).all()


def test_channels_in_front(rng):
    image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)

    for mine, expected in zip(
        fastsal.bing(np.moveaxis(image, -1, 0), channel_axis=0), fastsal.bing(image), strict=True
    ):
        np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_wider_dtypes_are_rounded_to_bytes(dtype, rng):
    image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    wide = image * np.uint16(257) if dtype == "uint16" else (image / 255).astype(dtype)

    np.testing.assert_array_equal(fastsal.bing(wide)[0], fastsal.bing(image)[0])
