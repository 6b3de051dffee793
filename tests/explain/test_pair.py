"""The drop-in for saliency.core: its recorded outputs, and the package's faults."""

import numpy as np
import pytest
from explain_models import Callable, sinquad, tinycnn
from reference import attributions as reference
from reference.explain_models import SinQuad, image

from fastsal import explain
from fastsal.explain import pair

KEYS = ("CONVOLUTION_LAYER_VALUES", "CONVOLUTION_OUTPUT_GRADIENTS", "INPUT_OUTPUT_GRADIENTS",
        "OUTPUT_LAYER_VALUES")  # fmt: skip


@pytest.fixture(scope="module")
def golden(shared):
    return lambda name: dict(np.load(shared / "golden" / "xai" / f"{name}.npz"))


def assert_close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


def test_keys_are_their_names():
    assert [getattr(pair, key) for key in KEYS] == list(KEYS)
    assert set(pair.SHAPE_ERROR_MESSAGE) == set(KEYS)
    assert sorted(pair.__all__) == sorted(set(pair.__all__))
    assert all(hasattr(pair, name) for name in pair.__all__)


def test_gradients_and_integrated_gradients(golden):
    data = golden("sinquad")
    for target in range(3):
        found = pair.GradientSaliency().GetMask(data["x"], sinquad(target))
        assert_close(found, data[f"pair_grad_c{target}"], 1e-13)
    method = pair.IntegratedGradients()
    for steps in (1, 2, 10, 25, 100):
        for size in (1, 7):
            model = sinquad()
            found = method.GetMask(data["x"], model, x_steps=steps, batch_size=size)
            assert_close(found, data[f"pair_ig_zero_steps{steps}_bs1"], 1e-6)
            name = f"pair_ig_zero_steps{steps}_bs{size}_batches"
            if name in data and (steps, size) != (1, 7):
                assert model.batches == data[name].tolist()
        found = method.GetMask(data["x"], sinquad(), x_baseline=data["baseline"], x_steps=steps)
        assert_close(found, data[f"pair_ig_base_steps{steps}"], 1e-6)


@pytest.mark.parametrize(("spread", "count"), [(0.15, 25), (0.3, 4), (0.0, 2)])
@pytest.mark.parametrize("magnitude", [True, False])
def test_smoothed_masks(golden, spread, count, magnitude):
    data, state = golden("sinquad"), np.random.get_state()  # noqa: NPY002
    np.random.seed(1234)  # noqa: NPY002
    found = pair.GradientSaliency().GetSmoothedMask(
        data["x"], sinquad(), stdev_spread=spread, nsamples=count, magnitude=magnitude
    )
    np.random.set_state(state)  # noqa: NPY002
    assert_close(found, data[f"pair_smooth_spread{spread}_n{count}_mag{int(magnitude)}"], 1e-6)


@pytest.mark.parametrize(("key", "shape"), [("a", (32, 32, 3)), ("b", (33, 46, 3))])
def test_grad_cam(golden, key, shape):
    data, x, method = golden("tinycnn_pair"), image(f"cnn.{key}", shape), pair.GradCam()
    for target in range(5):
        model = tinycnn(target)
        raw = method.GetMask(x, model, should_resize=False, three_dims=False)
        assert_close(raw, data[f"{key}_gradcam_raw_c{target}"], 1e-6)
        flat = method.GetMask(x, model, three_dims=False)
        assert_close(flat, data[f"{key}_gradcam_resized_c{target}"], 1e-6)
        full = method.GetMask(x, model)
        np.testing.assert_array_equal(full, np.stack([flat] * 3, 2))


def test_integrated_gradients_of_a_network(golden):
    data, method = golden("tinycnn_pair"), pair.IntegratedGradients()
    x, model = image("cnn.a", (32, 32, 3)), tinycnn(target=None)
    for value, name in ((0, "black"), (1, "white")):
        found = method.GetMask(
            x, model, {"target": 2}, x_baseline=np.full_like(x, value), x_steps=25, batch_size=10
        )
        assert_close(found, data[f"a_ig_{name}_c2_steps25"], 1e-6)
    assert model.batches[:3] == [10, 10, 5]


@pytest.mark.parametrize("algorithm", ["full", "fast"])
def test_xrai(golden, algorithm):
    data = golden("e2e".join(("xrai_", "")))
    x, model = data["image_u8"] / 255, tinycnn(target=None)
    options = pair.XRAIParameters(
        steps=20, algorithm=algorithm, return_ig_attributions=True, return_xrai_segments=True
    )
    method = pair.XRAI()
    found = method.GetMaskWithDetails(
        x, model, {"target": 2}, batch_size=8, extra_parameters=options
    )
    assert_close(found.attribution_mask, data[f"{algorithm}_map"], 1e-6)
    assert found.attribution_mask.dtype == np.float64
    np.testing.assert_array_equal(found.segments, data[f"{algorithm}_ranks"])
    for mine, name in zip(found.ig_attribution, ("ig_black", "ig_white"), strict=True):
        assert_close(mine, data[name], 1e-6)
    assert [each.flat[0] for each in found.baselines] == data["baselines"].tolist()
    options.flatten_xrai_segments = False
    masks = method.GetMaskWithDetails(
        x, model, {"target": 2}, batch_size=8, extra_parameters=options
    ).segments
    assert all((mask == (found.segments == k + 1)).all() for k, mask in enumerate(masks))


