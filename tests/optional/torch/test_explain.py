"""Explanations of PyTorch modules: values, and modules that stay as they were."""

import functools
import signal
import threading

import numpy as np
import pytest
import torch
from reference.explain_models import TinyCNN, image
from torch import nn
from torch_net import Net

import fastsal
from fastsal import explain

METHODS = {
    "gradient": explain.gradient,
    "smooth_grad": functools.partial(explain.smooth_grad, samples=5, batch_size=2),
    "integrated_gradients": functools.partial(explain.integrated_gradients, steps=6),
    "grad_cam": functools.partial(explain.grad_cam, layer="relu2"),
    "occlusion": functools.partial(explain.occlusion, size=9, stride=8),
    "blur_ig": functools.partial(explain.blur_ig, steps=4, max_sigma=3),
    "guided_ig": functools.partial(explain.guided_ig, steps=4),
    "xrai": functools.partial(explain.xrai, steps=3),
}
SCALED = ("gradient", "smooth_grad", "integrated_gradients", "guided_ig", "blur_ig")


class Trained(nn.Module):
    """A network with all that an evaluation may change."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.relu2, self.drop = nn.ReLU(), nn.Dropout(0.5)
        self.fc = nn.Linear(6, 4)
        self.register_buffer("calls", torch.zeros(1))
        self.register_buffer("other", torch.zeros(1))
        self.fails = False

    def forward(self, batch):
        self.calls += 1
        self.other = self.other + 1
        noise = nn.functional.dropout(torch.ones_like(batch), 0.3, training=True)
        hidden = self.relu2(self.norm(self.conv1(batch + 0 * noise)))
        if self.fails:
            raise RuntimeError("out of memory")
        return self.fc(self.drop(hidden).mean((2, 3)))


def state_of(module):
    """Return all that must stay."""
    return {
        "modes": [part.training for part in module.modules()],
        "hooks": [len(part._forward_hooks) + len(part._backward_hooks)
                  for part in module.modules()],
        "grads": [each.grad is None for each in module.parameters()],
        "wanted": [each.requires_grad for each in module.parameters()],
        "tensors": [each.detach().clone() for each in module.state_dict().values()],
        "places": [each.data_ptr() for each in module.state_dict().values()],
        "random": torch.get_rng_state(),
        "global": np.random.get_state()[1].copy(),  # noqa: NPY002
        "mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    }  # fmt: skip


def assert_unchanged(module, before):
    after = state_of(module)
    for key in ("tensors", "random", "global"):
        for now, then in zip(after.pop(key), before[key], strict=True):
            assert (now == then).all(), key
    assert after == {key: before[key] for key in after}


@pytest.fixture
def x():
    return image("cnn.b", (33, 46, 3))


@pytest.fixture
def photo(rng):
    return rng.random((24, 28, 3)).astype(np.float32)


@pytest.fixture
def trained():
    torch.manual_seed(4)
    module = Trained()
    module.fc.eval()  # one part differs from the rest
    return module


def test_gradients_are_the_recorded_ones(shared, x):
    data = np.load(shared / "golden" / "xai" / "tinycnn_pair.npz")
    for target in range(5):
        found = explain.gradient(x, Net(), target=target)
        np.testing.assert_allclose(found, data[f"b_grad_c{target}"], rtol=0, atol=1e-13)
    best = int(data["b_logits"].argmax())
    np.testing.assert_array_equal(
        explain.gradient(x, Net()), explain.gradient(x, Net(), target=best)
    )


@pytest.mark.parametrize("variant", ["grad-cam", "grad-cam++", "xgrad-cam", "layer-cam",
                                     "hires-cam"])  # fmt: skip
def test_grad_cam_is_the_recorded_one(shared, x, variant):
    data = np.load(shared / "golden" / "xai" / "tinycnn_gradcam.npz")
    name = variant.replace("-", "").replace("++", "plusplus")
    net = Net()
    for layer in ("relu2", net.relu2):
        found = explain.grad_cam(x, net, layer=layer, target=2, variant=variant)
        assert np.abs(found - data[f"b_{name}_c2"]).max() <= 1e-6
    tensor = torch.from_numpy(x).permute(2, 0, 1)
    found = explain.grad_cam(tensor, net, layer="relu2", target=2, variant=variant)
    assert isinstance(found, torch.Tensor)
    assert np.abs(found.numpy() - data[f"b_{name}_c2"]).max() <= 1e-6


def test_steps_in_place_after_a_layer_leave_its_values_alone(shared, x):
    data = np.load(shared / "golden" / "xai" / "tinycnn_gradcam.npz")
    found = explain.grad_cam(x, Net(), layer="conv2", target=2)
    assert np.abs(found - data["b_gradcam_conv2_c2"]).max() <= 1e-6


def test_integrated_gradients_against_numpy(x):
    model, net = TinyCNN(), Net()

    def callable_model(batch, call_model_args=None, expected_keys=None):
        return {"INPUT_OUTPUT_GRADIENTS": model.grad(batch, 1),
                "OUTPUT_LAYER_VALUES": model.value(batch, 1)}  # fmt: skip

    for options in ({}, {"baseline": 1.0}, {"baseline": x[::-1].copy(), "rule": "midpoint"}):
        options = {"return_delta": True, "steps": 7, **options}
        found, delta = explain.integrated_gradients(x, net, target=1, **options)
        expected, other = explain.integrated_gradients(x, callable_model, **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert delta == pytest.approx(other, abs=1e-12)
    for method in ("smooth_grad", "occlusion", "blur_ig", "guided_ig", "xrai"):
        found = METHODS[method](x, net, target=1)
        np.testing.assert_allclose(found, METHODS[method](x, callable_model), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", METHODS)
def test_tensors_give_tensors(x, name):
    method, net = METHODS[name], Net()
    if name == "smooth_grad":  # the noise follows the axes
        method = functools.partial(method, noise=0)
    expected = method(x, net)
    found = method(torch.from_numpy(x).permute(2, 0, 1), net)

    assert isinstance(found, torch.Tensor)
    found = found.permute(1, 2, 0) if found.ndim == 3 else found
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("is_training", [True, False])
def test_modules_stay_as_they_were(trained, photo, name, is_training):
    if not is_training:
        trained.eval()
    before = state_of(trained)
    first = METHODS[name](photo, trained)
    assert_unchanged(trained, before)
    np.testing.assert_array_equal(METHODS[name](photo, trained), first)
    np.testing.assert_array_equal(METHODS[name](photo, trained.eval()), first)


@pytest.mark.parametrize("name", METHODS)
def test_modules_stay_as_they_were_after_an_error(trained, photo, name):
    trained.fails = True
    before = state_of(trained)
    with pytest.raises(RuntimeError, match="out of memory"):
        METHODS[name](photo, trained)
    assert_unchanged(trained, before)
    trained.fails = False
    with pytest.raises(ValueError, match="`target` must be an integer from 0 to 3; got 9"):
        METHODS[name](photo, trained, target=9)
    assert_unchanged(trained, before)


@pytest.mark.parametrize("name", METHODS)
def test_modules_stay_as_they_were_after_ctrl_c(trained, photo, name):
    before = state_of(trained)
    handle = trained.norm.register_forward_hook(lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        METHODS[name](photo, trained)
    handle.remove()
    assert_unchanged(trained, before)


def test_ctrl_c_while_restoring(trained, photo, monkeypatch):
    from fastsal.explain import torch_models

    before = state_of(trained)
    restore, calls = torch_models._State.restore, []

    def interrupted(self):
        calls.append(self)
        if len(calls) < 3:
            raise KeyboardInterrupt
        restore(self)

    monkeypatch.setattr(torch_models._State, "restore", interrupted)
    with pytest.raises(KeyboardInterrupt):
        explain.gradient(photo, trained)
    assert len(calls) == 3
    assert_unchanged(trained, before)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_callers_without_gradients(x, context):
    net = Net()
    expected = explain.gradient(x, net)
    with context():
        tensor = torch.from_numpy(x).permute(2, 0, 1) * 1
        np.testing.assert_array_equal(explain.gradient(x, net), expected)
        found = explain.gradient(tensor, net)
    np.testing.assert_array_equal(found.permute(1, 2, 0), expected)


def test_frozen_parameters_and_gradients_in_progress(x):
    net = Net()
    expected = explain.gradient(x, net, target=0)
    net(torch.from_numpy(x).permute(2, 0, 1)[None]).sum().backward()
    grads = [each.grad.clone() for each in net.parameters()]
    np.testing.assert_array_equal(explain.gradient(x, net, target=0), expected)
    assert all(torch.equal(a.grad, b) for a, b in zip(net.parameters(), grads, strict=True))
    net.requires_grad_(False)
    np.testing.assert_array_equal(explain.gradient(x, net, target=0), expected)


def test_two_threads_with_one_module(trained, photo):
    expected = {name: METHODS[name](photo, trained, target=1) for name in SCALED}
    before, found, barrier = state_of(trained), [], threading.Barrier(4)

    def work(name):
        barrier.wait()
        for _ in range(3):
            found.append((name, METHODS[name](photo, trained, target=1)))

    threads = [threading.Thread(target=work, args=[name]) for name in SCALED[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    for name, result in found:
        np.testing.assert_array_equal(result, expected[name])
    assert_unchanged(trained, before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", SCALED)
def test_modules_of_16_bits(x, dtype, name):
    expected = METHODS[name](x.astype(np.float32), Net().float())
    found = METHODS[name](x.astype(np.float32), Net().to(dtype))
    assert found.dtype == np.float32
    # Rounding turns some units on or off, so single gradients may differ.
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95
    tensor = torch.from_numpy(x).permute(2, 0, 1).to(dtype)
    assert METHODS[name](tensor, Net().to(dtype)).dtype == torch.float32


@pytest.mark.parametrize("shape", [(9,), (5, 4), (3, 4, 5), (2, 3, 4, 5)])
def test_arrays_of_any_shape(rng, shape):
    torch.manual_seed(2)
    size = int(np.prod(shape))
    module = nn.Sequential(nn.Flatten(), nn.Linear(size, 7), nn.Tanh(), nn.Linear(7, 3)).double()
    x = rng.standard_normal(shape)
    options = {"target": 2, "channel_axis": None}
    found, delta = explain.integrated_gradients(x, module, return_delta=True, **options)
    assert found.shape == shape
    assert abs(delta) < 1e-9
    leaf = torch.from_numpy(x)[None].requires_grad_()
    module(leaf)[0, 2].backward()
    np.testing.assert_allclose(explain.gradient(x, module, **options), leaf.grad[0], atol=1e-14)
    assert explain.smooth_grad(x, module, samples=3, **options).shape == shape
    falls = explain.occlusion(x, module, size=(1,), **options)
    scores = module(torch.from_numpy(np.stack([x, x * (np.arange(shape[0]) != 1).reshape(
        -1, *[1] * (len(shape) - 1))])))[:, 2].detach().numpy()  # fmt: skip
    np.testing.assert_allclose(falls[1], scores[0] - scores[1], atol=1e-12)


def test_other_channel_axes(x):
    net = Net()
    expected = explain.gradient(x, net)
    found = explain.gradient(np.moveaxis(x, -1, 0), net, channel_axis=0)
    np.testing.assert_array_equal(np.moveaxis(found, 0, -1), expected)
    first = explain.grad_cam(x, net, layer="relu2")
    second = explain.grad_cam(np.moveaxis(x, -1, 0), net, layer="relu2", channel_axis=0)
    np.testing.assert_array_equal(first, second)


def test_uint8_images_are_converted(photo, trained):
    bytes_ = (photo * 255).astype(np.uint8)
    np.testing.assert_array_equal(
        explain.integrated_gradients(bytes_, trained),
        explain.integrated_gradients(bytes_.astype(np.float32), trained),
    )


class Returns(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, batch):
        return self.function(self.conv(batch))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda hidden: hidden, r"score table of shape \(1, classes\); got shape \(1, 4, 22, 26\)"),
        (lambda hidden: (hidden.mean((2, 3)),), "score table .* got tuple"),
        (lambda hidden: {"logits": hidden}, "score table .* got dict"),
        (lambda hidden: hidden.mean((1, 2, 3)), r"score table .* got shape \(1,\)"),
        (lambda hidden: hidden.detach().mean((2, 3)), "by differentiable steps"),
        (lambda hidden: hidden.mean((2, 3)) * np.nan, "NaN or infinite gradients"),
    ],
)
def test_modules_without_a_score_table(photo, function, message):
    with pytest.raises(fastsal.ModelError, match=message) as error:
        explain.gradient(photo, Returns(function))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("relu3", "the nearest is 'relu2'"),
        ("conv", "the nearest is 'conv"),
        ("", "the last convolution is 'conv3'"),
        (None, "the last convolution is 'conv3'"),
        (5, "`layer` must be the name"),
        (nn.ReLU(), "must be a part of `model`"),
    ],
)
def test_unknown_layers(x, layer, message):
    with pytest.raises(ValueError, match=message) as error:
        explain.grad_cam(x, Net(), layer=layer)
    assert "\n" not in str(error.value)


def test_layers_without_maps(x):
    net = Net()
    with pytest.raises(fastsal.ModelError, match=r"fc gives \(1, 5\)"):
        explain.grad_cam(x, net, layer="fc")
    net.extra = nn.Conv2d(3, 3, 1)
    with pytest.raises(fastsal.ModelError, match="must be a layer that runs"):
        explain.grad_cam(x, net, layer="extra")
    assert not net.relu2._forward_hooks


@pytest.mark.parametrize("target", [-1, 5, 2.5, "cat", True])
def test_targets_out_of_range(x, target):
    with pytest.raises(ValueError, match="`target` must be an integer") as error:
        explain.gradient(x, Net(), target=target)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "tensor",
    [torch.zeros((0, 3, 3)), torch.zeros((3, 8, 8), dtype=torch.complex64),
     torch.full((3, 8, 8), torch.nan), torch.zeros((3, 8, 8), device="meta")],
    ids=["empty", "complex", "NaN", "meta"],
)  # fmt: skip
def test_wrong_tensors(tensor):
    with pytest.raises(fastsal.ImageError, match="`image` must") as error:
        explain.gradient(tensor, Net())
    assert "\n" not in str(error.value)


def test_heat_maps_of_tensors(rng):
    values = rng.standard_normal((3, 20, 30))
    found = explain.heatmap(torch.from_numpy(values))
    np.testing.assert_array_equal(found, explain.heatmap(np.moveaxis(values, 0, -1)))
    scores = explain.element_scores(torch.from_numpy(values))
    np.testing.assert_allclose(scores, values.sum(-1))


def test_integers_as_callables_targets(x):
    """A callable may wrap a module; its tensors are read."""
    net = Net()

    def model(batch, call_model_args=None, expected_keys=None):
        inputs = torch.from_numpy(batch).permute(0, 3, 1, 2).requires_grad_()
        score = net(inputs)[:, call_model_args["target"]].sum()
        (found,) = torch.autograd.grad(score, inputs)
        return {"INPUT_OUTPUT_GRADIENTS": found.permute(0, 2, 3, 1)}

    np.testing.assert_allclose(
        explain.gradient(x, model, target=3), explain.gradient(x, net, target=3), atol=1e-15
    )
