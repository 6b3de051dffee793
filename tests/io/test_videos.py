"""Video files in and out."""

import contextlib
import errno
import os
import shutil
import sys
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_decoders import FakeDecoder, install

from fastsal.errors import ImageError, VideoError
from fastsal.io.videos import VideoReader, VideoWriter, check_target

pytestmark = pytest.mark.timeout(120)

MakeVideo = Callable[..., Path]


def flat_frame(index: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Frame `index` of the clips that `make_video` makes."""
    return np.full((size[1], size[0], 3), 8 * index % 256, np.uint8)


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(VideoError) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message
    return message


def levels(reader: VideoReader) -> list[int]:
    return [round(float(frame.mean()) / 8) for frame in reader]


# Reading


@pytest.mark.parametrize(
    ("name", "frames", "fps", "size"),
    [("vtest.avi", 795, 10.0, (480, 360)), ("nasa_13013.mp4", 325, 25.0, (320, 180))],
)
def test_real_videos_to_the_last_frame(
    shared: Path, name: str, frames: int, fps: float, size: tuple[int, int]
) -> None:
    with VideoReader(shared / "data" / "videos" / name) as reader:
        assert (reader.frame_count, reader.fps, reader.size) == (frames, fps, size)
        assert not reader.live
        shapes = [frame.shape for frame in reader]
    assert shapes == [(size[1], size[0], 3)] * frames


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (None, None, 0, 19),
        (0.0, 99.0, 0, 19),
        (0.3, None, 3, 19),
        (0.31, 0.7, 4, 6),
        (None, 0.1, 0, 0),
        (1.9, 2.0, 19, 19),
        (1.9, None, 19, 19),
    ],
)
@pytest.mark.parametrize("name", ["in.avi", "in.mp4"])
def test_range_is_exact(
    make_video: MakeVideo,
    name: str,
    start: float | None,
    end: float | None,
    first: int,
    last: int,
) -> None:
    with VideoReader(make_video(name), start=start, end=end) as reader:
        assert reader.frame_count == last - first + 1
        assert levels(reader) == list(range(first, last + 1))
        assert list(reader) == []


@pytest.mark.parametrize(
    ("start", "end"), [(-1.0, None), (1.0, 1.0), (2.0, 1.0), (float("nan"), None)]
)
def test_impossible_range(make_video: MakeVideo, start: float, end: float | None) -> None:
    path = make_video()
    assert "0 <= start < end" in refusal(lambda: VideoReader(path, start=start, end=end))


@pytest.mark.parametrize(("start", "end"), [(2.0, None), (50.0, 60.0), (0.31, 0.33)])
def test_range_without_frames(make_video: MakeVideo, start: float, end: float | None) -> None:
    path = make_video()
    assert "range" in refusal(lambda: VideoReader(path, start=start, end=end))


@pytest.mark.parametrize("size", [(32, 24), (128, 100), (64, 48), (1, 1)])
def test_resize(make_video: MakeVideo, size: tuple[int, int]) -> None:
    with VideoReader(make_video(), resize=size) as reader:
        assert reader.size == size
        assert {frame.shape for frame in reader} == {(size[1], size[0], 3)}


@pytest.mark.parametrize("size", [(0, 5), (5,), (3, -1)])
def test_impossible_resize(make_video: MakeVideo, size: Any) -> None:
    path = make_video()
    assert "resize" in refusal(lambda: VideoReader(path, resize=size))


def test_colours_are_bgr(tmp_path: Path) -> None:
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[..., 0] = 255
    with VideoWriter(tmp_path / "b.mp4", 25, (64, 48)) as writer:
        writer.write(blue)
    with VideoReader(tmp_path / "b.mp4") as reader:
        assert np.abs(next(reader).astype(int) - blue).mean() < 5


def test_frames_are_arrays_of_their_own(make_video: MakeVideo) -> None:
    with VideoReader(make_video()) as reader:
        first = next(reader)
        kept = first.copy()
        next(reader)
    np.testing.assert_array_equal(first, kept)


def test_unusable_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_bytes(b"hello world" * 500)
    with wave.open(str(tmp_path / "audio.wav"), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(bytes(16000))
    writer = cv2.VideoWriter(
        str(tmp_path / "zero.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48)
    )
    writer.release()
    capfd.readouterr()
    reasons = {
        "none.mp4": "no such file",
        "": "folder",
        "empty.mp4": "empty",
        "text.mp4": "not a video",
        "audio.wav": "the file has no video stream",
        "zero.avi": "no frame",
    }
    for name, reason in reasons.items():
        message = refusal(lambda path=tmp_path / name: VideoReader(path))  # type: ignore[misc]
        assert message.startswith(f"{tmp_path / name}: ")
        assert reason in message
    assert capfd.readouterr() == ("", "")


def test_no_camera_and_no_stream(capfd: pytest.CaptureFixture[str]) -> None:
    assert "camera 97" in refusal(lambda: VideoReader(97))
    assert "camera 97" in refusal(lambda: VideoReader("97"))
    assert "stream" in refusal(lambda: VideoReader("http://127.0.0.1:9/none.mjpg"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_cut_short(shared: Path, tmp_path: Path, keep: float) -> None:
    data = (shared / "data" / "videos" / "vtest.avi").read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(data[: int(len(data) * keep)])
    with VideoReader(path) as reader:
        message = refusal(lambda: [None for _ in reader])
    assert "cut short" in message


def test_cut_short_but_not_in_the_range(shared: Path, tmp_path: Path) -> None:
    data = (shared / "data" / "videos" / "vtest.avi").read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(data[: len(data) // 2])
    with VideoReader(path, end=10.0) as reader:
        assert sum(1 for _ in reader) == 100


def test_hole_in_the_middle(
    shared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray((shared / "data" / "videos" / "nasa_13013.mp4").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 60_000] = bytes(60_000)
    path = tmp_path / "hole.mp4"
    path.write_bytes(data)
    with VideoReader(path) as reader:
        assert "damaged" in refusal(lambda: [None for _ in reader])
    assert capfd.readouterr() == ("", "")


def test_index_missing(shared: Path, tmp_path: Path) -> None:
    data = (shared / "data" / "videos" / "nasa_13013.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    assert "not a video" in refusal(lambda: VideoReader(tmp_path / "cut.mp4"))


def test_names_ffmpeg_would_misread(make_video: MakeVideo, monkeypatch: Any) -> None:
    path = make_video("b:ö %03d.avi")
    monkeypatch.chdir(path.parent)
    with VideoReader(path.name) as reader:
        assert sum(1 for _ in reader) == 20


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_names_that_are_not_text(make_video: MakeVideo) -> None:
    path = make_video()
    folder = Path(os.fsdecode(os.fsencode(path.parent) + b"/\xff\xfe"))
    folder.mkdir()
    shutil.copy(path, folder / "in.avi")
    for act in (VideoReader, check_target):
        message = refusal(lambda act=act: act(folder / "in.avi"))  # type: ignore[misc]
        assert "UTF-8" in message
        message.encode()


def test_size_change(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [flat_frame(0)] * 3 + [flat_frame(0, (32, 48))] * 3
    install(monkeypatch, FakeDecoder(frames, 6))
    with VideoReader("x.avi") as reader:
        assert "from 64x48 to 32x48 at 3" in refusal(lambda: [None for _ in reader])


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), 90_000.0])
def test_unknown_length_and_rate(monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    install(monkeypatch, FakeDecoder([flat_frame(0)] * 6, fps=rate), is_file=False)
    with VideoReader("rtsp://camera") as reader:
        assert reader.frame_count is None
        assert reader.live
        assert reader.fps == 30.0
        assert sum(1 for _ in reader) == 6


def test_live_source_with_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeDecoder([flat_frame(0)] * 60))
    with VideoReader(0, start=1.0, end=3.0) as reader:
        assert reader.frame_count == 20
        assert sum(1 for _ in reader) == 20


def test_fault_is_reported_after_the_last_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeDecoder([flat_frame(0)] * 9, 10, fault="one frame is lost"))
    with VideoReader("x.avi") as reader:
        for _ in range(9):
            next(reader)
        assert refusal(lambda: next(reader)) == "x.avi: one frame is lost; 9 frames can be decoded"


def test_decoder_is_closed_once_and_not_under_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = install(monkeypatch, FakeDecoder([flat_frame(0)] * 5, 5))
    reader = VideoReader("x.avi")
    entered, leave = threading.Event(), threading.Event()

    def stuck() -> None:
        entered.set()
        leave.wait(30)

    decoder.advance = stuck  # type: ignore[method-assign]
    next(reader)
    thread = threading.Thread(target=lambda: next(reader, None))
    thread.start()
    assert entered.wait(30)
    reader.close()
    assert not decoder.closed
    leave.set()
    thread.join(30)
    assert not thread.is_alive()


def test_closed_reader_ends(make_video: MakeVideo) -> None:
    reader = VideoReader(make_video())
    next(reader)
    reader.close()
    reader.close()
    assert list(reader) == []


# Writing


@pytest.mark.parametrize("suffix", [".mp4", ".MP4", ".m4v", ".mov", ".avi"])
@pytest.mark.parametrize("frames", [1, 2, 30])
def test_written_is_read_back(tmp_path: Path, suffix: str, frames: int) -> None:
    target = tmp_path / f"out{suffix}"
    with VideoWriter(target, 29.97002997, (64, 48)) as writer:
        for index in range(frames):
            assert not target.exists()
            writer.write(flat_frame(index))
    assert os.listdir(tmp_path) == [target.name]
    with VideoReader(target) as reader:
        assert reader.fps == pytest.approx(29.97, abs=0.001)
        assert levels(reader) == list(range(frames))


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
@pytest.mark.parametrize("size", [(321, 241), (7, 5), (1, 1), (64, 47)])
def test_odd_sizes_are_padded(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    target = tmp_path / f"out{suffix}"
    frame = flat_frame(10, size)
    frame[-1] = frame[:, -1] = 200
    with VideoWriter(target, 25, size) as writer:
        for _ in range(3):
            writer.write(frame)
    with VideoReader(target) as reader:
        assert reader.size == writer.encoded_size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
        assert abs(int(next(reader)[-1, -1, 0]) - 200) < 25


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("fps", [0.5, 10, 23.976, 59.94005994, 119.8801, 144.00144, 239.76, 1000])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_rates(tmp_path: Path, suffix: str, fps: float) -> None:
    with VideoWriter(tmp_path / f"o{suffix}", fps, (64, 48)) as writer:
        writer.write(flat_frame(1))
        writer.write(flat_frame(2))
    with VideoReader(tmp_path / f"o{suffix}") as reader:
        assert reader.fps == pytest.approx(fps, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.mkv", ".mp4, .m4v, .mov or .avi"),
        ("a", ".mp4"),
        ("none/a.mp4", "no such folder"),
        ("file/a.mp4", "no such folder"),
        ("folder.mp4", "got a folder"),
    ],
)
def test_impossible_targets(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.mp4").mkdir()
    assert reason in refusal(lambda: VideoWriter(tmp_path / name, 25, (64, 48)))
    assert reason in refusal(lambda: check_target(tmp_path / name))
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.mp4"]


def test_forbidden_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path, *arguments: Any, **options: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", forbidden)
    message = refusal(lambda: VideoWriter(tmp_path / "a.mp4", 25, (64, 48)))
    assert message == f"{tmp_path / 'a.mp4'}: permission denied"


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize(("fps", "size"), [(25, (20000, 16)), (0, (64, 48)), (25, (0, 0))])
def test_what_the_codec_refuses(
    tmp_path: Path, fps: float, size: tuple[int, int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert "cannot write" in refusal(lambda: VideoWriter(tmp_path / "a.mp4", fps, size))
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "frame", [flat_frame(0, (32, 48)), flat_frame(0)[..., 0], flat_frame(0).astype(float)]
)
def test_wrong_frames_are_refused(tmp_path: Path, frame: np.ndarray) -> None:
    def write() -> None:
        with VideoWriter(tmp_path / "a.mp4", 25, (64, 48)) as writer:
            writer.write(frame)

    assert "frames must be uint8" in refusal(write)
    assert os.listdir(tmp_path) == []


def test_strided_frames_are_written(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.avi", 25, (64, 48)) as writer:
        writer.write(np.repeat(flat_frame(9), 2, axis=1)[::-1, ::-2])
    with VideoReader(tmp_path / "a.avi") as reader:
        assert levels(reader) == [9]


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    def write() -> None:
        with VideoWriter(tmp_path / "a.mp4", 25, (64, 48)):
            pass

    assert "no frame was written; nothing was kept" in refusal(write)
    assert os.listdir(tmp_path) == []


def only_partial(folder: Path) -> Path:
    (name,) = (name for name in os.listdir(folder) if "partial" in name)
    return folder / name


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
@pytest.mark.parametrize("kind", [ValueError, ImageError, VideoError, KeyboardInterrupt])
def test_failure_keeps_what_plays_and_says_so(
    tmp_path: Path, suffix: str, kind: type[BaseException]
) -> None:
    target = tmp_path / f"a{suffix}"
    target.write_bytes(b"old")

    def write() -> None:
        with VideoWriter(target, 25, (64, 48)) as writer:
            for index in range(7):
                writer.write(flat_frame(index))
            raise kind("boom")

    with pytest.raises(kind) as caught:
        write()
    partial = only_partial(tmp_path)
    told = "; ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert told == f"boom; the first 7 frames are kept in {partial}"
    assert target.read_bytes() == b"old"
    with VideoReader(partial) as reader:
        assert levels(reader) == list(range(7))


def test_an_encoder_is_not_closed_under_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = VideoWriter(tmp_path / "a.avi", 25.0, (64, 48))
    encoder, is_writing, happened = writer._encoder, threading.Event(), []
    write, close = encoder.write, encoder.close

    def slow_write(frame: np.ndarray, at: float | None) -> int:
        is_writing.set()
        time.sleep(0.3)
        happened.append("written")
        return int(write(frame, at))

    def noted_close() -> None:
        happened.append("closed")
        close()

    monkeypatch.setattr(encoder, "write", slow_write)
    monkeypatch.setattr(encoder, "close", noted_close)
    thread = threading.Thread(target=writer.write, args=(flat_frame(1),))
    thread.start()
    assert is_writing.wait(10)
    writer.abandon()
    thread.join()
    assert happened == ["written", "closed"]
    with pytest.raises(VideoError, match=r"a\.avi: the file is closed"):
        writer.write(flat_frame(2))


def test_success_replaces_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    with VideoWriter(target, 25, (64, 48)) as writer:
        writer.write(flat_frame(3))
    with VideoReader(target) as reader:
        assert levels(reader) == [3]


def test_a_link_to_another_file_system(tmp_path: Path, tiny_disk: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(tiny_disk / "real.mp4")
    with VideoWriter(link, 25, (64, 48)) as writer:
        writer.write(flat_frame(0))
    assert link.is_symlink()
    assert os.listdir(tiny_disk) == ["real.mp4"]


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_full_disk_is_noticed_while_writing(tiny_disk: Path, suffix: str) -> None:
    target = tiny_disk / f"a{suffix}"

    def write() -> None:
        with VideoWriter(target, 25, (320, 240)) as writer:
            for index in range(500):
                writer.write(noise(index))

    message = refusal(write)
    assert "no space left" in message
    partial = only_partial(tiny_disk)
    assert str(partial) in message
    assert os.listdir(tiny_disk) == [partial.name]
    with VideoReader(partial) as reader:
        assert f"the first {sum(1 for _ in reader)} frames are kept" in message


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_full_disk_is_noticed_at_the_end(
    tiny_disk: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A quota, for example, does not show in the free space of the file system.
    monkeypatch.setattr(VideoWriter, "_check_space", lambda self: None)

    def write() -> None:
        with VideoWriter(tiny_disk / f"a{suffix}", 25, (320, 240)) as writer:
            for index in range(200):
                writer.write(noise(index))

    message = refusal(write)
    assert "200 frames were written" in message or "no space left on device" in message
    assert not (tiny_disk / f"a{suffix}").exists()
    assert ("kept" in message) == bool(os.listdir(tiny_disk))


def test_disk_full_from_the_start(tiny_disk: Path) -> None:
    (tiny_disk / "ballast").write_bytes(bytes(shutil.disk_usage(tiny_disk).free))
    message = refusal(lambda: VideoWriter(tiny_disk / "a.mp4", 25, (64, 48)).write(flat_frame(0)))
    assert "no space left" in message


def test_interrupted_while_checking_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: VideoWriter) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(VideoWriter, "_check_result", interrupted)
    with (
        pytest.raises(KeyboardInterrupt) as caught,
        VideoWriter(tmp_path / "a.mp4", 25, (64, 48)) as writer,
    ):
        writer.write(flat_frame(0))
    assert "the first frame is kept" in caught.value.__notes__[0]
    assert not (tmp_path / "a.mp4").exists()


def test_log_level_comes_back(make_video: MakeVideo, tmp_path: Path) -> None:
    before = cv2.utils.logging.getLogLevel()
    source = make_video()
    with VideoReader(source) as reader:
        assert cv2.utils.logging.getLogLevel() == 0
        for target in ("none.mp4", "none/a.mp4", "a.mp4"):
            with contextlib.suppress(VideoError):
                VideoReader(tmp_path / target)
            with contextlib.suppress(VideoError), VideoWriter(tmp_path / target, 25, (8, 8)):
                pass
        next(reader)
    assert cv2.utils.logging.getLogLevel() == before


def test_target_turns_into_a_folder(tmp_path: Path) -> None:
    def write() -> None:
        with VideoWriter(tmp_path / "a.mp4", 25, (64, 48)) as writer:
            writer.write(flat_frame(0))
            (tmp_path / "a.mp4").mkdir()

    message = refusal(write)
    assert "directory" in message
    assert "the first frame is kept" in message
