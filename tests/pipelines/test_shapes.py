"""Pixels that are not square, and gaps between frames."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fastsal import process_video
from fastsal.io.videos import VideoReader, VideoWriter

RATIO = Fraction(64, 45)


def shape_of(path: Path) -> tuple[int, int, Fraction]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        ratio = stream.sample_aspect_ratio or Fraction(1)
        return stream.width, stream.height, ratio


def write_source(path: Path, ratio: Fraction, turn: int = 0) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 80, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = ratio
        if turn:
            stream.set_display_rotation(turn)
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 80, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v"])
def test_the_shape_of_pixels_is_written(tmp_path: Path, suffix: str) -> None:
    source, target = write_source(tmp_path / "in.mkv", RATIO), tmp_path / f"out{suffix}"
    for options, expected in (
        ({}, (80, 48, RATIO)),
        ({"view": "side-by-side"}, (160, 48, RATIO)),
        ({"view": "map", "resize": (160, 48)}, (160, 48, RATIO / 2)),
        ({"view": "grid"}, (80, 76, RATIO)),
    ):
        process_video(source, target, "lc", progress=False, **options)  # type: ignore[arg-type]
        assert shape_of(target) == expected


def test_square_pixels_stay_square(tmp_path: Path) -> None:
    source, target = write_source(tmp_path / "in.mkv", Fraction(1)), tmp_path / "out.mp4"
    process_video(source, target, "lc", progress=False)
    assert shape_of(target) == (80, 48, 1)


@pytest.mark.parametrize(("ratio", "size"), [(RATIO, (114, 48)), (1 / RATIO, (80, 68)),
                                             (Fraction(12, 11), (88, 48))])  # fmt: skip
@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_without_pyav_frames_are_enlarged_to_square_pixels(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    ratio: Fraction,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr("fastsal.io.encoders.has_av", lambda: False)
    target = tmp_path / f"out{suffix}"
    with VideoWriter(target, 10, (80, 48), None, ratio) as writer:
        for _ in range(3):
            writer.write(np.zeros((48, 80, 3), np.uint8))
    with VideoReader(target) as reader:
        assert reader.size == size
        assert reader.sample_aspect_ratio == 1


def test_a_recorded_video_keeps_its_shape(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "faults" / "sar.mp4"
    process_video(source, tmp_path / "o.mp4", "lc", progress=False)
    assert shape_of(tmp_path / "o.mp4") == shape_of(source)


@pytest.mark.parametrize("hours", [1, 7, 25, 300, 1e6])
@pytest.mark.parametrize("fps", [25, 30000 / 1001, 23.9761])
def test_a_gap_of_hours_between_frames_is_written(tmp_path: Path, hours: float, fps: float) -> None:
    times = [0.0, 0.04, 3600 * hours, 3600 * hours + 0.04]
    with VideoWriter(tmp_path / "o.mp4", fps, (64, 48)) as writer:
        for index, at in enumerate(times):
            writer.write(np.full((48, 64, 3), 50 * index, np.uint8), at=at)
    with av.open(str(tmp_path / "o.mp4")) as container:
        found = [frame.time for frame in container.decode(video=0)]
    assert len(found) == 4
    if hours <= 1:
        assert found == pytest.approx(times, abs=1e-3)
        assert writer.limits == ""
    else:
        assert found[2] > 3000
        assert found[3] - found[2] == pytest.approx(0.04, abs=1e-3)
    if hours >= 300:
        assert "between frames are shortened" in writer.limits


def test_the_recorded_gap_is_written(shared: Path, tmp_path: Path) -> None:
    report = process_video(shared / "data/faults/gap.mkv", tmp_path / "o.mp4", "lc", progress=False)
    assert report.frames == 8
