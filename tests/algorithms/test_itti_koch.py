import csv
import dataclasses
import importlib

import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference.itti_koch import conspicuity as reference
from reference.postprocess import postprocess as finished
from skimage import data
from skimage.color import rgb2lab

import fastsal
from fastsal import runtime
from fastsal.algorithms.itti_koch import IttiOptions, _plan, itti_koch
from fastsal.kernels import launch

# N depends on local maxima, so rounding has a large effect where two pixels are equal. The pictures
# compared here have no such pixels.
TOLERANCE = 1e-5
RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 0)
NAMED = {
    "default": IttiOptions.DEFAULT,
    "paper": IttiOptions.PAPER,
    "fixation": IttiOptions.FIXATION,
}
OPTIONS = {
    **NAMED,
    "no signs": IttiOptions(on_off=False),
    "stretched only": IttiOptions(norm="none"),
    "competing": IttiOptions(norm="iterative"),
    "competing, paper": dataclasses.replace(IttiOptions.PAPER, norm="iterative"),
    "energy and border": IttiOptions(gabor="energy", border=0.2),
    "weights": IttiOptions(weights=(1, 0, 3)),
    "lab, paper": dataclasses.replace(IttiOptions.PAPER, color_space="lab"),
}


@pytest.fixture(autouse=True)
def _fewer_threads(_small_blocks, monkeypatch):
    """Scans make the threads of a block wait for each other, which takes the simulator long."""
    if runtime.is_simulated():
        monkeypatch.setattr(launch, "THREADS", 8)


def photograph(rows, cols, name="coffee"):
    return cv2.resize(getattr(data, name)(), (cols, rows), interpolation=cv2.INTER_AREA)


def expected_maps(image, options):
    """Return the map and its three parts from the definition, at full size."""
    shape = image.shape[:2]
    small = reference(
        image,
        opponency="sum" if options.opponency == "paper" else "difference",
        gabor=options.gabor,
        border=options.border,
        norm=options.norm,
        color_space=options.color_space,
        on_off=options.on_off,
        ranges=options.ranges,
        weights=options.weights,
        to_lab=rgb2lab,
    )
    return [finished(each, shape, 0 if part else options.smooth) for part, each in enumerate(small)]


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("shape", [(150, 201), (300, 400), (61, 45)], ids=str)
def test_matches_the_definition(name, shape):
    image = photograph(*shape)

    saliency, parts = itti_koch(image, preset=OPTIONS[name], return_conspicuity=True, backend="cpu")

    assert saliency.dtype == np.float32
    assert saliency.flags.c_contiguous
    for actual, expected in zip(
        (saliency, *parts), expected_maps(image, OPTIONS[name]), strict=True
    ):
        # Our CIELab is right to 2e-4 of its 100 levels, and features of faint colour are stretched.
        tolerance = TOLERANCE if OPTIONS[name].color_space == "rgb" else 1e-4
        np.testing.assert_allclose(actual, expected, atol=tolerance)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "rocket"])
def test_photographs_larger_than_every_surround(name):
    image = photograph(540, 720, name)

    actual = itti_koch(image, backend="cpu")

    np.testing.assert_allclose(actual, expected_maps(image, IttiOptions.DEFAULT)[0], atol=TOLERANCE)


def test_grey_images_have_no_colour():
    image = photograph(200, 300)[..., 1]

    saliency, parts = itti_koch(image, return_conspicuity=True, backend="cpu")

    assert not parts.color.any()
    expected = expected_maps(image, IttiOptions.DEFAULT)
    np.testing.assert_allclose(saliency, expected[0], atol=TOLERANCE)
    same = itti_koch(np.stack([image] * 3, -1), backend="cpu")
    np.testing.assert_allclose(saliency, same, atol=TOLERANCE)
    lab = [itti_koch(each, preset="fixation") for each in (image, np.stack([image] * 3, -1))]
    np.testing.assert_allclose(*lab, atol=TOLERANCE)


