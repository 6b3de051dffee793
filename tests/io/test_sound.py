"""Sound and times of frames carried over, and H.264, with PyAV."""

from fractions import Fraction

import numpy as np
import pytest

from fastsal import process_video
from fastsal.io.videos import VideoReader, VideoWriter

av = pytest.importorskip("av", reason="PyAV is not installed")

RATE = 16_000


def beeping(path, codec, seconds=3, fps=10):
    """Write a video of flat frames with silence, except for a beep in its last second."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=fps)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream(codec, rate=RATE, layout="mono")
        resampler = av.AudioResampler(audio.format, "mono", RATE)
        for index in range(seconds * fps):
            frame = np.full((48, 64, 3), 8 * index, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        wave = (9000 * np.sin(np.arange(seconds * RATE) / 5)).astype(np.int16)
        wave[: (seconds - 1) * RATE] = 0
        sound = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
        for piece in resampler.resample(sound):
            container.mux(audio.encode(piece))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return path


def streams_of(path):
    with av.open(str(path)) as container:
        return [stream.codec.canonical_name for stream in container.streams]


def beep_begins(path):
    """Return the second at which the sound of a file gets loud."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64).ravel()
            loud = np.flatnonzero(np.abs(samples) > 0.1 * (1 if samples.max() <= 1 else 32768))
            if loud.size:
                return frame.time + loud[0] / frame.sample_rate
    return None


def seconds_of(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "mp3"), ("a.avi", "pcm_s16le")]
)
def test_the_sound_comes_along_in_time(tmp_path, name, codec):
    source, target = beeping(tmp_path / name, codec), tmp_path / "out.mp4"
    report = process_video(source, target, "lc", progress=False)

    assert (report.frames, report.limits) == (30, "")
    assert streams_of(target) == ["h264", "aac" if codec == "pcm_s16le" else codec]
    assert beep_begins(target) == pytest.approx(2, abs=0.1)


def test_a_cut_cuts_the_sound_too(tmp_path):
    source, target = beeping(tmp_path / "a.mp4", "aac"), tmp_path / "out.mp4"
    process_video(source, target, "lc", start=1.5, end=2.6, progress=False)

    assert seconds_of(target) == pytest.approx([k / 10 for k in range(11)], abs=1e-4)
    assert beep_begins(target) == pytest.approx(0.5, abs=0.1)
    with av.open(str(target)) as container:
        (audio,) = container.streams.audio
        assert float(audio.duration * audio.time_base) == pytest.approx(1.1, abs=0.15)


def test_all_sounds_of_a_file_come_along(tmp_path, shared):
    target = tmp_path / "out.mp4"
    process_video(
        shared / "data" / "videos" / "nasa_13013.mp4", target, "lc", end=2, progress=False
    )
    assert streams_of(target) == ["h264", "aac", "aac"]


def test_the_recorded_street_keeps_its_sound(tmp_path, shared):
    source, target = shared / "data" / "videos" / "vtest.avi", tmp_path / "out.mp4"
    report = process_video(source, target, "frame-difference", end=5, progress=False)
    assert report.frames == 50
    assert streams_of(target) == ["h264", "aac"]


def test_a_varying_rate_is_kept(tmp_path):
    source, target = tmp_path / "vary.mp4", tmp_path / "out.mp4"
    times = np.cumsum([0, 0.04, 0.2, 0.011, 0.5, 0.04, 0.04, 0.3])
    with VideoWriter(source, 25, (64, 48)) as writer:
        for index, at in enumerate(times):
            writer.write(np.full((48, 64, 3), 20 * index, np.uint8), at=float(at))
    assert seconds_of(source) == pytest.approx(times, abs=1e-4)

    process_video(source, target, "lc", progress=False)
    assert seconds_of(target) == pytest.approx(times, abs=1e-3)


def test_odd_sizes_are_handled(tmp_path):
    source, target = tmp_path / "odd.avi", tmp_path / "out.mp4"
    with VideoWriter(source, 25, (64, 48)) as writer:
        for _ in range(4):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    report = process_video(source, target, "lc", resize=(33, 27), progress=False)
    assert report.size == (34, 28)
    with VideoReader(target) as reader:
        assert reader.size == (34, 28)


def test_without_pyav_it_says_what_is_missing(tmp_path, monkeypatch):
    source = beeping(tmp_path / "a.mp4", "aac")
    monkeypatch.setattr("fastsal.io.encoders.has_av", lambda: False)
    monkeypatch.setattr("fastsal.pipelines.video.has_av", lambda: False)
    report = process_video(source, tmp_path / "out.mp4", "lc", progress=False)
    assert report.frames == 30
    assert streams_of(tmp_path / "out.mp4") == ["mpeg4"]
    assert "no sound" in report.limits


def test_a_silent_video_stays_silent(tmp_path, make_video):
    process_video(make_video(), tmp_path / "out.mp4", "lc", progress=False)
    assert streams_of(tmp_path / "out.mp4") == ["h264"]
