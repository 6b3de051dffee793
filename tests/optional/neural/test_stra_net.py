"""STRA-Net over videos and streams, with few channels, in which nothing else differs."""

import copy
import itertools
import pickle

import numpy as np
import pytest
import torch
from reference import stra_net as plain
from stra_net_files import layout, narrow_weights, write

from fastsal import neural
from fastsal.errors import ImageError, ModelError
from fastsal.neural import stra_net_images, stra_net_layers


@pytest.fixture
def weights(monkeypatch, rng):
    return narrow_weights(monkeypatch, rng)


@pytest.fixture
def path(weights, tmp_path):
    return write(tmp_path / "narrow.h5", layout(stra_net_layers.groups()), weights)


@pytest.fixture
def frames(rng):
    """Return eight frames of a picture that moves to the right."""
    picture = rng.integers(0, 256, (90, 160, 3), np.uint8)
    return np.stack([np.roll(picture, 3 * i, 1) for i in range(8)])


def no_flow(previous, current):
    return np.zeros((*previous.shape[:2], 2), np.float32)


def test_maps_are_those_of_the_plain_network(weights, path, frames):
    def flow(previous, current):
        """Return another field for each pair of frames."""
        return np.full((90, 160, 2), (previous.mean() - 120) * 100 + [1, 2])

    found = neural.stra_net(path, flow=flow).predict(frames, raw=True)
    assert found.shape == (8, 224, 224)
    assert found.dtype == np.float32
    fields = [flow(a, b) for a, b in itertools.pairwise(frames)]
    fields += 6 * [fields[-1]]
    flows = np.stack([
        np.concatenate([stra_net_images.prepare_flow(fields[i + k]) for k in (4, 3, 2, 1, 0)])
        for i in range(8)
    ])  # fmt: skip
    images = np.stack([stra_net_images.prepare_image(frame) for frame in frames])
    out = plain.PlainStraNet(weights)(torch.from_numpy(images), torch.from_numpy(flows))[0]
    assert np.abs(plain.enlarged(out).numpy() - found).max() < 2e-4
    maps = neural.stra_net(path, flow=flow).predict(frames)
    assert maps.shape == (8, 90, 160)
    for raw, each in zip(found, maps, strict=True):
        assert np.array_equal(stra_net_images.finish_map(raw, (90, 160)), each)


def test_a_stream_has_the_fields_of_the_end_of_a_video(path, frames):
    """Its recurrence is the same: with constant fields the maps are those of the whole video."""
    network = neural.stra_net(path, flow=no_flow)
    maps = network.predict(frames)
    assert np.array_equal([network.update(frame) for frame in frames], maps)
    network.reset()
    assert np.array_equal(network.update(frames[0]), maps[0])
    assert not np.array_equal(network.update(frames[0]), maps[0])  # the state counts
    # The field of the last frame of a video is the last one, five times.
    seen = []
    network = neural.stra_net(path)
    inner = network._network

    def watched(image, flow, state):
        seen.append(flow.numpy().copy())
        return inner(image, flow, state)

    network._network = watched
    network.predict(frames[:5])
    network.update(frames[3])
    network.update(frames[4])
    assert np.array_equal(seen[4], seen[6])
    assert not seen[5].any()


def test_it_can_be_copied_and_pickled_in_a_stream(path, frames):
    network = neural.stra_net(path)
    for frame in frames[:3]:
        network.update(frame)
    others = [copy.deepcopy(network), pickle.loads(pickle.dumps(network))]
    expected = [network.update(frame) for frame in frames[3:5]]
    for other in others:
        assert np.array_equal([other.update(frame) for frame in frames[3:5]], expected)


def test_stride_computes_every_third_map_with_its_own_fields(path, frames):
    calls = []

    def flow(previous, current):
        calls.append(1)
        return no_flow(previous, current)

    found = neural.stra_net(path, flow=flow, stride=3).predict(frames)
    every = neural.stra_net(path, flow=no_flow).predict(frames[::3])
    for i in range(8):
        assert np.array_equal(found[i], every[i // 3])
    assert len(calls) == 7
    network = neural.stra_net(path, flow=no_flow, stride=3)
    assert np.array_equal([network.update(frame) for frame in frames], found)


def test_bgr_and_grey_frames(path, frames):
    network = neural.stra_net(path)
    expected = network.predict(frames)
    assert np.array_equal(neural.stra_net(path, color="bgr").predict(frames[..., ::-1]), expected)
    grey = neural.stra_net(path, channel_axis=None, flow=no_flow)
    dim = frames[..., 0] // 4 + 30  # stretched to the whole range
    bright = stra_net_images.stretch(dim[0])
    found = grey.predict(dim[:2], raw=True)
    assert np.array_equal(grey.predict([bright, bright], raw=True)[0], found[0])


def test_a_frame_of_another_size_restarts_a_stream_and_is_refused_in_a_video(path, frames):
    network = neural.stra_net(path)
    first = network.update(frames[0])
    small = network.update(frames[1][:50])
    assert small.shape == (50, 160)
    assert np.array_equal(network.update(frames[0]), first)
    with pytest.raises(ImageError, match="at frame 1"):
        network.predict([frames[0], frames[1][:50]])


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (33, 47)])
def test_odd_sizes(path, rng, size):
    network = neural.stra_net(path)
    for frame in rng.integers(0, 256, (2, *size, 3), np.uint8):
        found = network.update(frame)
        assert found.shape == size
        assert np.isfinite(found).all()


def test_extreme_shapes_are_refused(path):
    with pytest.raises(ImageError, match=r"`frame` must not be longer than 224 times .* 1 x 225"):
        neural.stra_net(path).update(np.zeros((1, 225, 3), np.uint8))


def test_a_wrong_field_stops_and_the_stream_starts_anew(path, frames):
    fields = iter([np.zeros((90, 160)), np.zeros((90, 160, 2))])
    network = neural.stra_net(path, flow=lambda a, b: next(fields))
    first = network.update(frames[0])
    with pytest.raises(ImageError, match="`flow` must return"):
        network.update(frames[1])
    assert np.array_equal(network.update(frames[0]), first)


def test_what_was_loaded_is_told(path):
    report = neural.stra_net(path).report
    assert report.path == str(path)
    assert len(report.entries) == 680
    assert report.unused == ()


@pytest.mark.parametrize("wrong", ["dis2", 3, None])
def test_a_wrong_option_comes_before_the_file(wrong):
    with pytest.raises(ValueError, match="`flow` must be"):
        neural.stra_net("nowhere.h5", flow=wrong)


def test_no_file_tells_where_to_get_it():
    for weights in (None, "nowhere.h5"):
        with pytest.raises(ModelError, match=r"UHD_dcross_res_matt_res\.h5 from https://"):
            neural.stra_net(weights)


def test_bfloat16_is_near(path, frames):
    expected = neural.stra_net(path).predict(frames[:3], raw=True)
    found = neural.stra_net(path, precision="bfloat16").predict(frames[:3], raw=True)
    assert 0 < np.abs(found - expected).max() < 0.05
