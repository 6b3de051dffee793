"""Videos with regions of interest: encoded, decoded by PyAV, and measured with NumPy."""

import math

import av
import numpy as np
import pytest
from video_samples import write_video

from fastsal import VideoError
from fastsal.applications import compress_video
from fastsal.applications.video_compression import _next_factor
from fastsal.io.video_reader import VideoReader


def noisy(path, *, frames=70, size=(320, 192), **options):
    """Write a video of fine texture with a textured square that moves."""
    rng = np.random.default_rng(0)
    width, height = size
    ground = rng.integers(60, 190, (height, width, 3), np.uint8)
    square = rng.integers(0, 256, (48, 48, 3), np.uint8)
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": "10", **options})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index in range(frames):
            frame = ground.copy()
            left = 16 + 3 * index % (width - 64)
            frame[64:112, left : left + 48] = square
            target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        target.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return noisy(tmp_path_factory.mktemp("clip") / "clip.mp4")


def left_part(frame):
    """Return a map with a salient left fifth."""
    found = np.zeros(frame.shape[:2], np.float32)
    found[:, : frame.shape[1] // 5] = 1
    return found


def psnrs(source, target, columns):
    """Return the PSNR left and right of a column."""
    errors = [
        (first.astype(float) - second) ** 2
        for first, second in zip(VideoReader(source), VideoReader(target), strict=True)
    ]
    parts = (np.concatenate([e[:, :columns].ravel() for e in errors]),
             np.concatenate([e[:, columns:].ravel() for e in errors]))  # fmt: skip
    return [10 * math.log10(255**2 / part.mean()) for part in parts]


@pytest.fixture
def left_is_salient(monkeypatch):
    """Replace the maps by ones that are salient at the left."""

    def update(self, frame, *, out=None):
        out[:] = np.rint(255 * left_part(frame))
        return out

    monkeypatch.setattr("fastsal.stream.Stream.update", update)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("preset", ["ultrafast", "superfast", "fast"])
def test_encoders_heed_regions_at_every_preset(
    tmp_path, clip, codec, preset, left_is_salient, capfd
):
    options = {"codec": codec, "preset": preset, "crf": 34, "progress": False}
    plain, finer = tmp_path / "plain.mp4", tmp_path / "finer.mp4"
    compress_video(clip, plain, "lc", strength=0, background=0, **options)
    report = compress_video(clip, finer, "lc", **options)
    columns = 320 // 5
    before, after = psnrs(clip, plain, columns), psnrs(clip, finer, columns)
    assert after[0] > before[0] + 1.5
    assert after[1] < before[1] - 1
    assert report.psnr_salient == pytest.approx(after[0], abs=0.5)
    assert report.psnr_background == pytest.approx(after[1], abs=0.5)
    assert 0 < report.ssim_background < report.ssim_salient < 1
    assert report.bytes == finer.stat().st_size
    assert report.frames == 70
    assert capfd.readouterr() == ("", "")
    with av.open(str(finer)) as file:
        assert file.streams.video[0].codec_context.name == {"libx264": "h264"}.get(codec, "hevc")


def test_plain_encode_of_equal_size(tmp_path, clip):
    report = compress_video(
        clip, tmp_path / "a.mp4", "frame-difference", compare_plain=True, progress=False
    )
    assert abs(report.plain.bytes / report.bytes - 1) < 0.05
    assert report.psnr_salient > report.plain.psnr_salient + 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_the_search_for_a_size():
    class Encode:
        def __init__(self, size):
            self.bytes = size

    def size_at(crf):
        return 10_000 + 1e6 * 2 ** (-crf / 6)

    crf, tried = 20.0, {}
    for _ in range(5):
        tried[crf] = Encode(size_at(crf))
        crf = _next_factor(tried, 30_000)
    assert size_at(crf) == pytest.approx(30_000, rel=0.01)


def test_times_audio_and_shape_of_pixels_are_kept(tmp_path):
    times = [0, 40, 80, 200, 240, 500, 540, 580, 1000, 1040]
    source = write_video(
        tmp_path / "a.mkv", "libx264", frames=10, times=times, sound=("aac", 0.0, 1.0)
    )
    target = tmp_path / "b.mp4"
    report = compress_video(source, target, "lc", progress=False)
    assert report.limits == ""
    with av.open(str(target)) as file:
        found = [float(frame.time) for frame in file.decode(video=0)]
        seconds = sum(f.samples / f.sample_rate for f in av.open(str(target)).decode(audio=0))
    np.testing.assert_allclose(found, np.array(times) / 1000, atol=1e-3)
    assert seconds == pytest.approx(1, abs=0.1)


def test_a_video_that_is_rotated_by_metadata(tmp_path, clip):
    rotated = tmp_path / "rotated.mp4"
    with av.open(str(clip)) as source, av.open(str(rotated), "w") as target:
        template = source.streams.video[0]
        stream = target.add_stream_from_template(template)
        for packet in source.demux(template):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = rotated.read_bytes()
    # The matrix of the track header (ISO/IEC 14496-12): a quarter turn.
    unit = bytes.fromhex("00010000")
    one, minus, zero = unit, bytes.fromhex("ffff0000"), bytes(4)
    at = data.index(b"tkhd")
    plain = one + zero * 3 + one + zero * 3 + bytes.fromhex("40000000")
    turned = zero + one + zero + minus + zero * 4 + bytes.fromhex("40000000")
    place = data.index(plain, at)
    rotated.write_bytes(data[:place] + turned + data[place + len(plain) :])
    assert VideoReader(rotated).size == (192, 320)
    compress_video(rotated, tmp_path / "out.mp4", "lc", progress=False)
    with VideoReader(rotated) as first, VideoReader(tmp_path / "out.mp4") as second:
        assert second.size == (192, 320)
        error = (next(first).astype(float) - next(second)) ** 2
    assert 10 * math.log10(255**2 / error.mean()) > 15


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (100, 4), (2, 2)])
@pytest.mark.parametrize("method", ["lc", "frame-difference"])
def test_odd_and_small_sizes(tmp_path, size, method):
    source = write_video(tmp_path / "a.mkv", "ffv1", size=size, frames=5) if min(size) > 8 else None
    if source is None:
        source = tmp_path / "a.mkv"
        with av.open(str(source), "w") as target:
            stream = target.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            frame = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            target.mux(stream.encode(None))
    report = compress_video(source, tmp_path / "b.mp4", method, progress=False)
    with VideoReader(tmp_path / "b.mp4") as reader:
        assert reader.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert report.psnr_salient > 15


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_one_frame_without_saliency(tmp_path, codec):
    source = write_video(tmp_path / "a.mp4", "libx264", frames=1)
    report = compress_video(source, tmp_path / "b.mp4", "bin-wang", codec=codec, progress=False)
    assert report.frames == 1
    assert math.isnan(report.psnr_background)
    assert report.psnr_salient > 30


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"crf": 0}, "crf"),
        ({"crf": 52}, "crf"),
        ({"strength": -1}, "strength"),
        ({"background": 2}, "background"),
        ({"codec": "libvpx"}, "codec"),
        ({"preset": "fastest"}, "preset"),
        ({"method": "nothing"}, "method"),
    ],
)
def test_bad_options(tmp_path, clip, options, name):
    with pytest.raises(ValueError, match=name) as caught:
        compress_video(clip, tmp_path / "a.mp4", **{"method": "lc", **options})
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_bad_files(tmp_path, clip, monkeypatch):
    (tmp_path / "text.mp4").write_text("no video " * 40)
    data = clip.read_bytes()
    own = tmp_path / "own.mp4"
    own.write_bytes(data)
    for source, target, reason in [
        (tmp_path / "none.mp4", "a.mp4", "no such file"),
        (tmp_path / "text.mp4", "a.mp4", "not a video"),
        (clip, "a.avi", "must end in"),
        (clip, "none/a.mp4", "no such folder"),
        (own, "own.mp4", "same file"),
    ]:
        with pytest.raises(VideoError, match=reason) as caught:
            compress_video(source, tmp_path / target, "lc")
        assert "\n" not in str(caught.value)
    monkeypatch.setattr("fastsal.applications.video_compression.has_av", lambda: False)
    with pytest.raises(VideoError, match="install it with pip install av"):
        compress_video(clip, tmp_path / "a.mp4", "lc")
    monkeypatch.undo()
    monkeypatch.setattr("av.codec.codecs_available", {"h264"})
    with pytest.raises(VideoError, match="no encoder libx265"):
        compress_video(clip, tmp_path / "a.mp4", "lc", codec="libx265")
    assert own.read_bytes() == data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.mp4", "text.mp4"]


def test_a_full_disk(tmp_path, clip, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("fastsal.io.video_writer.shutil.disk_usage", lambda _: usage)
    with pytest.raises(VideoError, match="no space left on device"):
        compress_video(clip, tmp_path / "a.mp4", "lc", progress=False)
    assert list(tmp_path.iterdir()) == []
