"""Networks as methods: streams, videos, the command line, wrong frames, errors of the device."""

import copy
import pickle
import re

import numpy as np
import pytest
import torch

import fastsal
from fastsal import neural
from fastsal.cli.main import main
from fastsal.errors import BackendUnavailableError, ImageError, ModelError
from fastsal.io.network_audio import read_sound
from fastsal.neural.device import memory_errors

RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 256, (6, 40, 60, 3), dtype=np.uint8)


@pytest.fixture
def network(tased_file):
    return neural.tased(tased_file, size=(32, 64))


def test_the_table_names_the_delays(stavis_file, tased_file):
    assert fastsal.METHODS["stavis"].delay == neural.stavis(stavis_file).delay
    assert fastsal.METHODS["tased"].delay == neural.tased(tased_file).delay


def test_streams_are_made_by_key(tased_file):
    stream = fastsal.Stream("tased", weights=tased_file, size=(32, 64), backend="cpu")
    out = np.empty((40, 60), np.uint8)
    first = stream.update(FRAMES[0])
    stream.reset()
    assert stream.update(FRAMES[0], out=out) is out
    np.testing.assert_array_equal(out, np.rint(first * 255))
    assert stream.network.device.type == "cpu"
    with pytest.raises(TypeError, match=r"takes only the options .*weights"):
        fastsal.Stream("tased", weights=tased_file, flow="dis")


def test_copies_go_on_by_themselves(network):
    network.update(FRAMES[0])
    others = [pickle.loads(pickle.dumps(network)), copy.deepcopy(network)]
    expected = network.update(FRAMES[1])
    for other in others:
        np.testing.assert_array_equal(other.update(FRAMES[1]), expected)


def test_channels_may_be_in_any_order(tased_file, network):
    expected = network.update(FRAMES[0])
    bgr = neural.tased(tased_file, size=(32, 64), color="bgr")
    np.testing.assert_array_equal(bgr.update(FRAMES[0][..., ::-1].copy()), expected)
    first = neural.tased(tased_file, size=(32, 64), channel_axis=0)
    np.testing.assert_array_equal(first.update(FRAMES[0].transpose(2, 0, 1)), expected)
    network.reset()
    found = network.update(torch.from_numpy(FRAMES[0]))
    assert isinstance(found, torch.Tensor)
    np.testing.assert_array_equal(found.numpy(), expected)


def test_grey_frames_are_grey_pictures(tased_file):
    grey = FRAMES[:3, ..., 0]
    network = neural.tased(tased_file, size=(32, 64), channel_axis=None)
    expected = network.predict(grey)
    colour = neural.tased(tased_file, size=(32, 64))
    np.testing.assert_array_equal(colour.predict(np.repeat(grey[..., None], 3, -1)), expected)
    np.testing.assert_array_equal(colour.predict(iter(grey)), expected)


def test_frames_of_another_size(network):
    network.update(FRAMES[0])
    other = FRAMES[1, :30]
    restarted = network.update(other)
    network.reset()
    np.testing.assert_array_equal(network.update(other), restarted)
    with pytest.raises(ImageError, match=r"must all have shape \(40, 60\).*at frame 1"):
        network.predict([FRAMES[0], other])


@pytest.mark.parametrize(
    ("frames", "match"),
    [
        ([], "at least one frame"),
        (np.zeros((0, 4, 5, 3), np.uint8), "at least one frame"),
        (FRAMES[0], r"must have shape \(N, H, W, 3\)"),
        (FRAMES.astype(np.float32) / 255, "must have dtype uint8"),
        ("video.mp4", "an array or an iterable of frames"),
        (3, "an array or an iterable of frames"),
        ([FRAMES[0], None], r"frames\[1\]"),
    ],
    ids=["none", "empty", "one", "float", "name", "number", "hole"],
)
def test_wrong_frames_are_refused(network, frames, match):
    for raw in (False, True):
        with pytest.raises(ImageError, match=match):
            network.predict(frames, raw=raw)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"device": "tpu"}, ValueError, "`device` must be"),
        ({"device": "cuda:99"}, BackendUnavailableError, "`device` must be a device"),
        ({"precision": "float16"}, ValueError, "`precision` must be"),
        ({"stride": 0}, ValueError, "`stride` must be"),
        ({"between": "cut"}, ValueError, "`between` must be"),
        ({"color": "hsv"}, ValueError, "`color` must be"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_wrong_options_are_refused(tased_file, options, error, match):
    with pytest.raises(error, match=match):
        neural.tased(tased_file, **options)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, KeyboardInterrupt])
