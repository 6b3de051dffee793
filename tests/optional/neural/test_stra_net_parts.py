"""The parts of STRA-Net: layers against plain ones, images and fields against recordings."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import stra_net as plain
from stra_net_files import Recorded, narrow_weights
from torch.nn import functional

from fastsal.errors import ImageError
from fastsal.neural import (
    stra_net_flow,
    stra_net_images,
    stra_net_layers,
    stra_net_network,
)
from fastsal.neural.stra_net_convolution import Winograd, Workspace


@pytest.fixture(scope="module")
def recorded(shared):
    return Recorded(shared)


@pytest.fixture(scope="module")
def inputs(recorded):
    return recorded.fill.stranet_prep_inputs()


@pytest.fixture
def narrow(monkeypatch, rng):
    return narrow_weights(monkeypatch, rng)


@pytest.mark.parametrize("winograd", [False, True])
@pytest.mark.parametrize("size", [(64, 96), (104, 72)])
def test_a_narrow_network_equals_the_plain_one(narrow, rng, winograd, size):
    image = torch.from_numpy(rng.normal(0, 60, (3, 3, *size)).astype(np.float32))
    flow = torch.from_numpy(rng.normal(0, 3, (3, 10, *size)).astype(np.float32))
    network = stra_net_network.StraNet(narrow, winograd=winograd)
    assert any(isinstance(each, Winograd) for each in network.modules()) == winograd
    out, state = network(image, flow, sides=True)
    expected, sides, masks, expected_state = plain.PlainStraNet(narrow)(image, flow)
    torch.testing.assert_close(out.saliency, plain.enlarged(expected), atol=1e-4, rtol=0)
    torch.testing.assert_close(state, expected_state, atol=1e-4, rtol=0)
    for found, side in zip(out.sides, sides, strict=True):
        torch.testing.assert_close(found, plain.enlarged(side), atol=1e-4, rtol=0)
    for found, mask in zip(out.masks, masks, strict=True):
        torch.testing.assert_close(found, mask, atol=1e-6, rtol=0)
    # Frame by frame, with the state handed on.
    state, singly = None, []
    for i in range(3):
        single, state = network(image[i : i + 1], flow[i : i + 1], state)
        singly.append(single.saliency)
    torch.testing.assert_close(torch.cat(singly), out.saliency, atol=1e-4, rtol=0)


def test_copies_and_pickles_give_the_same_maps(narrow, rng):
    network = stra_net_network.StraNet(narrow, winograd=True)
    image, flow = torch.rand(1, 3, 64, 64), torch.rand(1, 10, 64, 64)
    expected = network(image, flow)[0].saliency
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(other(image, flow)[0].saliency, expected)


def test_bfloat16_is_near(narrow):
    image, flow = 60 * torch.randn(2, 3, 64, 64), 3 * torch.randn(2, 10, 64, 64)
    expected = stra_net_network.StraNet(narrow, winograd=False)(image, flow)[0].saliency
    network = stra_net_network.StraNet(narrow, winograd=False)
    network.cast(torch.device("cpu"), torch.bfloat16)
    found = network(image.bfloat16(), flow.bfloat16())[0].saliency
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0)
    assert not torch.equal(found, expected)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 5),
    st.booleans(),
)  # fmt: skip
def test_winograd_equals_the_direct_convolution(number, height, width, inputs, outputs, relu):
    rng = np.random.default_rng(height * 10 + width)
    kernel = rng.normal(size=(3, 3, inputs, outputs)).astype(np.float32)
    bias = rng.normal(size=outputs).astype(np.float32)
    x = torch.from_numpy(rng.normal(size=(number, inputs, height, width)).astype(np.float32))
    found = Winograd(kernel, bias, relu=relu, workspace=Workspace())(x)
    weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).astype(np.float64))
    expected = functional.conv2d(x.double(), weight, torch.from_numpy(bias).double(), padding=1)
    expected = expected.relu() if relu else expected
    torch.testing.assert_close(found.double(), expected, atol=1e-4, rtol=0)


def test_a_work_array_serves_smaller_and_larger_layers_in_turn():
    workspace, rng = Workspace(), np.random.default_rng(0)
    for size in (3, 20, 5, 20):
        kernel = rng.normal(size=(3, 3, size, 2)).astype(np.float32)
        x = torch.from_numpy(rng.normal(size=(1, size, size, 7)).astype(np.float32))
        layer = Winograd(kernel, np.zeros(2, np.float32), workspace=workspace)
        weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        expected = functional.conv2d(x, weight, padding=1)
        torch.testing.assert_close(layer(x), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("height", "width"), [(8, 12), (12, 8), (28, 28)])
def test_priors(rng, height, width):
    values = rng.random(64)
    found = stra_net_network.priors(values, height, width)
    assert np.abs(found - plain.prior_maps(values, height, width)).max() < 1e-6


def test_recorded_priors(recorded):
    values = recorded["learning_prior_1/prior_W"]
    for tag, size in (("small", (8, 12)), ("full", (28, 28))):
        found = stra_net_network.priors(values, *size)
        assert np.abs(found - recorded.outputs[f"{tag}/prior"]).max() < 1e-6


def test_enlarging_is_that_of_tensorflow_1(rng):
    maps = torch.from_numpy(rng.random((2, 3, 5)).astype(np.float32))
    found = stra_net_network.upsample(maps)
    torch.testing.assert_close(found, plain.enlarged(maps), atol=1e-6, rtol=0)
    assert torch.equal(found[:, ::8, ::8], maps)


def test_layers_are_those_of_the_authors_file(recorded):
    found = [
        (group, key, list(shape))
        for group, shapes in stra_net_layers.groups().items()
        for key, shape in shapes.items()
    ]
    assert found == [(row["h5_group"], row["key"], row["shape"]) for row in recorded.rows]


@pytest.mark.parametrize("name", ["wide", "tall", "gray", "big"])
def test_images_are_prepared_exactly(recorded, inputs, name):
    found = stra_net_images.prepare_image(inputs[f"img_{name}"]).transpose(1, 2, 0)
    assert np.array_equal(found[::4, ::4], recorded.outputs[f"prep/img_{name}_sub"])
    mean, deviation, *limits = recorded.outputs[f"prep/img_{name}_stats"]
    assert np.allclose([found.mean(dtype=float), found.std(dtype=float)], [mean, deviation])
    assert np.allclose([found.min(), found.max()], limits)


@pytest.mark.parametrize("name", ["wide", "small"])
def test_fields_are_prepared_exactly(recorded, inputs, name):
    found = stra_net_images.prepare_flow(inputs[f"flow_{name}"])[::-1].transpose(1, 2, 0)
    assert np.array_equal(found[::4, ::4], recorded.outputs[f"prep/flow_{name}_sub"])
    mean, deviation, *limits = recorded.outputs[f"prep/flow_{name}_stats"]
    assert np.allclose([found.mean(dtype=float), found.std(dtype=float)], [mean, deviation])
    assert np.allclose([found.min(), found.max()], limits)


@pytest.mark.parametrize("stride", [1, 3, 7])
def test_inputs_of_a_video_are_those_of_the_authors(recorded, inputs, stride):
    frames, made = list(inputs["vid"]), set()

    def flow(previous, current):
        """Return the recorded field that starts at `previous`; none is asked for twice."""
        index = next(i for i, frame in enumerate(frames) if frame is previous)
        assert index not in made
        assert current is frames[index + 1]
        made.add(index)
        return inputs["vflow"][index]

    found = list(stra_net_flow.inputs_of_video(iter(frames), flow, stride))
    assert len(found) == 12
    expected = recorded.outputs["gen/sub"].reshape(15, 14, 14, 13)
    for i, each in enumerate(found):
        assert (each is None) == (i % stride > 0)
        if each is not None:
            stacked = np.concatenate(each).transpose(1, 2, 0)[::16, ::16]
            assert np.array_equal(stacked, expected[i])
    needed = {min(i + k, 10) for i in range(0, 12, stride) for k in range(5)}
    assert made == needed


def test_a_video_is_read_five_frames_ahead():
    read = []

    def frames():
        for i in range(50):
            read.append(i)
            yield np.full((20, 30, 3), i, np.uint8)

    made = stra_net_flow.inputs_of_video(frames(), lambda a, b: np.zeros((20, 30, 2), "f"), 1)
    for i in range(10):
        next(made)
        assert len(read) == i + 6


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_short_videos_repeat_their_last_field(count):
    frames = [np.full((20, 30, 3), i, np.uint8) for i in range(count)]

    def flow(previous, current):
        return np.full((20, 30, 2), 1.0 + previous[0, 0, 0], np.float32)

    found = list(stra_net_flow.inputs_of_video(iter(frames), flow, 1))
    center = [[field[112, 112] for field in each.flow[::-2]] for each in found]
    last = count - 1  # the number in the last field; a single frame has none
    assert center == [[min(i + k + 1, last) for k in range(5)] for i in range(count)]


@pytest.mark.parametrize(("name", "shape"), [
    ("wide", (90, 160)), ("tall", (160, 90)), ("big", (360, 640)),
])  # fmt: skip
def test_maps_are_finished_exactly(recorded, inputs, name, shape):
    step = 4 if name == "big" else 1
    blurred = stra_net_images.blurred(inputs["pred"], shape)
    assert blurred.shape == shape
    difference = np.abs(blurred[::step, ::step] - recorded.outputs[f"post/{name}"])
    # Four of 14,400 pixels differ by one level between Pillow 6 and today's.
    assert (difference > 1e-4).sum() <= (4 if name == "big" else 0)
    finished = stra_net_images.finish_map(inputs["pred"], shape)
    assert finished.dtype == np.float32
    levels = np.rint(finished[::step, ::step] * 255)
    difference = np.abs(levels - recorded.outputs[f"post/{name}_png"])
    assert difference.max() <= 1
    assert (difference > 0).sum() <= (4 if name == "big" else 0)


def test_flat_maps_are_black():
    for value in (0.0, 0.3, 1.0):
        found = stra_net_images.finish_map(np.full((224, 224), value, np.float32), (30, 50))
        assert np.array_equal(found, np.zeros((30, 50)))


def test_dis_follows_a_shift(rng):
    import cv2

    picture = cv2.GaussianBlur(rng.random((120, 160)).astype(np.float32), (0, 0), 3)
    picture = ((picture - picture.min()) / np.ptp(picture) * 255).astype(np.uint8)
    frames = [np.repeat(np.roll(picture, i, 1)[..., None], 3, -1) for i in (0, 2)]
    found = stra_net_flow.flow_of("dis")(*frames)
    assert found.shape == (120, 160, 2)
    assert np.abs(np.median(found[20:-20, 20:-20], (0, 1)) - (2, 0)).max() < 0.2
    assert np.array_equal(stra_net_flow.flow_of("dis")(frames[0][..., 0], frames[1][..., 0]), found)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 5), (11, 300), (17, 16), (240, 8)])
def test_dis_takes_small_frames(rng, size):
    frames = rng.integers(0, 256, (2, *size, 3), np.uint8)
    found = stra_net_flow.flow_of("dis")(*frames)
    assert found.shape == (*size, 2)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros((4, 5)), r"must return an array of floats of shape \(H, W, 2\); got float64"),
        (np.zeros((4, 5, 2), int), "got int64"),
        (np.zeros((0, 5, 2)), r"got float64 \(0, 5, 2\)"),
        (None, "got object"),
        (np.full((4, 5, 2), np.nan), "finite"),
        (np.zeros((1, 225, 2)), "224 times"),
    ],
)
def test_a_wrong_field_is_one_line(result, message):
    with pytest.raises(ImageError, match=message) as caught:
        stra_net_flow.flow_of(lambda a, b: result)(None, None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("flow", ["DIS", "farneback", None, 3])
def test_a_wrong_flow_is_refused(flow):
    with pytest.raises(ValueError, match="`flow` must be") as caught:
        stra_net_flow.flow_of(flow)
    assert "\n" not in str(caught.value)