@pytest.mark.parametrize(("size", "side"), [(100, 3), (299, 2), (300, 1), (40, 8)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_working_size_averages_squares(size, side, dtype):
    image = photograph(201, 300) if dtype == np.uint8 else photograph(201, 300) / np.float32(255)
    options = IttiOptions(working_size=size)

    actual = itti_koch(image, preset=options, backend="cpu")

    rows, cols = -(-201 // side), -(-300 // side)
    small = np.array([
        [image[y * side : (y + 1) * side, x * side : (x + 1) * side].mean((0, 1))
         for x in range(cols)] for y in range(rows)
    ]) * (1 if dtype == np.uint8 else 255)  # fmt: skip
    np.testing.assert_allclose(actual, finished(reference(small)[0], (201, 300)), atol=TOLERANCE)


@pytest.mark.cuda
@pytest.mark.parametrize("name", ["default", "paper", "reduced", "competing"])
def test_the_device_gives_the_same(cuda_device, name):
    image = photograph(40, 37) if name == "reduced" else photograph(17, 21)
    reduced = IttiOptions(working_size=20, norm="none", color_space="lab")
    options = reduced if name == "reduced" else OPTIONS[name]

    saliency, parts = itti_koch(image, preset=options, return_conspicuity=True, backend="cuda")

    expected, others = itti_koch(image, preset=options, return_conspicuity=True, backend="cpu")
    for actual, other in zip((saliency, *parts), (expected, *others), strict=True):
        np.testing.assert_allclose(actual, other, atol=TOLERANCE)


@pytest.mark.cuda
@pytest.mark.parametrize("pair", [(3, 6), (4, 8)], ids=str)
def test_the_device_gives_the_same_at_other_scales(cuda_device, monkeypatch, pair):
    monkeypatch.setattr(_plan, "PAIRS", (pair,))
    caches = _plan.plan_of, importlib.import_module("fastsal.algorithms.itti_koch._cuda")._tables
    for each in caches:
        each.cache_clear()
    try:
        image = photograph(50, 37)[..., 0]
        actual, expected = (itti_koch(image, backend=each) for each in ("cuda", "cpu"))
    finally:
        for each in caches:
            each.cache_clear()

    assert expected.max() > 0.5
    np.testing.assert_allclose(actual, expected, atol=TOLERANCE)


def bars(rows, cols, odd, colors, upright, ground):
    """Return a field of bars; the bar at `odd` has the second colour and direction."""
    image = np.full((60 * rows, 60 * cols, 3), ground, np.uint8)
    for row in range(rows):
        for col in range(cols):
            is_odd = (row, col) == odd
            height, width = (36, 10) if upright[is_odd] else (10, 36)
            top, left = 60 * row + 30 - height // 2, 60 * col + 30 - width // 2
            image[top : top + height, left : left + width] = colors[is_odd]
    return image


@pytest.mark.parametrize("odd", [(1, 2), (3, 5), (6, 7)], ids=str)
@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize(
    ("colors", "upright"),
    [
        ((GREEN, RED), (True, True)),
        ((RED, GREEN), (True, True)),
        ((GREEN, GREEN), (False, True)),
        ((GREEN, GREEN), (True, False)),
        ((WHITE, WHITE), (False, True)),
        ((BLACK, BLACK), (True, False)),
    ],
    ids=["red", "green", "upright", "lying", "upright white", "lying black"],
)
def test_the_odd_bar_pops_out(colors, upright, ground, odd):
    if (ground,) * 3 == colors[0]:
        return  # nothing to see
    image = bars(8, 10, odd, colors, upright, ground)

    saliency = itti_koch(image)

    row, col = np.unravel_index(saliency.argmax(), saliency.shape)
    assert (row // 60, col // 60) == odd


@pytest.mark.parametrize("preset", NAMED)
@pytest.mark.parametrize("level", [0, 1, 77, 200, 255])
@pytest.mark.parametrize("size", [(70, 80), (300, 300)], ids=str)
def test_one_level_stands_out_nowhere(preset, level, size):
    for shape in (size, (*size, 3)):
        assert not itti_koch(np.full(shape, level, np.uint8), preset=preset).any()
        floats = np.full(shape, np.float32(level / 255))
        assert not itti_koch(floats, preset=preset).any()


@pytest.mark.parametrize("preset", ["default", "fixation"])
def test_one_colour_stands_out_nowhere(preset):
    image = np.full((300, 300, 3), (200, 13, 77), np.uint8)
    assert not itti_koch(image, preset=preset).any()


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (256, 768)], ids=str)
def test_a_turned_picture_has_a_turned_map(size):
    image = photograph(*size)

    saliency, parts = itti_koch(image, return_conspicuity=True)
    turned, turned_parts = itti_koch(np.rot90(image), return_conspicuity=True)

    for first, second in zip((saliency, *parts), (turned, *turned_parts), strict=True):
        np.testing.assert_allclose(np.rot90(first), second, atol=TOLERANCE)


def test_a_turned_picture_swaps_its_orientations():
    from fastsal.algorithms.itti_koch import _cpu_pyramids

    plan = _plan.plan_of(256, 256, 1, IttiOptions.DEFAULT)
    planes = np.zeros((2, _plan.PLANES, plan.atlas), np.float32)
    scale = photograph(64, 64)[..., 0].astype(np.float32)
    for maps, source in zip(planes, (scale, np.rot90(scale)), strict=True):
        maps[0, : scale.size] = source.reshape(-1)
        _cpu_pyramids.orient(plan, maps, 0, 64)

    first, second = planes[:, 3:, : scale.size].reshape(2, 4, 64, 64)
    for one, other in ((0, 1), (1, 0), (2, 3), (3, 2)):
        np.testing.assert_allclose(np.rot90(first[one]), second[other], atol=1e-3)
    assert np.abs(first[0] - first[1]).max() > 10


def test_less_light_leaves_the_colours():
    image = photograph(300, 400) // 2 * 2

    bright, dim = (itti_koch(each, return_conspicuity=True)[1] for each in (image, image // 2))

    np.testing.assert_allclose(dim.color, bright.color, atol=TOLERANCE)


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33])
def test_every_size_works(size):
    rng = np.random.default_rng(size)
    for shape in ((size, size, 3), (1, size), (size, 1, 3), (size, 100), (100, size, 3)):
        saliency = itti_koch(rng.integers(0, 256, shape, dtype=np.uint8))
        assert saliency.shape == shape[:2]
        assert saliency.min() >= 0
        assert saliency.max() <= 1
        if min(shape[:2]) > 64:
            assert saliency.max() > 0.9


@given(
    image=hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 70), st.integers(1, 70)),
        elements=st.integers(0, 255),
    ),
    preset=st.sampled_from(list(NAMED)),
)
@settings(deadline=None, max_examples=60)
def test_any_small_image(image, preset):
    saliency = itti_koch(image, preset=preset, backend="cpu")

    assert np.isfinite(saliency).all()
    assert saliency.min() >= 0
    assert saliency.max() <= 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