def test_a_stream_that_stops_begins_again(network, monkeypatch, error):
    expected = network.update(FRAMES[0])
    network.update(FRAMES[1])
    with monkeypatch.context() as patched:

        def fail(*_):
            raise error("no")

        patched.setattr(network._model, "tail", fail)
        is_memory = error is torch.OutOfMemoryError
        with pytest.raises(ModelError if is_memory else error) as caught:
            network.update(FRAMES[2])
        if is_memory:
            assert str(caught.value) == "the memory of cpu is full; use size=(32, 32)"
    np.testing.assert_array_equal(network.update(FRAMES[0]), expected)


@pytest.mark.parametrize(
    ("name", "hint", "remedy"),
    [
        ("cuda", "size=(96, 192)", "use device='cpu', or size=(96, 192)"),
        ("mps", "", "use device='cpu'"),
        ("cpu", "", "close other programs"),
    ],
)
def test_a_full_memory_is_one_line(name, hint, remedy):
    with (
        pytest.raises(ModelError, match=re.escape(f"the memory of {name} is full; {remedy}")),
        memory_errors(torch.device(name), hint),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    with pytest.raises(ModelError, match="memory of cpu"), memory_errors(torch.device("cpu"), ""):
        torch.empty(2**50)
    with pytest.raises(RuntimeError, match=r"^other$"), memory_errors(torch.device("cpu"), ""):
        raise RuntimeError("other")


def test_videos_have_maps_in_the_authors_order(tmp_path, shared, stavis_file, capsys):
    target = tmp_path / "heard.mp4"
    source = shared / "data/videos/nasa_13013.mp4"
    weights = ["--weights", str(stavis_file)]
    command = ["video", str(source), "-m", "stavis", *weights, "-o", str(target), "--end", "0.3"]
    assert main(command) == 0
    assert target.exists()
    assert "wrote" in capsys.readouterr().out
    sound = read_sound(source)
    assert sound.dtype == np.int16
    assert np.abs(sound).max() > 100
    later = read_sound(source, 1.0)
    np.testing.assert_array_equal(later[:1000], sound[22050:23050])
    assert read_sound(next((shared / "data/osie").rglob("*.jpg"))) is None


@pytest.mark.parametrize("audio", [True, False])
def test_a_report_tells_that_sound_was_not_heard(tmp_path, shared, stavis_file, monkeypatch, audio):
    monkeypatch.setattr("fastsal.pipelines.network_video.has_av", lambda: False)
    source = shared / "data/videos/nasa_13013.mp4"
    report = fastsal.process_video(
        source, tmp_path / "deaf.mp4", "stavis", weights=stavis_file, audio=audio, end=0.1,
        progress=False,
    )  # fmt: skip
    assert ("STAViS did not hear the sound of the file" in report.limits) is audio


@pytest.mark.parametrize(
    ("command", "status", "match"),
    [
        (["video", "{video}", "-m", "lc", "--weights", "{file}"], 2, "must come with one network"),
        (["video", "{video}", "-m", "tased"], 1, r"get TASED_updated\.pt from"),
        (["video", "{video}", "-m", "tased", "--weights", "no.pt"], 1, "no such file"),
        (["image", "{image}", "-m", "tased"], 2, "must be a method for images; got tased"),
        (["crop", "{image}", "--aspect", "1:1", "-m", "stavis"], 2, "method for single images"),
        (["webcam", "-m", "lc", "--weights", "{file}", "--headless"], 2, "with one network"),
    ],
    ids=["other", "none", "missing", "image", "crop", "webcam"],
)
def test_commands_refuse(tmp_path, shared, tased_file, capsys, monkeypatch, command, status, match):
    monkeypatch.delenv("FASTSAL_WEIGHTS", raising=False)
    names = {
        "{video}": str(shared / "data/videos/vtest.avi"), "{file}": str(tased_file),
        "{image}": str(next((shared / "data/osie").rglob("*.jpg"))),
    }  # fmt: skip
    arguments = [names.get(each, each) for each in command]
    if command[0] != "webcam":
        arguments += ["-o", str(tmp_path / "out.mp4" if command[0] == "video" else tmp_path)]
    assert main(arguments) == status
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert re.search(match, error), error
    assert not (tmp_path / "out.mp4").exists()


def test_live_sessions_run_networks(tmp_path, stavis_file, capsys):
    report = tmp_path / "report.json"
    command = ["webcam", "--source", "synthetic", "-m", "stavis", "--weights", str(stavis_file)]
    assert main([*command, "--headless", "--frames", "2", "--json", str(report)]) == 0
    assert '"method": "stavis"' in report.read_text()
