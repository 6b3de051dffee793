"""Attribution methods with callables of PAIR's contract: recorded outputs, definitions, misuse."""

import functools

import numpy as np
import pytest
from explain_models import sinquad, tinycnn
from reference import attributions as reference

import fastsal
from fastsal import explain

SMALL = (6, 5, 3)


@pytest.fixture(scope="module")
def golden(shared):
    return lambda name: dict(np.load(shared / "golden" / "xai" / f"{name}.npz"))


@pytest.fixture
def image(rng):
    return rng.random(SMALL)


def assert_close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


def test_gradients_are_the_recorded_ones(golden):
    data = golden("sinquad")
    for target in range(3):
        found = explain.gradient(data["x"], sinquad(target))
        assert_close(found, data[f"pair_grad_c{target}"], 1e-13)
        assert found.dtype == np.float64


def test_integrated_gradients_of_pair(golden):
    data, model = golden("sinquad"), sinquad()
    for steps in (1, 2, 10, 25, 100):
        options = {"steps": steps, "rule": "pair", "batch_size": 7}
        found = explain.integrated_gradients(data["x"], model, **options)
        assert_close(found, data[f"pair_ig_zero_steps{steps}_bs1"], 1e-6)
        found = explain.integrated_gradients(data["x"], model, baseline=data["baseline"], **options)
        assert_close(found, data[f"pair_ig_base_steps{steps}"], 1e-6)


@pytest.mark.parametrize(("rule", "theirs"), [
    ("gauss-legendre", "gausslegendre"), ("midpoint", "riemann_middle"),
])  # fmt: skip
@pytest.mark.parametrize("steps", [10, 50])
def test_integrated_gradients_of_captum(golden, rule, theirs, steps):
    recorded, inputs = golden("tinycnn_captum"), golden("tinycnn_pair")
    from reference.explain_models import image

    for key, shape in (("a", (32, 32, 3)), ("b", (33, 46, 3))):
        x = image(f"cnn.{key}", shape)
        found, delta = explain.integrated_gradients(
            x, tinycnn(), rule=rule, steps=steps, return_delta=True
        )
        name = f"{key}_ig_{theirs}_n{steps}_zero"
        assert_close(found, recorded[name], 1e-7)
        assert abs(delta - recorded[f"{name}_delta"].item()) < 1e-6
    assert inputs


def test_integrated_gradients_are_exact_on_a_smooth_model(golden):
    data, model = golden("sinquad"), sinquad()
    for baseline, key in ((0.0, "zero"), (data["baseline"], "base")):
        found, delta = explain.integrated_gradients(
            data["x"], model, baseline=baseline, return_delta=True
        )
        assert_close(found, data[f"exact_ig_{key}_c1"], 1e-12)
        assert abs(delta) < 1e-9


@pytest.mark.parametrize("rule", ["gauss-legendre", "midpoint", "trapezoid", "pair"])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_integration_rules(image, rule, size):
    model = sinquad(shape=SMALL)
    expected = reference.integrated(image, 0.2, lambda x: model.model.grad(x, 1), rule, 8)
    found = explain.integrated_gradients(
        image, model, baseline=0.2, steps=8, rule=rule, batch_size=size
    )
    assert_close(found, expected, 1e-13)
    assert max(model.batches) == min(size, 8)
    assert sum(model.batches) == 8


def test_smooth_grad_converges_to_its_expectation(golden):
    data, model = golden("sinquad"), sinquad()
    mean = explain.smooth_grad(data["x"], model, samples=3000, batch_size=100)
    square = explain.smooth_grad(data["x"], model, samples=3000, batch_size=100, kind="square")
    variance = explain.smooth_grad(data["x"], model, samples=3000, batch_size=100, kind="variance")

    assert_close(mean, data["exact_smooth_mean_c1_s"], 0.02)
    assert_close(square, data["exact_smooth_sq_c1_s"], 0.05)
    np.testing.assert_allclose(variance, square - mean**2, atol=1e-12)


def test_smooth_grad_noise_is_its_own(image):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    model = sinquad(shape=SMALL)
    first = explain.smooth_grad(image, model, seed=3)
    np.testing.assert_array_equal(first, explain.smooth_grad(image, model, seed=3))
    assert np.abs(first - explain.smooth_grad(image, model, seed=4)).max() > 0
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    found = explain.smooth_grad(image, model, noise=0, samples=3, batch_size=1)
    np.testing.assert_allclose(found, explain.gradient(image, model), rtol=1e-14)
    assert model.batches[-4:] == [1, 1, 1, 1]


