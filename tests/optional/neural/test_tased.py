"""TASED-Net against recorded outputs of its authors' code, and against plain layers."""

import numpy as np
import pytest
import torch
from reference.tased import Tased
from scipy.special import expit
from torch.nn import functional

from fastsal import neural
from fastsal.neural import layers, tased_net
from fastsal.neural.tased_encoder import TasedEncoder

SMALL = (64, 96)


@pytest.fixture(scope="module")
def small(tased_file):
    return neural.tased(tased_file, size=SMALL)


@pytest.fixture(scope="module")
def video(recorded):
    return recorded.fill.video_u8("tests:tased", 40, *SMALL)


@pytest.fixture(scope="module")
def maps(small, video):
    return small.predict(video, raw=True)


def test_small_windows_equal_the_recorded_ones(tased_file, recorded):
    small = neural.tased(tased_file, size=SMALL, stride=31)
    expected = recorded.arrays("tased")["small/logits"]
    for b, logits in enumerate(expected):
        maps = small.predict(recorded.fill.tased_clip("small", b), raw=True)
        # An error of 1e-4 in a logit is at most a quarter of that in a map.
        np.testing.assert_allclose(maps[31], expit(logits), atol=2.5e-5)


def test_the_full_window_equals_the_recorded_one(tased_file, recorded):
    """A maximum of a pool that moves by rounding changes a patch; few pixels may differ."""
    network = neural.tased(tased_file, stride=31)
    maps = network.predict(recorded.fill.tased_clip("full", 0), raw=True)

    assert np.isnan(maps[1:31]).all()
    expected = recorded.arrays("tased")["full/logits"][0]
    logits = np.log(maps[31].astype(float) / (1 - maps[31]))
    assert np.mean(np.abs(logits - expected) < 1e-3) >= 0.995


def test_frames_become_the_authors_input(recorded):
    frames = recorded.fill.video_u8("tased:prep", 2, 90, 160)  # taken as BGR
    arrays = recorded.arrays("tased")
    network = object.__new__(tased_net.TasedNetwork)
    network._size, network.device, network.dtype = (224, 384), torch.device("cpu"), torch.float32
    tensors = [network._tensor(network._small(frame[..., ::-1].copy()))[0] for frame in frames]
    found = torch.stack(tensors, 1).numpy()

    assert (1, *found.shape) == tuple(arrays["prep/shape"])
    np.testing.assert_array_equal(found[:, :, ::8, ::8], arrays["prep/tensor_sub"])


def test_outputs_become_the_authors_pictures(recorded):
    raw = recorded.fill._smooth_field("tased:post", (224, 384), 0, 1, 20).astype(np.float32)
    picture = (tased_net.blurred(raw) * 255).astype(np.uint8)

    np.testing.assert_array_equal(picture, recorded.arrays("tased")["post/png"])


class _Averages:
    """In place of the encoder: weighted means of the frames of a window, later frames more."""

    def __init__(self, model):
        self._frames = []

    def push(self, frame, times=1):
        self._frames = (self._frames + [frame] * times)[-32:]

    def turned(self):
        other = _Averages(None)
        other._frames = self._frames[::-1]
        return other

    def window(self):
        means = torch.cat(self._frames).mean(1)
        weights = torch.arange(1, 33) / torch.arange(1, 33).sum()
        return torch.clip(0.5 + 0.5 * torch.einsum("thw,t->hw", means, weights), 0, 1), None


@pytest.mark.parametrize("count", [63, 70])
def test_windows_come_in_the_authors_order(tased_file, recorded, monkeypatch, count):
    monkeypatch.setattr(tased_net, "TasedEncoder", _Averages)
    monkeypatch.setattr(
        tased_net.TasedNetwork, "_outputs", lambda self, windows: [windows[0].m3.numpy()]
    )
    network = neural.tased(tased_file, color="bgr")
    maps = network.predict(recorded.fill.video_u8(f"tased:main:{count}", count, 45, 80), raw=True)
    pictures = [(tased_net.blurred(raw) * 255).astype(np.uint8)[::14, ::16] for raw in maps]

    expected = recorded.arrays("tased")[f"main{count}/png_sub"]
    difference = np.abs(np.stack(pictures).astype(int) - expected)
    # Means are summed in another order: rounding down to bytes may differ by one.
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.02