@pytest.mark.parametrize("shape", [(80, 90, 3), (260, 270, 3), (100, 120)], ids=str)
def test_other_dtypes_stand_for_the_same_levels(shape, dtype):
    image = photograph(*shape[:2])
    image = image if len(shape) == 3 else image[..., 0]
    other = image.astype(dtype) * 257 if dtype == np.uint16 else (image / 255).astype(dtype)

    actual = itti_koch(other, backend="cpu")

    np.testing.assert_allclose(actual, itti_koch(image, backend="cpu"), atol=TOLERANCE)


@pytest.mark.parametrize("shape", [(90, 100), (300, 300)], ids=str)
def test_order_of_channels_and_alpha(shape):
    image = photograph(*shape)
    expected = itti_koch(image, backend="cpu")

    np.testing.assert_array_equal(itti_koch(image[..., ::-1], color="bgr"), expected)
    alpha = np.dstack([image, image[..., :1]])
    np.testing.assert_array_equal(itti_koch(alpha), expected)
    np.testing.assert_array_equal(itti_koch(image.transpose(2, 0, 1), channel_axis=0), expected)


@pytest.mark.parametrize("shape", [(3, 90, 100, 3), (12, 80, 90, 3), (2, 270, 260, 3)], ids=str)
def test_stack_is_scored_frame_by_frame(shape):
    picture = photograph(*shape[1:3])
    stack = np.stack([np.roll(picture, 9 * index, axis=1) for index in range(shape[0])])

    actual, parts = itti_koch(stack, return_conspicuity=True, backend="cpu")

    for frame, saliency, color in zip(stack, actual, parts.color, strict=True):
        alone, parts_alone = itti_koch(frame, return_conspicuity=True, backend="cpu")
        np.testing.assert_array_equal(saliency, alone)
        np.testing.assert_array_equal(color, parts_alone.color)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("size", [(90, 100), (300, 300)], ids=str)
def test_out_is_filled_and_returned(dtype, size):
    image = photograph(*size)
    expected = itti_koch(image, backend="cpu")
    out = np.full(size, 7, dtype)

    assert itti_koch(image, out=out, backend="cpu") is out

    np.testing.assert_array_equal(out, expected if dtype == np.float32 else np.rint(255 * expected))


def test_smooth_and_center_bias_are_those_of_the_finish():
    image = photograph(150, 201)
    small = reference(image)[0]

    actual = itti_koch(image, smooth=0.05, center_bias=0.6, backend="cpu")

    expected = finished(small, (150, 201), smooth=0.05, center_bias=0.6)
    np.testing.assert_allclose(actual, expected, atol=TOLERANCE)


def test_presets_go_by_name_or_by_value():
    image = photograph(150, 201)

    for name, options in NAMED.items():
        np.testing.assert_array_equal(
            itti_koch(image, preset=name), itti_koch(image, preset=options)
        )
    other = dataclasses.replace(IttiOptions.PAPER, border=0.1)
    assert (itti_koch(image, preset=other) != itti_koch(image, preset="paper")).any()
    stream = fastsal.Stream("itti-koch", preset="paper", smooth=0.01)
    np.testing.assert_array_equal(
        stream.update(image), itti_koch(image, preset="paper", smooth=0.01)
    )


