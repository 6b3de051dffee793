"""STAViS against recorded outputs of its authors' code."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import signal

from fastsal import neural
from fastsal.neural import stavis_net
from fastsal.neural.sound import checked_sound


@pytest.fixture(scope="module")
def network(stavis_file):
    return neural.stavis(stavis_file)


@pytest.fixture(scope="module")
def arrays(recorded):
    return recorded.arrays("stavis")


@pytest.fixture(scope="module")
def video(recorded):
    return recorded.fill.video_u8("stavis:pipe:vidA", 24, 120, 200)


@pytest.fixture(scope="module")
def audio(recorded):
    wave = recorded.fill.normal("stavis:pipe:wav:vidA", (20868,)) * 4000
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


@pytest.fixture(scope="module")
def silent(network, video):
    return network.predict(video, raw=True)


@pytest.mark.parametrize("tag", ["small", "full"])
@pytest.mark.parametrize(("mode", "output"), [("av", "out0"), ("vis", "out4")])
def test_windows_equal_the_recorded_ones(network, recorded, arrays, tag, mode, output):
    x, wave, _ = recorded.fill.stavis_batch(tag)
    with torch.inference_mode():
        windows = []
        for window in torch.from_numpy(x).transpose(1, 2):
            steps = stavis_net.WindowSteps(network._model)
            for frame in window:
                steps.push(frame)
            windows.append(steps.window(0, 16))
        heard = torch.from_numpy(wave) if mode == "av" else None
        logits = network._model.tail(windows, heard).numpy()

    expected = arrays[f"{tag}/{mode}/{output}_logits"].reshape(logits.shape)
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_sound_is_cut_as_the_authors_cut_it(recorded, arrays, audio):
    wave = checked_sound(audio, 22050)
    windows = zip(arrays["pipe/idx"], arrays["pipe/frame_indices"], strict=True)
    rows = [i for i, (_, frames) in enumerate(windows) if (np.diff(frames) == 1).all()]
    first = arrays["pipe/frame_indices"][rows[0]]
    found = stavis_net.excerpt(wave, int(first[0]) - 1, 16, 25.0)

    np.testing.assert_allclose(found, arrays["pipe/audio_first"], atol=1e-3)
    for i in rows:
        start = int(arrays["pipe/frame_indices"][i][0]) - 1
        if arrays["pipe/audio_sq"][i] and i < len(arrays["pipe/idx"]) // 2:
            found = stavis_net.excerpt(wave, start, 16, 25.0)
            np.testing.assert_allclose(found[::40], arrays["pipe/audio_sub"][i], atol=1e-3)


@pytest.mark.parametrize("name", ["nearest", "bicubic"])
def test_frames_become_the_authors_input(arrays, video, name):
    start = int(arrays["pipe/frame_indices"][0][0]) - 1
    kind = getattr(Image.Resampling, name.upper())
    found = np.stack([stavis_net.prepared(each, kind) for each in video[start : start + 16]], 1)[
        None
    ]
    key = "pipe/rgb_nearest_sub" if name == "nearest" else "pipe/rgb_default_bicubic_sub"
    np.testing.assert_allclose(found[..., ::8, ::8], arrays[key], atol=1e-4)


def test_the_first_eight_frames_have_no_map_of_the_authors(silent):
    assert np.isnan(silent).all((1, 2)).tolist() == [True] * 8 + [False] * 16


def test_steps_that_windows_share_are_right(network, video, silent):
    """Each window alone: whole ones, and the last one with repeated frames."""
    for start, frames in ((0, range(16)), (5, range(5, 21)), (15, [*range(15, 24)] * 2)):
        fresh = stavis_net.WindowSteps(network._model)
        with torch.inference_mode():
            for i in list(frames)[:16]:
                fresh.push(network._tensor(video[i]))
            steps = fresh.window(0, 16)
            raw = network._outputs([stavis_net._Window(steps, None)])[0]
        np.testing.assert_allclose(silent[start + 8], raw, atol=1e-5)


def test_sound_changes_the_maps(network, stavis_file, video, audio, silent):
    heard = network.predict(video, audio=audio, raw=True)
    assert np.abs(heard - silent)[8:].max() > 1e-3
    deaf = neural.stavis(stavis_file, audio=False, stride=12)
    np.testing.assert_allclose(
        deaf.predict(video, audio=audio, raw=True)[12], silent[12], atol=1e-5
    )


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
def test_sound_may_be_shorter_or_longer_than_the_video(stavis_file, video, audio, factor):
    network = neural.stavis(stavis_file, stride=23)
    samples = np.resize(audio, int(factor * len(audio)))
    maps = network.predict(video, audio=samples)
    assert np.isfinite(maps).all()


def test_other_rates_are_resampled():
    time = np.arange(48000) / 48000
    wave = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    found = checked_sound(wave, 48000)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)

    assert len(found) == 22050
    np.testing.assert_allclose(found[200:-200], expected[200:-200], atol=5e-3)
    frequency = np.abs(np.fft.rfft(found * signal.windows.hann(len(found)))).argmax()
    assert frequency == 440


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros((100, 2), np.int16), r"must have shape \(samples,\).*mean of its channels"),
        (np.zeros(100, np.int32), "must be int16 or floats"),
        (np.full(100, 3.0), r"in \[-1, 1\].*divide 16-bit samples by 32768"),
        (np.full(100, np.nan), "must be finite"),
    ],
    ids=["stereo", "int32", "loud", "nan"],
)
def test_wrong_sound_is_refused(network, video, audio, message):
    with pytest.raises(ValueError, match=message):
        network.predict(video, audio=audio)


@pytest.mark.parametrize("options", [{"audio_rate": 0}, {"fps": 0}, {"fps": "25"}])
def test_wrong_rates_are_refused(network, video, options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}` must be"):
        network.predict(video, **options)


@pytest.mark.parametrize("count", [1, 8, 9, 15])
def test_short_videos_have_maps(stavis_file, video, count):
    maps = neural.stavis(stavis_file, stride=8).predict(video[:count])

    assert maps.shape == (count, 120, 200)
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_streams_lag_by_seven_frames(network, video, silent):
    network.reset()
    streamed = [network.update(frame) for frame in video[:20]]
    assert network.delay == 7
    np.testing.assert_allclose(
        streamed[18], network._finish(silent[11], video.shape[1:3]), atol=1e-4
    )
