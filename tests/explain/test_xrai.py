"""XRAI against PAIR's recorded outputs and the definition with masks."""

import hashlib

import numpy as np
import pytest
from explain_models import tinycnn
from reference import xrai as reference

import fastsal
from fastsal import explain
from fastsal.algorithms.xrai import Regions, rank_regions
from fastsal.explain import segments

PHOTOS = ("astronaut224", "chelsea", "astronaut512")
VARIANTS = {
    "full": {"mode": "full"},
    "fast": {"mode": "fast"},
    "full_area0.2": {"mode": "full", "area_threshold": 0.2},
    "full_mpd1": {"mode": "full", "min_pixel_diff": 1},
    "fast_mpd500": {"mode": "fast", "min_pixel_diff": 500},
}


@pytest.fixture(scope="module")
def golden(shared):
    return lambda name: np.load(shared / "golden" / "xai" / f"xrai_{name}.npz")


def assert_same(found, saliency, ranks, is_exact):
    np.testing.assert_array_equal(found[1], ranks)
    if is_exact:
        np.testing.assert_array_equal(found[0], saliency)
    else:
        np.testing.assert_allclose(found[0], saliency, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", "icf")
@pytest.mark.parametrize("name", ["many", "dups", "one", "cover", "grid"])
def test_rankings_of_masks_are_the_recorded_ones(golden, name, kind):
    data = golden("rank")
    masks = np.unpackbits(data[f"{name}_masks_packed"], axis=1)[:, : 40 * 52].astype(bool)
    regions = Regions.of_masks(masks.reshape(-1, 40, 52))
    np.testing.assert_array_equal(regions.masks(), masks.reshape(-1, 40, 52))
    attribution, count = data[f"{name}_{kind}attr"].astype(float), 0
    for least in (1, 20, 50):
        keys = {f"{name}_{kind}_full_mpd{least}_area{area}": ("full", area, least)
                for area in (1.0, 0.3, 0.0)}  # fmt: skip
        keys[f"{name}_{kind}_fast_mpd{least}"] = ("fast", 1.0, least)
        for key, options in keys.items():
            found = rank_regions(attribution, regions, *options)
            assert_same(found, data[f"{key}_map"], data[f"{key}_ranks"], kind != "f")
            count += 1
    assert count == 12


@pytest.mark.parametrize("name", PHOTOS)
def test_photographs_give_the_recorded_regions_and_ranks(golden, name):
    data, count = golden(name), 0
    image = data["image_u8"] / 255
    regions = segments.regions_of_image(image)
    bits = np.packbits(regions.masks())
    assert hashlib.sha256(bits.tobytes()).hexdigest() == str(data["masks_sha256"])
    for kind in "if":
        for key, options in VARIANTS.items():
            if f"{kind}_{key}_map" in data:
                saliency, details = explain.xrai(
                    image, attribution=data[f"{kind}attr"], segments=regions,
                    return_details=True, **options,
                )  # fmt: skip
                found = saliency, details.ranks
                assert_same(found, data[f"{kind}_{key}_map"], data[f"{kind}_{key}_ranks"],
                            kind == "i")  # fmt: skip
                count += 1
    assert count >= 3


def test_the_resized_image_is_the_recorded_one(golden):
    data = golden("chelsea")
    found = segments.normalised(data["image_u8"].astype(float))
    np.testing.assert_allclose(found, data["normalised_224"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_from_model_to_map(golden, mode):
    data = golden("e2e")
    image, model = data["image_u8"] / 255, tinycnn(target=None)
    saliency, details = explain.xrai(
        image, model, target=2, steps=20, batch_size=8, mode=mode, return_details=True
    )
    top = np.abs(data[f"{mode}_map"]).max()

    assert np.abs(saliency - data[f"{mode}_map"]).max() <= 1e-6 * top
    np.testing.assert_array_equal(details.ranks, data[f"{mode}_ranks"])
    assert model.batches == data["batches"][: len(model.batches)].tolist()
    recorded = ((data["ig_black"] + data["ig_white"]) / 2).max(2)
    np.testing.assert_allclose(details.attribution, recorded, rtol=0, atol=1e-6 * top)


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_labels_and_masks_against_the_definition(rng, mode):
    labels = np.stack([rng.integers(0, 4, (6, 7)), rng.integers(-2, 2, (6, 7))])
    labels = labels.repeat(4, 1).repeat(3, 2)
    attribution = rng.integers(-9, 9, labels[0].shape).astype(float)
    masks = [image == name for image in labels for name in np.unique(image)]
    expected = reference.rank(attribution, masks, mode, 0.7, 10)
    image = np.zeros(labels[0].shape)
    options = {"mode": mode, "area_threshold": 0.7, "min_pixel_diff": 10, "return_details": True}
    for given in (labels, masks, np.stack(masks), Regions.of_masks(masks)):
        saliency, details = explain.xrai(image, attribution=attribution, segments=given, **options)
        assert_same((saliency, details.ranks), *expected, True)


@pytest.mark.parametrize("radius", [0, 1, 5])
def test_regions_of_labels_are_dilated_by_a_disk(rng, radius):
    labels = rng.integers(0, 3, (5, 6)).repeat(5, 0).repeat(4, 1)
    labels[rng.random(labels.shape) < 0.1] = 3
    found = Regions.of_labels([labels], [5], radius).masks()

    assert len(found) == 5
    for label, mask in enumerate(found):
        np.testing.assert_array_equal(mask, reference.dilated(labels == label, radius))


def test_zeros_left_after_larger_values_are_equal(rng):
    attribution = np.zeros((30, 30))
    attribution[:10, :10] = rng.random((10, 10))
    rows, cols = np.mgrid[:30, :30]
    masks = [(rows < 10) & (cols < 10)]
    masks += [(cols >= start) & (cols < start + 10) for start in (0, 10, 20)]
    saliency, details = explain.xrai(
        attribution, attribution=attribution, segments=masks, return_details=True
    )
    assert saliency[20].tolist() == [0.0] * 30
    assert [details.ranks[20, col] for col in (0, 10, 20)] == [2, 3, 4]


def test_completeness(rng):
    image, attribution = rng.random((70, 90, 3)), rng.standard_normal((70, 90))
    for mode in ("full", "fast"):
        saliency = explain.xrai(image, attribution=attribution, mode=mode)
        assert saliency.sum() == pytest.approx(attribution.sum(), abs=1e-9)


def test_segments_serve_again(rng):
    image = rng.random((60, 80, 3))
    first, second = rng.standard_normal((2, 60, 80))
    _, details = explain.xrai(image, attribution=first, return_details=True)
    np.testing.assert_array_equal(
        explain.xrai(image, attribution=second, segments=details.segments),
        explain.xrai(image, attribution=second),
    )
    assert details.segments.mask(-1).shape == (60, 80)
    assert "60 x 80" in repr(details.segments)


@pytest.mark.parametrize("channels", [1, 3, 4, 8])
def test_any_number_of_channels(rng, channels):
    image, attribution = rng.random((60, 50, channels)), rng.standard_normal((60, 50, channels))
    found = explain.xrai(image, attribution=attribution)
    np.testing.assert_array_equal(found, explain.xrai(image, attribution=attribution.max(-1)))
    if channels == 1:
        grey = explain.xrai(image[..., 0], attribution=attribution[..., 0])
        np.testing.assert_array_equal(found, grey)


@pytest.mark.parametrize("shape", [(17, 400), (400, 17), (3, 5), (1, 1)])
def test_odd_sizes(rng, shape):
    attribution = rng.standard_normal(shape)
    found = explain.xrai(rng.random((*shape, 3)), attribution=attribution)
    assert found.shape == shape
    assert found.sum() == pytest.approx(attribution.sum(), abs=1e-9)


def test_uint8_images_are_as_floats(rng):
    image, attribution = rng.integers(0, 256, (50, 60, 3), np.uint8), rng.standard_normal((50, 60))
    np.testing.assert_array_equal(
        explain.xrai(image, attribution=attribution),
        explain.xrai(image.astype(np.float32), attribution=attribution),
    )


def test_constant_images_and_attributions():
    image, attribution = np.full((40, 50, 3), 0.3), np.arange(2000.0).reshape(40, 50)
    found = explain.xrai(image, attribution=attribution)
    np.testing.assert_allclose(found, attribution.mean())
    image[:, 25:] = 0.9
    np.testing.assert_array_equal(explain.xrai(image, attribution=np.full((40, 50), 0.1)), 0.1)
    np.testing.assert_array_equal(explain.xrai(image, attribution=np.zeros((40, 50))), 0)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e200])
def test_attributions_of_any_magnitude(rng, scale):
    image, attribution = rng.random((50, 60, 3)), rng.integers(-8, 9, (50, 60)).astype(float)
    expected = explain.xrai(image, attribution=attribution)
    found = explain.xrai(image, attribution=attribution * scale)
    np.testing.assert_allclose(found, expected * scale, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attribution": np.full((8, 9), np.nan)}, "`attribution` must be finite"),
        ({"attribution": np.full((8, 9), -np.inf)}, "`attribution` must be finite"),
        ({"attribution": np.zeros((8, 8))}, r"`attribution` must be of shape \(8, 9\)"),
        ({"attribution": None}, "`model` or `attribution` must be given"),
        ({"segments": []}, "`segments` must hold at least one"),
        ({"segments": np.zeros((0, 8, 9), bool)}, "`segments` must hold at least one"),
        ({"segments": np.zeros((3, 8, 8), bool)}, "`segments` must be of the image's shape"),
        ({"segments": np.zeros((8, 9))}, "`segments` must be masks of bool or label images"),
        ({"segments": Regions.of_masks([np.ones((3, 3), bool)])}, "`segments` must be of an image"),
        ({"mode": "best"}, "`mode` must be 'full' or 'fast'"),
        ({"area_threshold": 1.5}, "`area_threshold` must be"),
        ({"min_pixel_diff": -1}, "`min_pixel_diff` must be"),
        ({"image": np.zeros((2, 8, 9, 3))}, "`image` must be of shape"),
        ({"image": np.full((8, 9), np.nan)}, "`image` must be finite"),
    ],
)
def test_wrong_input_is_one_line(change, message):
    options = {"image": np.zeros((8, 9, 3)), "attribution": np.zeros((8, 9)), **change}
    with pytest.raises(ValueError, match=message) as error:
        explain.xrai(options.pop("image"), **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("baselines", ["min", [], ["mean"], [np.zeros((3, 3, 3))], 5])
def test_wrong_baselines_are_one_line(baselines):
    with pytest.raises((ValueError, fastsal.ImageError), match="`baseline"):
        explain.xrai(np.zeros((8, 9, 3)), tinycnn(), baselines=baselines)


def test_large_images_take_little_memory(rng):
    import tracemalloc

    small = rng.random((68, 120, 3))
    image = small.repeat(16, 0).repeat(16, 1)[:1080, :1920]
    attribution = image.sum(2) - 1.5
    explain.xrai(small, attribution=small.sum(2))  # compiles
    tracemalloc.start()
    try:
        explain.xrai(image, attribution=attribution)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 200 * attribution.size