def test_xrai_of_given_attributions_and_masks(golden):
    data = golden("xrai_e2e")
    x = data["image_u8"] / 255
    masks = np.unpackbits(data["masks_packed"], axis=1)[:, : x[..., 0].size].astype(bool)
    masks = list(masks.reshape(-1, *x.shape[:2]))
    method = pair.XRAI()
    found = method.GetMask(x, None, base_attribution=data["ig_black"], segments=masks)
    expected = data["base_attribution_black_full_map"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    options = pair.XRAIParameters(steps=20, area_threshold=0.25)
    found = method.GetMask(x, tinycnn(2), segments=masks, batch_size=8, extra_parameters=options)
    assert_close(found, data["full_area0.25_map"], 1e-6)


def test_visualisations(golden):
    data = golden("sinquad")
    for percentile in (99, 95, 100, 50):
        gray = pair.VisualizeImageGrayscale(data["pair_grad_c1"], percentile)
        np.testing.assert_array_equal(gray, data[f"pair_vis_gray_p{percentile}"])
        both = pair.VisualizeImageDiverging(data["pair_grad_c1"], percentile)
        np.testing.assert_array_equal(both, data[f"pair_vis_div_p{percentile}"])
    assert pair.VisualizeImageGrayscale(np.ones((3, 3, 2))).tolist() == np.zeros((3, 3)).tolist()


def test_blur_and_guided_ig_and_occlusion(rng):
    shape = (6, 5, 3)
    x, model = rng.random(shape), sinquad(shape=shape)
    found = pair.BlurIG().GetMask(x, model, max_sigma=3, steps=10, sqrt=True, batch_size=4)
    expected = reference.blur_path(x, lambda y: model.model.grad(y, 1), 3, 10, 0.01, True)
    assert_close(found, expected, 1e-12)
    found = pair.GuidedIG().GetMask(x, model, x_steps=30)
    np.testing.assert_array_equal(found, explain.guided_ig(x, model, steps=30))
    found = pair.Occlusion().GetMask(x, model, size=3)
    expected = reference.occluded(x, lambda y: model.model.value(y, 1), 3, 0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_integer_images_do_not_wrap(rng):
    shape = (6, 5, 3)
    x, model = rng.integers(0, 256, shape, np.uint8), Callable(SinQuad(shape), 1)
    for method, options in (
        (pair.IntegratedGradients(), {"x_baseline": np.full(shape, 200, np.uint8)}),
        (pair.BlurIG(), {"steps": 3}), (pair.GuidedIG(), {"x_steps": 3}),
        (pair.XRAI(), {"extra_parameters": pair.XRAIParameters(steps=3)}),
    ):  # fmt: skip
        found = method.GetMask(x, model, **options)
        np.testing.assert_array_equal(found, method.GetMask(x.astype(float), model, **options))


def test_errors_are_those_of_the_package(rng):
    x = rng.random((6, 5, 3))
    wrong = lambda *args, **options: {"INPUT_OUTPUT_GRADIENTS": np.zeros((1, 6, 5))}  # noqa: E731
    with pytest.raises(ValueError, match="Expected key INPUT_OUTPUT_GRADIENTS to be the same"):
        pair.GradientSaliency().GetMask(x, wrong)
    with pytest.raises(KeyError):
        pair.IntegratedGradients().GetMask(x, lambda *args, **options: {})
    with pytest.raises(NotImplementedError):
        pair.CoreSaliency().GetMask(x, wrong)
    with pytest.raises(ValueError, match="base attribution shape should be the same"):
        pair.XRAI().GetMask(x, wrong, base_attribution=np.zeros((6, 5)))
    with pytest.raises(ValueError, match="Baseline size"):
        pair.XRAI().GetMask(x, wrong, baselines=[np.zeros((6, 5))])
    with pytest.raises(ValueError, match="Unknown algorithm type"):
        pair.XRAI().GetMask(
            x, wrong, base_attribution=x, extra_parameters=pair.XRAIParameters(algorithm="slow")
        )
    with pytest.raises(ValueError, match="`base_attribution` must be finite"):
        pair.XRAI().GetMask(x, wrong, base_attribution=x * np.nan)
    with pytest.raises(ValueError, match="`segments` must hold at least one"):
        pair.XRAI().GetMask(x, wrong, base_attribution=x, segments=[])
