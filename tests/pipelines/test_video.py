"""A whole video through a method into a file."""

import dataclasses
import os
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from fake_decoders import FakeDecoder, install
from processes import started

from fastsal.errors import ImageError, VideoError
from fastsal.io import video_reader
from fastsal.io.videos import VideoReader, VideoWriter
from fastsal.pipelines import video
from fastsal.pipelines.video import VideoReport, process_video
from fastsal.registry import METHODS
from fastsal.render.views import VIEWS

pytestmark = pytest.mark.timeout(180)

MakeVideo = Callable[..., Path]


class BrightStream:
    """A method that returns the frame's blue channel as its map."""

    method = METHODS["lc"]
    network = None

    def __init__(self, method: str, **options: Any) -> None:
        self.options = options

    def update(self, frame: np.ndarray, *, out: np.ndarray) -> np.ndarray:
        out[:] = frame[..., 0]
        return out


@pytest.fixture
def fake_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "Stream", BrightStream)
    monkeypatch.setattr(video, "learning_of", lambda keys: 0)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def frames_of(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as reader:
        return list(reader)


def failing_method(monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
    calls = [0]

    class Failing(BrightStream):
        def update(self, frame: np.ndarray, *, out: np.ndarray) -> np.ndarray:
            calls[0] += 1
            if calls[0] > at:
                raise error
            return super().update(frame, out=out)

    monkeypatch.setattr(video, "Stream", Failing)
    monkeypatch.setattr(video, "learning_of", lambda keys: 0)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
@pytest.mark.usefixtures("fake_method")
def test_views(make_video: MakeVideo, tmp_path: Path, view: str, suffix: str) -> None:
    source = make_video(frames=12)
    target = tmp_path / f"out{suffix}"
    report = process_video(source, target, "fake", view=view)
    size = (128, 48) if view == "side-by-side" else (64, 48)
    assert (report.frames, report.size, report.dropped) == (12, size, 0)
    assert report.target == target
    back = frames_of(target)
    assert [frame.shape for frame in back] == [(size[1], size[0], 3)] * 12
    shown = [float(frame[:, :60].mean()) for frame in back]
    if view != "overlay":
        # Two lossy codecs in a row darken a flat frame by up to 6 levels.
        np.testing.assert_allclose(shown, 8.0 * np.arange(12), atol=7)


@pytest.mark.usefixtures("fake_method")
def test_report(make_video: MakeVideo, tmp_path: Path) -> None:
    report = process_video(make_video(), tmp_path / "o.mp4", "fake")
    assert isinstance(report, VideoReport)
    assert dataclasses.is_dataclass(report)
    for summary in (report.compute_ms, report.latency_ms):
        assert list(summary) == ["p50", "p95", "p99", "max"]
        assert 0 < summary["p50"] <= summary["p95"] <= summary["p99"] <= summary["max"]
    assert report.fps > 0
    assert report.seconds > 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.frames = 0  # type: ignore[misc]


@pytest.mark.usefixtures("fake_method")
def test_range_and_resize(make_video: MakeVideo, tmp_path: Path) -> None:
    report = process_video(
        make_video(), tmp_path / "o.avi", "fake", view="map", start=0.5, end=1.0, resize=(32, 20)
    )
    assert (report.frames, report.size) == (5, (32, 20))
    back = frames_of(report.target)
    assert [round(float(frame.mean()) / 8) for frame in back] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("size", [(321, 241), (7, 5), (1, 1)])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.usefixtures("fake_method")
def test_odd_sizes(
    tmp_path: Path, view: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fake_source(patch, [np.full((size[1], size[0], 3), 90, np.uint8)] * 3)
        report = process_video("odd", tmp_path / "o.mp4", "fake", view=view)
    assert all(side % 2 == 0 for side in report.size)
    assert len(frames_of(report.target)) == 3


def fake_source(monkeypatch: pytest.MonkeyPatch, frames: list[np.ndarray]) -> None:
    install(monkeypatch, FakeDecoder(frames, fps=30.0))


@pytest.mark.usefixtures("fake_method")
def test_size_change_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = np.zeros((48, 64, 3), np.uint8), np.zeros((96, 128, 3), np.uint8)
    fake_source(monkeypatch, [small] * 9 + [large])
    with pytest.raises(VideoError, match=r"size changes from 64x48 to 128x96.*first 9 frames"):
        process_video("x", tmp_path / "o.mp4", "fake")
    assert [name.endswith(".partial.mp4") for name in os.listdir(tmp_path)] == [True]


@pytest.mark.usefixtures("fake_method")
def test_cut_short_source(shared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = (shared / "data" / "videos" / "vtest.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 4])
    with pytest.raises(VideoError) as caught:
        process_video(tmp_path / "cut.avi", tmp_path / "o.mp4", "fake", view="map")
    message = str(caught.value)
    (partial,) = tmp_path.glob(".o.*.partial.mp4")
    count = len(frames_of(partial))
    assert "\n" not in message
    assert f"{count} frames can be decoded" in message
    assert f"the first {count} frames are kept in {partial}" in message
    assert not (tmp_path / "o.mp4").exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("fake_method")
def test_bad_requests_leave_nothing(make_video: MakeVideo, tmp_path: Path) -> None:
    source = make_video()
    for arguments, options, reason in (
        ((tmp_path / "none.mp4", tmp_path / "o.mp4"), {}, "no such file"),
        ((source, tmp_path / "o.gif"), {}, "the file name must end in"),
        ((source, tmp_path / "none" / "o.mp4"), {}, "no such folder"),
        ((source, source), {}, "same file"),
        ((source, tmp_path / "o.mp4"), {"start": 5.0, "end": 1.0}, "start < end"),
        ((source, tmp_path / "o.mp4"), {"start": 5.0}, "range"),
    ):
        with pytest.raises(VideoError, match=reason) as caught:
            process_video(*arguments, "fake", **options)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == [source.name]


@pytest.mark.parametrize("error", [ImageError("boom"), ValueError("boom"), KeyboardInterrupt()])
def test_method_raises(
    make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    failing_method(monkeypatch, 7, error)
    target = tmp_path / "o.mp4"
    target.write_bytes(b"old")
    with pytest.raises(type(error)) as caught:
        process_video(make_video(), target, "fake")
    (partial,) = tmp_path.glob(".o.*.partial.mp4")
    told = "; ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert f"the first 7 frames are kept in {partial}" in told
    assert len(frames_of(partial)) == 7
    assert target.read_bytes() == b"old"


def test_method_raises_at_once(
    make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_method(monkeypatch, 0, ImageError("boom"))
    source = make_video()
    with pytest.raises(ImageError, match="boom; nothing was kept"):
        process_video(source, tmp_path / "o.mp4", "fake")
    assert os.listdir(tmp_path) == [source.name]


@pytest.mark.usefixtures("fake_method")
def test_writer_raises(
    make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = VideoWriter.write

    def failing(self: VideoWriter, frame: np.ndarray, at: float | None = None) -> None:
        if self.frames == 6 and self.target.name == "o.mp4":
            raise OSError("boom")
        write(self, frame, at)

    monkeypatch.setattr(VideoWriter, "write", failing)
    with pytest.raises(OSError, match="boom") as caught:
        process_video(make_video(), tmp_path / "o.mp4", "fake")
    assert "the first 6 frames are kept" in caught.value.__notes__[0]
    assert not (tmp_path / "o.mp4").exists()


@pytest.mark.usefixtures("fake_method")
def test_full_disk(tiny_disk: Path, shared: Path) -> None:
    source = shared / "data" / "videos" / "vtest.avi"
    with pytest.raises(VideoError, match="no space left on device"):
        process_video(source, tiny_disk / "o.avi", "fake")
    assert not (tiny_disk / "o.avi").exists()


@pytest.mark.usefixtures("fake_method")
def test_live_source_counts_what_it_drops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_source(monkeypatch, [np.zeros((240, 320, 3), np.uint8)] * 300)
    monkeypatch.setattr(video_reader, "is_file", lambda source: False)
    report = process_video(0, tmp_path / "o.mp4", "fake")
    assert report.frames + report.dropped == 300


@pytest.mark.usefixtures("fake_method")
def test_silent_without_a_terminal(
    make_video: MakeVideo, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process_video(make_video(), tmp_path / "o.mp4", "fake")
    process_video(make_video(), tmp_path / "o.mp4", "fake", progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("fake_method")
def test_memory_stays_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resident: list[int] = []

    class Watching(BrightStream):
        def update(self, frame: np.ndarray, *, out: np.ndarray) -> np.ndarray:
            resident.append(psutil.Process().memory_info().rss)
            return super().update(frame, out=out)

    monkeypatch.setattr(video, "Stream", Watching)
    # Frames as one generator would give them: nothing but the pipeline could pile them up.
    frame = np.zeros((48, 64, 3), np.uint8)
    fake_source(monkeypatch, [frame] * 1500)
    process_video("x", tmp_path / "o.mp4", "fake", view="side-by-side")
    # 1300 frames of 64x48, kept, would be 12 MB, and their pictures 24 MB more.
    assert resident[1499] - resident[199] < 8e6


def test_options_reach_the_method(
    make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[BrightStream] = []

    def make(method: str, **options: Any) -> BrightStream:
        made.append(BrightStream(method, **options))
        return made[-1]

    monkeypatch.setattr(video, "Stream", make)
    monkeypatch.setattr(video, "learning_of", lambda keys: 0)
    process_video(make_video(), tmp_path / "o.mp4", "fake", backend="cpu", threshold=3)
    assert made[0].options == {"backend": "cpu", "color": "bgr", "threshold": 3}


@pytest.mark.parametrize("name", ["vtest.avi", "nasa_13013.mp4"])
def test_real_video_with_a_real_method(shared: Path, tmp_path: Path, name: str) -> None:
    source = shared / "data" / "videos" / name
    report = process_video(source, tmp_path / "o.mp4", "lc", end=2.0)
    assert report.frames == len(frames_of(report.target)) == {"v": 20, "n": 50}[name[0]]


CTRL_C = """
import sys, time
from fastsal import METHODS
from fastsal.pipelines import video

class Slow:
    method, network = METHODS["lc"], None
    def __init__(self, *arguments, **options):
        self.calls = 0
    def update(self, frame, *, out):
        self.calls += 1
        if self.calls == 12:
            print("ready", flush=True)
        time.sleep(0.02)
        return frame[..., 0] / 255.0

video.Stream, video.learning_of = Slow, lambda keys: 0
try:
    video.process_video(sys.argv[1], sys.argv[2], "slow", view="map")
except KeyboardInterrupt as error:
    print(error.__notes__[0], flush=True)
    sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process")
def test_ctrl_c(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "videos" / "vtest.avi"
    script = textwrap.dedent(CTRL_C)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(source), str(tmp_path / "o.mp4")]
    with started(command, cwd=root) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    (partial,) = tmp_path.iterdir()
    assert f"frames are kept in {partial}" in out
    assert f"the first {len(frames_of(partial))} frames" in out
    assert err == ""


@pytest.mark.parametrize(
    ("option", "error"),
    [({"alpha": 2}, "`alpha` must be"), ({"view": "all"}, "`view` must be"),
     ({"backend": "gpu"}, "`backend` must be"), ({"nonsense": 1}, "got nonsense")],
    ids=str,
)  # fmt: skip
def test_options_are_refused_before_any_file_is_touched(option, error, tmp_path):
    """Source and target do not exist, but the error is about the option."""
    with pytest.raises((ValueError, TypeError), match=error):
        process_video(tmp_path / "none.avi", tmp_path / "none" / "out.mp4", "lc", **option)


@pytest.mark.parametrize("resize", [(0, 5), (5, 1_000_000), (5.5, 7), (5,), (True, 1, 2)])
def test_sizes_that_cannot_be(resize, tmp_path):
    with pytest.raises(VideoError, match="width and a height from 1 to 16384"):
        process_video(tmp_path / "none.avi", tmp_path / "out.mp4", "lc", resize=resize)


@pytest.mark.parametrize("name", ["", Path("/dev/null")], ids=str)
def test_sources_that_are_no_video(name, tmp_path):
    with pytest.raises(VideoError, match=r"must not be empty|must be a file, a camera"):
        process_video(name, tmp_path / "out.mp4", "lc")