def test_steps_that_windows_share_are_right(recorded, video, maps):
    """Each window alone, by plain layers: odd and even starts, forwards and backwards."""
    reference = Tased().eval()
    reference.load_state_dict(recorded.weights("tased"))
    frames = torch.from_numpy((video.astype(np.float32) * 2 - 255) / 255).permute(3, 0, 1, 2)
    windows = {0: frames[:, :32].flip(1), 7: frames[:, 7:39].flip(1), 8: frames[:, 8:40].flip(1)}
    windows |= {i: frames[:, i - 31 : i + 1] for i in (31, 38, 39)}
    apart = []
    with torch.inference_mode():
        for index, window in windows.items():
            expected = torch.sigmoid(reference(window[None].contiguous()))[0].numpy()
            difference = np.abs(maps[index] - expected)
            apart.append((float(difference.max()), float(difference.mean())))
    # Rounding may change which of two nearly equal pixels a pool takes: at most in one window.
    # By how much the pixels around change depends on the processor; wrong steps change all pixels.
    *others, largest = sorted(apart)
    assert max(others)[0] < 2.5e-5
    assert largest[1] < 0.005


def test_frames_without_a_window_of_the_authors_are_nan(maps):
    """With 40 frames, frames 0 to 8 are the first of 32 frames, and 31 to 39 the last."""
    has_none = np.isnan(maps).all((1, 2))

    assert has_none.tolist() == [not (i <= 8 or i >= 31) for i in range(40)]
    assert not np.isnan(maps[~has_none]).any()


@pytest.mark.parametrize("count", [1, 2, 31, 40])
def test_short_videos_have_maps(small, video, count):
    maps = small.predict(video[:count])

    assert maps.shape == (count, *SMALL)
    assert maps.dtype == np.float32
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_streams_give_the_maps_of_whole_videos(small, video, maps):
    """From the 32nd frame on, when the first picture does not stand still any more."""
    small.reset()
    streamed = [small.update(frame) for frame in video]
    for i in (31, 36, 39):
        np.testing.assert_allclose(streamed[i], small._finish(maps[i], SMALL), atol=2e-4)


def test_no_frame_and_no_shared_step_is_computed_twice(small, video, monkeypatch):
    frames, steps = [], []
    model = small._model
    space, space3 = model.space, model.space3
    monkeypatch.setattr(model, "space", lambda x: frames.append(len(x)) or space(x))
    monkeypatch.setattr(model, "space3", lambda x: steps.append(len(x)) or space3(x))
    small.reset()
    for frame in video[:36]:
        small.update(frame)
    small.reset()

    assert frames == [1] * 36
    # Windows 0 and 1 have all 16 steps; later ones two at each end.
    assert sum(steps) == 2 * 16 + 34 * 4


def test_every_kth_map_is_computed(tased_file, video, maps):
    held = neural.tased(tased_file, size=SMALL, stride=9)
    raw = held.predict(video, raw=True)
    assert (~np.isnan(raw).all((1, 2))).nonzero()[0].tolist() == [0, 36]
    np.testing.assert_allclose(raw[36], maps[36], atol=1e-5)

    between = held.predict(video)
    np.testing.assert_array_equal(between[27:36], np.repeat(between[27:28], 9, axis=0))
    blended = neural.tased(tased_file, size=SMALL, stride=9, between="blend").predict(video)
    np.testing.assert_array_equal(blended[::9], between[::9])
    np.testing.assert_allclose(
        blended[30], between[27] + (between[36] - between[27]) / 3, atol=1e-6
    )


def test_batches_of_windows_change_nothing(small, video, maps, monkeypatch):
    monkeypatch.setattr(small, "batches", {"cpu": 4})
    np.testing.assert_allclose(small.predict(video, raw=True), maps, atol=1e-5)


def test_bfloat16_is_near(tased_file, video, maps):
    network = neural.tased(tased_file, size=SMALL, precision="bfloat16", stride=31)
    raw = network.predict(video[:32], raw=True)
    assert np.corrcoef(raw[31].ravel(), maps[31].ravel())[0, 1] > 0.5


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (56, 96)])
def test_overlapping_windows_are_undone_as_on_one_thread(size):
    torch.manual_seed(0)
    x = torch.randint(0, 3, (3, 5, *size)).float()  # many ties
    pooled, indices = functional.max_pool2d(x, 3, 2, 1, return_indices=True)
    values = torch.randn_like(pooled)
    expected = torch.zeros_like(x).flatten(2)
    for row in range(pooled.shape[2]):
        for col in range(pooled.shape[3]):
            place = indices[:, :, row, col, None]
            expected.scatter_(2, place, values[:, :, row, col, None])
    found = layers.unpool(layers.channels_last(values), layers.channels_last(indices), size)
    assert torch.equal(found.flatten(2), expected)


def test_an_encoder_that_is_asked_again_computes_again(small, video):
    with torch.inference_mode():
        encoder = TasedEncoder(small._model)
        for frame in video[:32]:
            encoder.push(small._tensor(frame))
        first, again = encoder.window(), encoder.window()
    assert torch.equal(first[1], again[1])


@pytest.mark.parametrize("size", [(30, 64), (0, 64), 64, (64,), (64, 64, 3)])
def test_wrong_sizes_are_refused(tased_file, size):
    with pytest.raises(ValueError, match="`size` must be"):
        neural.tased(tased_file, size=size)
