"""The three networks in a `Stream`: nothing is computed twice, and memory stays constant."""

import gc
import itertools

import numpy as np
import psutil
import pytest
import torch
from stra_net_files import layout, narrow_weights, write

from fastsal import Stream
from fastsal.neural import stavis_net, stra_net_flow, stra_net_images, stra_net_layers

PICTURES = np.random.default_rng(0).integers(0, 256, (7, 30, 40, 3), np.uint8)


@pytest.fixture
def stra_net_file(monkeypatch, rng, tmp_path):
    """Write a network with few channels; its input is reduced to 32 x 32 too."""
    weights = narrow_weights(monkeypatch, rng)
    for module in (stra_net_flow, stra_net_images):
        monkeypatch.setattr(module, "SIZE", 32)
    return write(tmp_path / "narrow.h5", layout(stra_net_layers.groups()), weights)


@pytest.fixture(params=["tased", "stra-net", "stavis"])
def stream(request, monkeypatch):
    """Return a stream of each network at a small input."""
    key = request.param
    path = request.getfixturevalue(f"{key.replace('-', '_')}_file")
    monkeypatch.setattr(stavis_net, "SIDE", 32)
    return Stream(key, weights=path, **({"size": (32, 32)} if key == "tased" else {}))


def tensor_bytes():
    """Return the memory of all dense tensors that Python knows.

    Earlier tests may leave sparse ones, which have no storage of their own.
    """
    gc.collect()
    storages = {
        each.untyped_storage().data_ptr(): each.untyped_storage().nbytes()
        for each in gc.get_objects()
        if type(each) is torch.Tensor and each.layout is torch.strided
    }
    return sum(storages.values())


def test_memory_is_flat_over_300_frames(stream):
    tensors, memory = [], []
    for i in range(300):
        saliency = stream.update(PICTURES[i % 7])
        if i % 50 == 48 and i > 50:
            tensors.append(tensor_bytes())
            memory.append(psutil.Process().memory_info().rss)
    assert saliency.shape == (30, 40)
    assert 1e5 < tensors[-1] <= tensors[0]
    # A leak grows all the time. Memory that earlier tests freed is taken again only now and then.
    assert min(np.diff(memory)) < 2e6


def test_stavis_computes_each_frame_and_each_shared_step_once(stavis_file, monkeypatch):
    monkeypatch.setattr(stavis_net, "SIDE", 32)
    stream = Stream("stavis", weights=stavis_file)
    model = stream.network._model
    frames, steps, windows = [], [], []

    class First:
        @staticmethod
        def shares(frame):
            frames.append(frame.sum().item())
            return first.shares(frame)

        @staticmethod
        def step(shares, place):
            steps.append(len(shares))
            return first.step(shares, place)

    first, tail = model.first, model.tail
    monkeypatch.setattr(model, "first", First)
    monkeypatch.setattr(model, "tail", lambda *args: windows.append(1) or tail(*args))
    stream.reset()
    for frame in PICTURES:
        stream.update(frame)

    # Sixteen times the first picture, then one frame after the other.
    assert len(frames) == 16 + 6
    assert len(set(frames[16:])) == 6
    assert len(windows) == 7
    # Ten steps inside the first window, then one each; six at the ends of every window.
    assert steps.count(7) == 10 + 6
    assert len(steps) - steps.count(7) == 6 * 7


def test_stra_net_computes_each_frame_and_each_field_once(stra_net_file, monkeypatch):
    pairs, images = [], []

    def flow(previous, frame):
        pairs.append((previous.sum(), frame.sum()))
        return np.zeros((30, 40, 2), np.float32)

    stream = Stream("stra-net", weights=stra_net_file, flow=flow)
    network = stream.network._network
    start = network.image.start
    monkeypatch.setattr(network.image, "start", lambda x: images.append(len(x)) or start(x))
    for frame in PICTURES:
        stream.update(frame)

    assert pairs == [(a.sum(), b.sum()) for a, b in itertools.pairwise(PICTURES)]
    assert images == [1] * 7