@pytest.mark.parametrize("shape", [(301, 402, 3), (30, 50, 61, 3)], ids=str)
def test_any_number_of_threads_gives_the_same_bits(shape):
    image = np.resize(photograph(301, 402), shape)
    many = itti_koch(image, backend="cpu")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = itti_koch(image, backend="cpu")
    finally:
        numba.set_num_threads(before)

    np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        (
            {"preset": "fast"},
            ValueError,
            "`preset` must be 'default', 'paper', 'fixation' or an Itti",
        ),
        ({"preset": None}, ValueError, "got None"),
        ({"smooth": -0.1}, ValueError, "`smooth` must be a number from 0 to 1; got -0.1"),
        ({"center_bias": 2}, ValueError, "`center_bias` must be"),
        ({"color": "hsv"}, ValueError, "`color` must be"),
        ({"out": np.zeros((3, 3), np.float32)}, fastsal.ImageError, "`out` must be"),
    ],
    ids=["name", "none", "smooth", "bias", "color", "out"],
)
def test_bad_arguments_are_refused(options, error, says):
    with pytest.raises(error, match=says):
        itti_koch(np.zeros((40, 40, 3), np.uint8), **options)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((4, 4), bool),
        np.full((4, 4), np.nan, np.float32),
        np.full((4, 4), 255.0),
    ],
    ids=["two channels", "empty", "rank 1", "bool", "NaN", "range"],
)
def test_bad_images_are_refused(image):
    with pytest.raises(fastsal.ImageError, match="image"):
        itti_koch(image)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("opponency", "sum"),
        ("gabor", None),
        ("norm", "max"),
        ("color_space", "hsv"),
        ("border", -0.1),
        ("border", "wide"),
        ("smooth", float("nan")),
        ("weights", (1, 2)),
        ("weights", (0, 0, 0)),
        ("weights", (1, -1, 1)),
        ("weights", "abc"),
        ("weights", (1, 1, float("inf"))),
        ("working_size", 0),
        ("working_size", 2.5),
    ],
)
def test_bad_options_are_refused_when_they_are_made(option, value):
    with pytest.raises(ValueError, match=f"^`{option}` must .*; got ") as error:
        IttiOptions(**{option: value})
    assert "\n" not in str(error.value)


def test_options_are_kept_in_one_form():
    assert IttiOptions(weights=[1, 1, 1], border=0.05) == IttiOptions.DEFAULT
    assert hash(IttiOptions()) == hash(IttiOptions.DEFAULT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        IttiOptions.DEFAULT.border = 0


@pytest.mark.cuda
def test_device_array_in_device_array_out(cuda_device):
    image = photograph(17, 21)
    held = cuda_device.to_device((image[..., ::-1] / 255).astype(np.float32))
    out = cuda_device.to_device(np.full((17, 21), 7, np.uint8))

    actual, parts = itti_koch(held, color="bgr", out=out, return_conspicuity=True)

    assert actual is out
    assert type(parts.color) is type(held)
    expected, others = itti_koch(image, return_conspicuity=True, backend="cpu")
    assert np.abs(out.copy_to_host() - 255 * expected).max() < 0.6
    np.testing.assert_allclose(parts.color.copy_to_host(), others.color, atol=1e-4)


@pytest.mark.cuda
def test_a_long_stack_goes_through_in_groups(cuda_device, monkeypatch):
    from fastsal.algorithms.itti_koch import _cuda

    monkeypatch.setattr(_cuda, "GROUP", 17 * 18)
    stack = np.stack([np.full((17, 18, 3), (200, 13, 77), np.uint8), photograph(17, 18)])

    actual = itti_koch(stack, backend="cuda")

    assert not actual[0].any()
    np.testing.assert_allclose(actual[1], itti_koch(stack[1], backend="cpu"), atol=TOLERANCE)


def test_people_look_there(shared):
    """No blur and no prior; variants were compared on these photographs, so it flatters."""
    folder = shared / "data" / "osie"
    places = {}
    with open(folder / "fixations.csv") as file:
        for row in csv.DictReader(file):
            place = int(float(row["y_px"])), int(float(row["x_px"]))
            places.setdefault(row["image"], []).append(place)
    scores = {preset: [] for preset in NAMED}
    for name, fixations in places.items():
        image = cv2.imread(str(folder / "images" / name))
        for preset, found in scores.items():
            saliency = itti_koch(image, preset=preset, color="bgr")
            standard = (saliency - saliency.mean()) / saliency.std()
            height, width = saliency.shape
            inside = [(y, x) for y, x in fixations if y < height and x < width]
            found.append(np.mean([standard[place] for place in inside]))

    means = {preset: np.mean(found) for preset, found in scores.items()}
    assert len(places) == 40
    assert means["default"] >= 1.05
    assert means["fixation"] >= 1.15
    assert means["paper"] < means["default"]
