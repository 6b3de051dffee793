"""Videos of every kind that once failed: interlaced, late, trimmed, irregular, damaged."""

import random
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from video_samples import drawn, write_video

from fastsal.errors import VideoError
from fastsal.io import opencv_decoder, video_decoders
from fastsal.io.containers import fault_of, played_fraction
from fastsal.io.demuxing import demuxed
from fastsal.io.opencv_decoder import OpenCVDecoder
from fastsal.io.paths import find_files
from fastsal.io.video_files import VIDEO_SUFFIXES
from fastsal.io.video_reader import VideoReader

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["PyAV", "OpenCV"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let videos be decoded by PyAV, or as on a machine without it."""
    if request.param == "OpenCV":
        monkeypatch.setattr(video_decoders, "has_av", lambda: False)
    return str(request.param)


def read(path: Path, **options: Any) -> tuple[list[np.ndarray], list[float]]:
    with VideoReader(path, **options) as reader:
        items = [(frame, reader.seconds) for frame in reader]
    return [frame for frame, _ in items], [seconds for _, seconds in items]


def assert_drawn(
    frames: list[np.ndarray], size: tuple[int, int] = (160, 96), first: int = 0
) -> None:
    for index, frame in enumerate(frames, first):
        difference = np.abs(frame.astype(int) - drawn(index, size)).mean()
        assert difference < 8, index
        # Nearer to its own frame than to one two steps away.
        assert difference < np.abs(frame.astype(int) - drawn(index + 2, size)).mean()


INTERLACED = {
    "tff.mp4": ("libx264", {"x264opts": "tff=1"}, (160, 96), "yuv420p"),
    "bff.mp4": ("libx264", {"x264opts": "bff=1"}, (160, 96), "yuv420p"),
    "tff.mkv": ("libx264", {"x264opts": "tff=1"}, (160, 96), "yuv420p"),
    "bff.ts": ("libx264", {"x264opts": "bff=1"}, (160, 96), "yuv420p"),
    "mpeg2.mpg": ("mpeg2video", {}, (160, 96), "yuv420p"),
    "mpeg2.ts": ("mpeg2video", {"bf": "2"}, (160, 96), "yuv420p"),
    "mpeg4.avi": ("mpeg4", {}, (160, 96), "yuv420p"),
    "dv.avi": ("dvvideo", {}, (720, 576), "yuv420p"),
    "prores.mov": ("prores_ks", {}, (160, 96), "yuv422p10le"),
}


@pytest.mark.parametrize("name", INTERLACED)
def test_interlaced_video(tmp_path: Path, decoder: str, name: str) -> None:
    codec, options, size, pixels = INTERLACED[name]
    path = tmp_path / f"it's [1], a\\b; {name}"  # as hard to escape in a filter graph as can be
    write_video(path, codec, options=options, size=size, pixels=pixels, interlaced=True, frames=12)
    # FFmpeg's own look at the file, with the module that the fixture hides from fastsal.
    with av.open(str(path)) as source:
        assert next(source.decode(video=0)).interlaced_frame
    frames, times = read(path)
    assert len(frames) == 12
    assert_drawn(frames, size)
    np.testing.assert_allclose(times, np.arange(12) / 25, atol=2e-3)


def test_a_stream_that_opencv_may_not_have_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = drawn(0)

    class Capture:
        def get(self, prop: int) -> float:
            return 0.0

        def grab(self) -> bool:
            return True

        def retrieve(self) -> tuple[bool, np.ndarray]:
            return True, frame.copy()

        def release(self) -> None:
            pass

    monkeypatch.setattr(opencv_decoder, "open_source", lambda source: Capture())
    monkeypatch.setattr(opencv_decoder, "converts_interlaced", lambda: False)
    decoder = OpenCVDecoder("rtsp://host/stream")
    decoder.advance()
    decoder.picture()
    decoder.advance()
    with pytest.raises(VideoError, match=r"cannot convert interlaced video.*pip install av"):
        decoder.picture()


SOUNDS = {
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".ts": ("mpeg2video", "mp2"),
    ".flv": ("flv", "mp3"),
    ".wmv": ("wmv2", "wmav2"),
    ".mpg": ("mpeg1video", "mp2"),
    ".mp4": ("libx264", "aac"),
    ".avi": ("mpeg4", "mp2"),
}


@pytest.mark.parametrize("start", [0.0, 1.5])
@pytest.mark.parametrize("suffix", SOUNDS)
def test_sound_may_be_longer_and_start_later(
    tmp_path: Path, decoder: str, suffix: str, start: float
) -> None:
    codec, sound = SOUNDS[suffix]
    path = write_video(tmp_path / f"in{suffix}", codec, sound=(sound, start, 3.0))
    frames, _ = read(path)
    assert len(frames) == 20
    assert_drawn(frames)


@pytest.mark.parametrize("suffix", SOUNDS)
def test_times_may_start_anywhere(tmp_path: Path, decoder: str, suffix: str) -> None:
    path = write_video(tmp_path / f"in{suffix}", SOUNDS[suffix][0], offset=3.0)
    frames, times = read(path)
    assert len(frames) == 20
    assert_drawn(frames)
    # An AVI starts at zero, with a longer first frame; program streams lack the last time.
    step = np.diff(times[1:-1])
    np.testing.assert_allclose(step, 1 / 25, atol=2e-3)


def trimmed(path: Path, source: Path, played: float) -> Path:
    """Copy an MP4 with an edit list that plays only its first seconds."""
    data = bytearray(source.read_bytes())
    at = data.index(b"elst")
    assert struct.unpack_from(">II", data, at + 4) == (0, 1)
    struct.pack_into(">I", data, at + 12, round(played * 1000))  # of the movie's 1000 ticks
    path.write_bytes(data)
    return path


def test_an_edit_list_may_leave_out_frames(tmp_path: Path, decoder: str) -> None:
    whole = write_video(tmp_path / "in.mp4", "libx264", frames=50)
    path = trimmed(tmp_path / "cut.mp4", whole, 1.2)
    assert played_fraction(path) == pytest.approx(0.6, abs=0.02)
    frames, _ = read(path)
    assert len(frames) == pytest.approx(30, abs=1)
    assert_drawn(frames)


IRREGULAR = [0, 40, 80, 1000, 1900, 2500, 2540, 2580, 2620, 2660, 4000]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, IRREGULAR),
        (1.0, None, IRREGULAR[3:]),
        (1.001, 2.54, [1900, 2500]),
        (2.54, 2.541, [2540]),
        (0.05, 1.9, [80, 1000]),
        (3.0, None, [4000]),
    ],
)
@pytest.mark.parametrize(("name", "codec"), [("in.webm", "libvpx"), ("in.mkv", "libx264")])
def test_range_of_a_variable_frame_rate(
    tmp_path: Path, decoder: str, name: str, codec: str,
    start: float | None, end: float | None, expected: list[int],
) -> None:  # fmt: skip
    path = write_video(tmp_path / name, codec, frames=len(IRREGULAR), times=IRREGULAR)
    frames, times = read(path, start=start, end=end)
    assert [round(1000 * each) for each in times] == expected
    assert_drawn(frames, first=IRREGULAR.index(expected[0]))


def test_range_beyond_the_last_frame(tmp_path: Path, decoder: str) -> None:
    path = write_video(tmp_path / "in.mkv", "libx264", frames=len(IRREGULAR), times=IRREGULAR)
    with pytest.raises(VideoError, match="no frame in the requested range"):
        VideoReader(path, start=4.001)


def test_hours_between_frames(tmp_path: Path, decoder: str) -> None:
    times = [0, 40, 80, 36_000_000]
    path = write_video(tmp_path / "in.mkv", "mpeg4", frames=4, times=times)
    assert [round(1000 * each) for each in read(path)[1]] == times


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.apng", "a.avif"])
def test_animations(tmp_path: Path, decoder: str, name: str) -> None:
    durations = [40, 200, 40, 70]
    pictures = [Image.fromarray(drawn(index)[..., ::-1]) for index in range(4)]
    path = tmp_path / name
    pictures[0].save(
        path,
        format={"webp": "WEBP", "avif": "AVIF"}.get(name[2:], "PNG"),
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        lossless=True,
    )
    frames, times = read(path)
    assert [round(1000 * each) for each in times] == [0, 40, 240, 280]
    expected = np.array([drawn(index) for index in range(4)])
    error = np.abs(np.array(frames, float) - expected).mean(axis=(1, 2, 3))
    assert (error <= (8 if name == "a.avif" else 0)).all()  # which has no lossless mode
    frames, times = read(path, start=0.1)
    assert [round(1000 * each) for each in times] == [240, 280]


def test_an_animation_on_white(tmp_path: Path) -> None:
    pictures = [Image.new("RGBA", (20, 10), (0, 0, 0, alpha)) for alpha in (0, 51)]
    pictures[0].save(tmp_path / "a.png", save_all=True, append_images=pictures[1:], duration=100)
    frames, _ = read(tmp_path / "a.png")
    assert [int(frame[0, 0, 0]) for frame in frames] == [255, 204]


@pytest.mark.parametrize("keep", [0.3, 0.8])
def test_an_animation_cut_short(tmp_path: Path, keep: float) -> None:
    pictures = [Image.fromarray(drawn(index)) for index in range(8)]
    whole, cut = tmp_path / "a.webp", tmp_path / "cut.webp"
    pictures[0].save(whole, save_all=True, append_images=pictures[1:], duration=50, lossless=True)
    cut.write_bytes(whole.read_bytes()[: int(keep * whole.stat().st_size)])
    with pytest.raises(VideoError, match=r"cut\.webp: .*damaged"):
        read(cut)


@pytest.mark.parametrize("suffix", [".webp", ".png", ".avif", ".jp2", ".ppm"])
def test_a_still_picture_is_no_video(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(drawn(0)).save(path)
    with pytest.raises(VideoError, match="is a still image"):
        VideoReader(path)


def test_damage_of_an_animated_avif_is_reported(tmp_path: Path) -> None:
    pictures = [Image.fromarray(drawn(index)) for index in range(4)]
    path = tmp_path / "a.avif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=50)
    data = bytearray(path.read_bytes())
    data[-100] ^= 16
    path.write_bytes(data)
    with pytest.raises(VideoError, match="damaged"):
        read(path)


@pytest.mark.parametrize(
    ("resize", "expected"),
    [(None, "64/45"), ((320, 192), "64/45"), ((160, 192), "128/45"), ((1, 1), "64/27")],
)
def test_sample_aspect_ratio(
    shared: Path, decoder: str, resize: tuple[int, int] | None, expected: str
) -> None:
    with VideoReader(shared / "data" / "faults" / "sar.mp4", resize=resize) as reader:
        assert reader.sample_aspect_ratio == Fraction(expected)


def test_square_pixels_stay_square(tmp_path: Path, decoder: str) -> None:
    path = write_video(tmp_path / "in.mp4", "libx264")
    with VideoReader(path, resize=(50, 90)) as reader:
        assert reader.sample_aspect_ratio == 1


@pytest.mark.parametrize(("degrees", "turn"), [(90, 1), (180, 2), (270, 3)])
def test_rotation(tmp_path: Path, decoder: str, degrees: int, turn: int) -> None:
    path = tmp_path / "in.mp4"
    write_video(path, "libx264", frames=2)
    data = bytearray(path.read_bytes())
    # The matrix of the track header has 9 numbers; the first two columns rotate.
    at = data.index(b"tkhd") + 4 + 40
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    struct.pack_into(">2i", data, at, cos << 16, sin << 16)
    struct.pack_into(">2i", data, at + 12, -sin << 16, cos << 16)
    path.write_bytes(data)
    frames, _ = read(path)
    expected = np.rot90(drawn(0), -turn)
    assert frames[0].shape == expected.shape
    assert np.abs(frames[0].astype(int) - expected).mean() < 8


def test_folders_hold_more_kinds_of_videos(tmp_path: Path) -> None:
    names = ["a.gif", "b.m2ts", "c.mts", "d.flv", "e.mxf", "f.vob"]
    for name in names:
        (tmp_path / name).touch()
    found = find_files(tmp_path, VIDEO_SUFFIXES, "video", VideoError)
    assert [path.name for path in found] == names


WHOLE = {
    "a.mp4": ("libx264", {}),
    "b.mp4": ("libx264", {"options": {"movflags": "faststart"}}),
    "c.mkv": ("libx264", {}),
    "d.webm": ("libvpx", {}),
    "e.avi": ("mpeg4", {}),
    "f.avi": ("mjpeg", {"pixels": "yuvj420p"}),
    "g.ts": ("mpeg2video", {}),
    "h.mpg": ("mpeg1video", {}),
    "i.flv": ("flv", {}),
    "j.wmv": ("wmv2", {}),
    "k.mov": ("prores_ks", {"pixels": "yuv422p10le"}),
    "l.mxf": ("mpeg2video", {}),
    "m.gif": ("gif", {"pixels": "rgb8"}),
}


@pytest.mark.parametrize("name", WHOLE)
def test_damage_gives_all_frames_or_one_line(tmp_path: Path, decoder: str, name: str) -> None:
    """Truncate, and flip bits: never fewer frames without a word, never another exception."""
    codec, options = WHOLE[name]
    path = write_video(tmp_path / name, codec, frames=20, **options)
    assert len(read(path)[0]) == 20
    assert fault_of(path) == ""
    data = path.read_bytes()
    generator = random.Random(name)
    damaged = tmp_path / f"damaged{path.suffix}"
    for _ in range(4):
        damaged.write_bytes(data[: generator.randrange(len(data) // 8, len(data) - 8)])
        assert_one_line(damaged)
    for _ in range(3):
        changed = bytearray(data)
        for _ in range(generator.choice([1, 5, 20])):
            changed[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
        damaged.write_bytes(changed)
        try:
            assert len(read(damaged)[0]) == 20
        except VideoError:
            assert_one_line(damaged)


def zeroed(data: bytes, start: int, length: int) -> bytes:
    return data[:start] + bytes(length) + data[start + length :]


def with_bit(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def flv_tag(data: bytes, index: int) -> int:
    """Return the place of a tag in an FLV file."""
    start = 13
    for _ in range(index):
        start += 15 + int.from_bytes(data[start + 1 : start + 4], "big")
    return start


def wmv_payload(data: bytes) -> int:
    """Return the place of the stream's number in the second packet of a WMV file."""
    starts = [at for at in range(len(data) - 3) if data[at : at + 3] == b"\x82\0\0"]
    return starts[1] + 3 + 2 + 2 + 6 - (2 if data[starts[1] + 3] >> 3 & 3 == 1 else 0) + 1


def chunk(data: bytes) -> int:
    """Return the place of a frame in an AVI file."""
    return data.index(b"00dc", data.index(b"movi") + 900)


def block(data: bytes) -> int:
    """Return the place of the size of a block in a Matroska file, in the middle of its cluster."""
    place = data.index(b"\x1f\x43\xb6\x75") + 12
    while data[place : place + 1] != b"\xa3":
        place += 1
    return place + 1


def frame_start(data: bytes, index: int) -> int:
    """Return the place of a packet in a transport stream that starts a frame of the video."""
    starts = [at for at in range(0, len(data), 188) if data[at + 1] & 0x5F == 0x41]
    return starts[index]


LOST = {
    "WMV, zeros": ("a.wmv", "wmv2", lambda data: zeroed(data, len(data) // 2, 3200)),
    "WMV, a number": ("a.wmv", "wmv2", lambda data: with_bit(data, wmv_payload(data) + 1, 5)),
    "WMV, a stream": ("a.wmv", "wmv2", lambda data: with_bit(data, wmv_payload(data), 3)),
    "FLV, a kind of tag": ("a.flv", "flv", lambda data: with_bit(data, flv_tag(data, 9), 0)),
    "FLV, a codec": ("a.flv", "flv", lambda data: with_bit(data, flv_tag(data, 9) + 11, 2)),
    "FLV, a size": ("a.flv", "flv", lambda data: with_bit(data, flv_tag(data, 9) + 3, 1)),
    "TS, a packet": ("a.ts", "libx264", lambda data: zeroed(data, frame_start(data, 9), 188)),
    "TS, a start": ("a.ts", "libx264", lambda data: zeroed(data, frame_start(data, 9) + 4, 60)),
    "Matroska, a track": ("a.mkv", "mpeg4", lambda data: with_bit(data, block(data) + 2, 0)),
    "AVI, a name": ("a.avi", "mpeg4", lambda data: with_bit(data, chunk(data) + 1, 0)),
    "MPEG, zeros": ("a.mpg", "mpeg2video", lambda data: zeroed(data, 4096, 5000)),
    "MXF, a cut": ("a.mxf", "mpeg2video", lambda data: data[: data.index(KEY, len(data) // 2)]),
}
KEY = b"\x06\x0e\x2b\x34"  # the start of every part of an MXF file


@pytest.mark.parametrize("kind", LOST)
def test_frames_lost_to_damaged_structure_are_reported(
    tmp_path: Path, decoder: str, kind: str
) -> None:
    """FFmpeg skips such parts without an error."""
    name, codec, change = LOST[kind]
    path = write_video(tmp_path / name, codec, frames=40, options={"g": "2", "bf": "0"})
    assert len(read(path)[0]) == 40
    data = path.read_bytes()
    path.write_bytes(change(data))
    assert path.read_bytes() != data
    assert_one_line(path)


def test_a_varying_rate_in_a_transport_stream_is_no_damage(tmp_path: Path, decoder: str) -> None:
    times = [0, 40, 80, 240, 280, 400, 440, 480, 1000, 1040]
    path = write_video(tmp_path / "a.ts", "libx264", frames=10, times=times)
    assert len(read(path)[0]) == 10


def test_an_avi_from_a_pipe_does_not_state_its_length(tmp_path: Path, decoder: str) -> None:
    """The program that wrote it could not go back to the header."""
    path = write_video(tmp_path / "a.avi", "mjpeg", pixels="yuvj420p")
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"
    length = data.index(b"strh") + 8 + 32
    data[length : length + 4] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(data)
    assert len(read(path)[0]) == 20


def test_streams_that_appear_while_reading_do_not_matter() -> None:
    """PyAV 18 does not know them, and raises IndexError after the last packet."""

    class Container:
        def demux(self, streams: str) -> Iterator[str]:
            yield from streams
            raise IndexError("list index out of range")

    assert list(demuxed(Container(), "abc")) == ["a", "b", "c"]


def assert_one_line(path: Path) -> None:
    with pytest.raises(VideoError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_frame_that_cannot_be_decoded_is_reported(tmp_path: Path, decoder: str) -> None:
    path = write_video(tmp_path / "in.mkv", "libx264", options={"g": "5", "bf": "0"})
    with av.open(str(path)) as source:
        packet = [each for each in source.demux(video=0) if each.size][10]
        content = bytes(packet)
    data = path.read_bytes()
    assert data.count(content) == 1
    path.write_bytes(data.replace(content, b"\0\0\0\1" + bytes(len(content) - 4)))
    with pytest.raises(VideoError, match=r"damaged.* of 20 frames"):
        read(path)


def test_opencv_converts_what_the_test_of_it_says() -> None:
    """Compare the answer with the list of versions that hand out an unwritten buffer."""
    version = tuple(int(part) for part in cv2.__version__.split(".")[:2])
    if version <= (4, 12):
        assert opencv_decoder.converts_interlaced()
    if version in ((4, 13), (5, 0)):
        assert not opencv_decoder.converts_interlaced()