def test_smooth_grad_does_not_depend_on_the_batch_size(image):
    model = sinquad(shape=SMALL)
    found = [explain.smooth_grad(image, model, batch_size=size) for size in (1, 7, 100)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    np.testing.assert_allclose(found[0], found[2], rtol=1e-12)


def test_smooth_grad_of_other_explanations(image):
    model = sinquad(shape=SMALL)
    base = functools.partial(explain.integrated_gradients, steps=4)
    found = explain.smooth_grad(image, model, base=base, samples=3, noise=0)
    np.testing.assert_allclose(found, base(image, model), rtol=1e-12)


@pytest.mark.parametrize("sqrt", [False, True])
@pytest.mark.parametrize("size", [1, 4])
def test_blur_ig(image, sqrt, size):
    model = sinquad(shape=SMALL)
    expected = reference.blur_path(image, lambda x: model.model.grad(x, 1), 3, 10, 0.01, sqrt)
    found = explain.blur_ig(image, model, max_sigma=3, steps=10, sqrt=sqrt, batch_size=size)
    assert_close(found, expected, 1e-12)


def test_guided_ig_without_freedom_is_the_straight_line(image):
    model = sinquad(shape=SMALL)
    found = explain.guided_ig(image, model, steps=400, max_dist=0)
    assert_close(found, explain.integrated_gradients(image, model), 0.01)


@pytest.mark.parametrize("distance", [0.02, 0.3, 1])
def test_guided_ig_is_complete(image, distance):
    model = sinquad(shape=SMALL)
    found = explain.guided_ig(image, model, steps=600, max_dist=distance)
    scores = model.model.value(np.stack([image, np.zeros_like(image)]), 1)
    assert found.sum() == pytest.approx(scores[0] - scores[1], rel=0.03)
    np.testing.assert_array_equal(explain.guided_ig(image, model, baseline=image), 0)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_occlusion(image, value):
    model = sinquad(shape=SMALL)
    expected = reference.occluded(image, lambda x: model.model.value(x, 1), 3, value)
    found = explain.occlusion(image, model, size=3, value=value, batch_size=5)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert max(model.batches) == 5


def test_occlusion_with_steps_and_sides(image):
    model = sinquad(shape=SMALL)
    found = explain.occlusion(image, model, size=(2, 5), stride=(2, 1))
    whole = model.model.value(image, 1)
    for row in (0, 2, 4):
        covered = image.copy()
        covered[row : row + 2] = 0
        np.testing.assert_allclose(
            found[row : row + 2], whole - model.model.value(covered, 1), atol=1e-12
        )


@pytest.mark.parametrize("shape", [(7,), (4, 6), (2, 3, 4), (2, 3, 4, 2), (2, 1, 3, 2, 2)])
def test_arrays_of_any_shape(rng, shape):
    x, model = rng.standard_normal(shape), sinquad(shape=shape)
    assert_close(explain.gradient(x, model), model.model.grad(x, 1), 1e-13)
    assert_close(explain.integrated_gradients(x, model), model.model.exact_ig(x, 1), 1e-6)
    assert explain.smooth_grad(x, model).shape == shape
    found = explain.occlusion(x, model, size=(1,))
    assert found.shape == shape
    for index in range(shape[0]):
        covered = x.copy()
        covered[index] = 0
        fall = model.model.value(x, 1) - model.model.value(covered, 1)
        np.testing.assert_allclose(found[index], fall, atol=1e-12)
    np.testing.assert_allclose(explain.element_scores(x), x.sum(-1))


def test_integers_are_converted_not_wrapped():
    model = sinquad(shape=SMALL)
    image = np.random.default_rng(1).integers(0, 256, SMALL, np.uint8)
    for method in (explain.gradient, explain.smooth_grad, explain.integrated_gradients,
                   functools.partial(explain.occlusion, size=2)):  # fmt: skip
        np.testing.assert_array_equal(method(image, model), method(image.astype("f4"), model))
    found = explain.integrated_gradients(image, model, baseline=255)
    as_floats = explain.integrated_gradients(image / 255 * 255, model, baseline=255.0)
    assert_close(found, as_floats, 1e-4)


def test_float32_images_reach_the_model_as_float32(image):
    seen = []

    def model(batch, call_model_args=None, expected_keys=None):
        seen.append(batch.dtype)
        return {"INPUT_OUTPUT_GRADIENTS": np.ones_like(batch)}

    for method in (explain.gradient, explain.smooth_grad, explain.integrated_gradients,
                   explain.guided_ig, explain.blur_ig):  # fmt: skip
        assert method(image.astype(np.float32), model).dtype == np.float32
    assert set(seen) == {np.dtype(np.float32)}


def test_a_model_may_keep_its_batches(image):
    kept = []

    def model(batch, call_model_args=None, expected_keys=None):
        kept.append(batch)
        return {"INPUT_OUTPUT_GRADIENTS": np.ones_like(batch)}

    explain.integrated_gradients(image, model, steps=6, rule="pair", batch_size=2)
    points = np.concatenate(kept)
    expected = np.linspace(0, 1, 6)[:, None, None, None] * image
    np.testing.assert_allclose(points, expected, atol=1e-15)


def test_targets_reach_the_model(image):
    model = sinquad(target=None, shape=SMALL)
    for target in range(3):
        expected = model.model.grad(image, target)
        np.testing.assert_array_equal(explain.gradient(image, model, target=target), expected)
        given = {"target": target}
        np.testing.assert_array_equal(explain.gradient(image, model, target=given), expected)


def test_grad_cam_of_recorded_layers(golden):
    from reference.explain_models import image

    pair, cam = golden("tinycnn_pair"), golden("tinycnn_gradcam")
    names = {"grad-cam++": "gradcamplusplus", "xgrad-cam": "xgradcam", "layer-cam": "layercam",
             "hires-cam": "hirescam"}  # fmt: skip
    for key, shape in (("a", (32, 32, 3)), ("b", (33, 46, 3))):
        x = image(f"cnn.{key}", shape)
        for target in range(5):
            model = tinycnn(target)
            raw = explain.grad_cam(x, model, resize=False, scale=False)
            assert_close(raw, pair[f"{key}_gradcam_raw_c{target}"], 1e-6)
            found = explain.grad_cam(x, model)
            assert found.dtype == np.float32
            assert found.min() >= 0
            assert found.max() <= 1
            assert np.abs(found - cam[f"{key}_gradcam_c{target}"]).max() <= 1e-6
        for variant, name in names.items():
            found = explain.grad_cam(x, tinycnn(2), variant=variant)
            assert np.abs(found - cam[f"{key}_{name}_c2"]).max() <= 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "`steps` must be an integer from 1"),
        ({"steps": 1, "rule": "trapezoid"}, "`steps` must be an integer from 2"),
        ({"rule": "simpson"}, "`rule` must be 'gauss-legendre'"),
        ({"batch_size": 0}, "`batch_size` must be"),
        ({"baseline": np.zeros((2, 2))}, "`baseline` must be a number or of the image's shape"),
        ({"baseline": np.nan}, "`baseline` must be finite"),
    ],
)
def test_wrong_options_are_one_line(image, change, message):
    with pytest.raises(ValueError, match=message) as error:
        explain.integrated_gradients(image, sinquad(shape=SMALL), **change)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, m: explain.smooth_grad(x, m, samples=0), "`samples`"),
        (lambda x, m: explain.smooth_grad(x, m, noise=-1), "`noise`"),
        (lambda x, m: explain.smooth_grad(x, m, kind="median"), "`kind`"),
        (lambda x, m: explain.smooth_grad(x, m, seed=-1), "`seed`"),
        (lambda x, m: explain.occlusion(x, m, size=7), "`size` must be at most 6 on axis 0"),
        (lambda x, m: explain.occlusion(x, m, size=(1, 1, 1, 1)), "`size` must have from 1 to 3"),
        (lambda x, m: explain.occlusion(x, m, size=2, stride=(1, 1, 1)), "`stride` must be"),
        (lambda x, m: explain.occlusion(x, m, size=2, value=np.inf), "`value`"),
        (lambda x, m: explain.blur_ig(x, m, max_sigma=-1), "`max_sigma`"),
        (lambda x, m: explain.blur_ig(x[0, 0], m), "`image` must be of shape"),
        (lambda x, m: explain.guided_ig(x, m, fraction=2), "`fraction`"),
        (lambda x, m: explain.grad_cam(x, m, variant="cam"), "`variant` must be 'grad-cam'"),
        (lambda x, m: explain.grad_cam(x, m, layer="conv"), "`layer` must be None for a callable"),
        (lambda x, m: explain.gradient(x * np.nan, m), "`image` must be finite"),
        (lambda x, m: explain.gradient(x[:0], m), "`image` must have elements"),
        (lambda x, m: explain.gradient(x * 1j, m), "`image` must hold real numbers"),
    ],
)  # fmt: skip
def test_other_wrong_input_is_one_line(image, call, message):
    with pytest.raises(ValueError, match=message) as error:
        call(image, sinquad(shape=SMALL))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "must return a dictionary with INPUT_OUTPUT_GRADIENTS; got 'NoneType'"),
        ({}, "must return a dictionary with INPUT_OUTPUT_GRADIENTS"),
        ({"INPUT_OUTPUT_GRADIENTS": np.zeros(3)}, r"of shape \(1, 6, 5, 3\); got \(3,\)"),
        ({"INPUT_OUTPUT_GRADIENTS": np.full((1, *SMALL), np.nan)}, "NaN or infinite gradients"),
    ],
)
def test_models_that_break_the_contract(image, answer, message):
    with pytest.raises(fastsal.ModelError, match=message) as error:
        explain.gradient(image, lambda *args, **options: answer)
    assert "\n" not in str(error.value)


def test_what_is_no_model_is_refused(image):
    with pytest.raises(TypeError, match=r"`model` must be a torch\.nn\.Module or a callable"):
        explain.gradient(image, "resnet50")


def test_exceptions_of_the_model_come_through(image):
    def model(*args, **options):
        raise KeyError("weights")

    with pytest.raises(KeyError, match="weights"):
        explain.integrated_gradients(image, model)
