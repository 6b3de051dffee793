"""The video is written with any kind of audio."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fastsal import VideoReport, process_video

av = pytest.importorskip("av", reason="PyAV is not installed")

VIDEO = {".mp4": "mpeg4", ".mov": "mpeg4", ".mkv": "mpeg4", ".avi": "mpeg4", ".ts": "mpeg2video",
         ".webm": "libvpx"}  # fmt: skip
RATES = {".ts": 25}  # MPEG-2 has few rates


def write_source(
    path: Path, codec: str, rate: int, layout: str, *, start: float = 0.0, gap: float = 0.0
) -> Path:
    """Write 2 s of video with a tone that begins late, or pauses for `gap` seconds at 1 s."""
    fps = RATES.get(path.suffix, 10)
    with av.open(str(path), "w") as container:
        video = container.add_stream(VIDEO[path.suffix], rate=fps)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(audio.format, layout, rate, audio.codec_context.frame_size)
        for index in range(2 * fps):
            frame = np.full((48, 64, 3), 4 * index, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        for begin in range(0, 2 * rate, rate // 10):
            seconds = begin / rate
            if seconds < start or 1 <= seconds < 1 + gap:
                continue
            channels = av.AudioLayout(layout).nb_channels
            wave = 0.3 * np.sin(2 * np.pi * 400 * np.arange(begin, begin + rate // 10) / rate)
            planes = np.tile(wave.astype(np.float32), (channels, 1))
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
            for piece in resampler.resample(frame):
                container.mux(audio.encode(piece))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return path


def made_by_ffmpeg(
    path: Path, codec: str, rate: int, channels: int, *options: str, frames: int = 50
) -> Path:
    """Write 25 frames per second and 2 s of a tone, by the ``ffmpeg`` program."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("the ffmpeg program is not installed")
    command = [
        *(
            program,
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            f"testsrc2=s=64x48:r=25:d={frames / 25}",
        ),
        *("-f", "lavfi", "-i", f"sine=f=400:r={rate}:d=2", *options, "-ac", str(channels)),
        *("-ar", str(rate), "-c:v", VIDEO[path.suffix], "-c:a", codec, "-strict", "-2", str(path)),
    ]
    subprocess.run(command, check=True)
    return path


def audio_of(path: Path, seconds: int = 3) -> tuple[str, int, int, np.ndarray]:
    """Return codec, sample rate, channels, and the maximum of all channels from 0 s on."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        resampler = av.AudioResampler("fltp", stream.layout, stream.rate)
        samples = np.zeros(seconds * stream.rate, np.float32)
        for frame in container.decode(stream):
            begin = round(frame.time * stream.rate)
            for piece in resampler.resample(frame):
                part = piece.to_ndarray().max(axis=0)
                part = part[max(0, -begin) :][: samples.size - max(0, begin)]
                samples[max(0, begin) : max(0, begin) + part.size] = part
                begin += piece.samples
        return stream.codec.canonical_name, stream.rate, stream.layout.nb_channels, samples


def loudness(samples: np.ndarray, rate: int, begin: float, end: float) -> float:
    return float(np.sqrt(np.mean(samples[round(begin * rate) : round(end * rate)] ** 2)))


def processed(source: Path, suffix: str = ".mp4") -> VideoReport:
    return process_video(source, source.with_name(f"out{suffix}"), "lc", progress=False)


@pytest.mark.parametrize("target", [".mp4", ".mov", ".m4v"])
@pytest.mark.parametrize(
    ("suffix", "codec", "rate", "layout", "carried"),
    [
        (".mp4", "aac", 44100, "stereo", ("aac", 44100, 2)),
        (".mp4", "aac", 96000, "stereo", ("aac", 96000, 2)),
        (".mp4", "aac", 48000, "5.1", ("aac", 48000, 6)),
        (".mp4", "ac3", 48000, "5.1", ("ac3", 48000, 6)),
        (".mov", "pcm_s16le", 11025, "mono", ("aac", 11025, 1)),
        (".mov", "pcm_s24be", 96000, "5.1", ("aac", 96000, 6)),
        (".mkv", "flac", 48000, "stereo", ("aac", 48000, 2)),
        (".mkv", "flac", 37800, "mono", ("aac", 44100, 1)),
        (".mkv", "pcm_s16le", 192000, "stereo", ("aac", 48000, 2)),
        (".mkv", "pcm_s16le", 5000, "mono", ("aac", 7350, 1)),
        (".avi", "pcm_s16le", 48000, "stereo", ("aac", 48000, 2)),
        (".ts", "mp2", 48000, "stereo", ("aac", 48000, 2)),
        (".ts", "aac", 48000, "stereo", ("aac", 48000, 2)),
        (".webm", "libopus", 48000, "stereo", ("opus", 48000, 2)),
    ],
)
def test_audio_of_every_kind_comes_along(
    tmp_path: Path, suffix: str, codec: str, rate: int, layout: str,
    carried: tuple[str, int, int], target: str,
) -> None:  # fmt: skip
    source = write_source(tmp_path / f"in{suffix}", codec, rate, layout)
    report = processed(source, target)
    assert report.frames == 2 * RATES.get(suffix, 10)
    assert report.limits == ""
    *form, samples = audio_of(report.target)
    if target != ".mp4" and carried[0] in ("ac3", "opus"):
        assert tuple(form[1:]) == carried[1:]  # where the container does not hold it, AAC
    else:
        assert tuple(form) == carried
    assert loudness(samples, form[1], 0.2, 1.8) == pytest.approx(0.3 / np.sqrt(2), rel=0.25)
    assert loudness(samples, form[1], 2.2, 3.0) < 0.01


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
def test_audio_that_starts_late_or_pauses_stays_in_time(tmp_path: Path, codec: str) -> None:
    source = write_source(tmp_path / "in.mkv", codec, 48000, "stereo", start=0.5, gap=0.4)
    report = processed(source)
    assert report.limits == ""
    *_, samples = audio_of(report.target)
    for begin, end, is_loud in ((0.05, 0.4, False), (0.6, 0.9, True), (1.1, 1.3, False),
                                (1.5, 1.9, True)):  # fmt: skip
        assert (loudness(samples, 48000, begin, end) > 0.1) == is_loud, (begin, end)


def test_an_audio_pause_of_hours_needs_no_samples(tmp_path: Path) -> None:
    source = write_source(tmp_path / "in.mkv", "pcm_s16le", 8000, "mono")
    jumped = tmp_path / "jumped.mkv"
    with av.open(str(source)) as old, av.open(str(jumped), "w") as new:
        streams = {each.index: new.add_stream_from_template(each) for each in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                late = packet.pts * packet.time_base >= 1
                packet.pts += 36_000_000 * late
                packet.dts += 36_000_000 * late
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    report = processed(jumped)
    assert report.frames == 20
    assert report.target.stat().st_size < 200_000


@pytest.mark.parametrize(("suffix", "codec"), [(".mkv", "flac"), (".mkv", "libmp3lame"),
                                               (".mkv", "libvorbis"), (".mkv", "aac"),
                                               (".ts", "aac"), (".ts", "ac3")])  # fmt: skip
def test_damaged_audio_never_costs_the_video(
    tmp_path: Path, rng: np.random.Generator, suffix: str, codec: str
) -> None:
    """Bytes are flipped in packets of audio only, so that every frame of the video is whole."""
    source = made_by_ffmpeg(tmp_path / f"in{suffix}", codec, 48000, 2)
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(source)) as container:
        packets = [bytes(each) for each in container.demux(audio=0) if each.size]
    for packet in packets[3::4]:
        place = data.find(packet)
        if place >= 0 and suffix != ".ts":
            noise = rng.integers(0, 256, len(packet) - 2, dtype=np.uint8)
            data[place : place + len(noise)] = noise.tobytes()
        elif place >= 0:
            data[place : place + 24] = bytes(24)
    source.write_bytes(bytes(data))
    report = processed(source)
    assert report.frames == frames
    assert "\n" not in report.limits


@pytest.mark.parametrize("start", [None, 1.2])
@pytest.mark.parametrize(
    ("codec", "channels", "carried"),
    [
        ("eac3", 2, "eac3"), ("eac3", 6, "eac3"), ("ac3", 6, "ac3"), ("dca", 2, "aac"),
        ("flac", 2, "aac"), ("flac", 6, "aac"), ("libvorbis", 2, "aac"), ("libmp3lame", 2, "mp3"),
        ("wmav2", 2, "aac"), ("mp2", 2, "aac"), ("pcm_s16le", 2, "aac"), ("aac", 2, "aac"),
    ],
)  # fmt: skip
def test_audio_of_an_avi_is_in_time_whatever_its_header_says(
    tmp_path: Path, codec: str, channels: int, carried: str, start: float | None
) -> None:
    tone = ("-af", "volume='if(lt(t,1.5),0,1)':eval=frame")  # silent at first
    source = made_by_ffmpeg(tmp_path / "in.avi", codec, 48000, channels, *tone)
    report = process_video(source, tmp_path / "out.mp4", "lc", progress=False, start=start)
    assert report.limits == ""
    name, rate, found, samples = audio_of(report.target)
    assert (name, rate, found) == (carried, 48000, channels)
    begin = 1.5 - (start or 0.0)
    assert loudness(samples, rate, 0.0, begin - 0.05) < 0.01
    assert loudness(samples, rate, begin + 0.05, begin + 0.4) > 0.03


@pytest.mark.parametrize(
    ("suffix", "codec", "is_copied"),
    [
        (".mkv", "ac3", False), (".mkv", "truehd", False), (".mkv", "flac", False),
        (".mkv", "libmp3lame", False), (".mkv", "dca", False), (".mkv", "aac", True),
    ],
)  # fmt: skip
def test_audio_of_zeros_costs_no_frame(
    tmp_path: Path, suffix: str, codec: str, is_copied: bool
) -> None:
    source = made_by_ffmpeg(tmp_path / f"in{suffix}", codec, 48000, 2)
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        packets = [bytes(each) for each in container.demux(audio=0) if each.size]
    for packet in packets:
        if (place := data.find(packet)) >= 0:
            data[place : place + len(packet)] = bytes(len(packet))
    source.write_bytes(bytes(data))
    report = processed(source)
    assert report.frames == 50
    assert is_copied or report.limits.startswith("the audio is left out: ")


@pytest.mark.parametrize("target", [".mp4", ".avi"])
@pytest.mark.parametrize(("suffix", "codec"), [(".mkv", "flac"), (".mov", "pcm_s16le")])
@pytest.mark.parametrize("channels", [3, 7, 8])
def test_audio_of_many_channels(
    tmp_path: Path, suffix: str, codec: str, channels: int, target: str
) -> None:
    """PyAV crashes on layouts of custom order, and on planes of eight channels."""
    source = made_by_ffmpeg(tmp_path / f"in{suffix}", codec, 48000, channels)
    for _ in range(3):
        report = processed(source, target)
        assert report.frames == 50
        is_kept = bool(seconds_of_audio(report.target))
        assert is_kept or "the audio is left out: PyAV cannot decode its order" in report.limits
        assert is_kept or (suffix == ".mov" and channels > 3)


@pytest.mark.parametrize("suffix", [".flv", ".mpg", ".ts"])
def test_audio_that_starts_after_many_seconds_is_found(tmp_path: Path, suffix: str) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("the ffmpeg program is not installed")
    source = tmp_path / f"in{suffix}"
    codecs = ("flv1", "libmp3lame") if suffix == ".flv" else ("mpeg2video", "mp2")
    command = [
        *(program, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x480:r=25:d=9"),
        *("-itsoffset", "8", "-f", "lavfi", "-i", "sine=f=400:r=44100:d=1"),
        *("-c:v", codecs[0], "-b:v", "8M", "-c:a", codecs[1], str(source)),
    ]
    subprocess.run(command, check=True)
    report = processed(source)
    assert (report.frames, report.limits) == (225, "")
    *_, samples = audio_of(report.target, 10)
    assert loudness(samples, 44100, 1.0, 7.5) < 0.01
    assert loudness(samples, 44100, 8.1, 8.9) > 0.03


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi"])
def test_audio_longer_than_the_video_is_kept(tmp_path: Path, suffix: str) -> None:
    source = made_by_ffmpeg(tmp_path / f"in{suffix}", "aac", 48000, 2, frames=13)
    report = processed(source)
    assert (report.frames, report.limits) == (13, "")
    *_, samples = audio_of(report.target)
    assert loudness(samples, 48000, 1.5, 1.9) > 0.03
    report = process_video(source, tmp_path / "cut.mp4", "lc", progress=False, end=0.4)
    *_, samples = audio_of(report.target)
    assert loudness(samples, 48000, 1.0, 1.9) < 0.01


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
def test_audio_before_the_first_frame_is_reported(tmp_path: Path, codec: str) -> None:
    source = made_by_ffmpeg(tmp_path / "in.mkv", codec, 48000, 1)
    late = tmp_path / "late.mkv"
    with av.open(str(source)) as old, av.open(str(late), "w") as new:
        streams = {each.index: new.add_stream_from_template(each) for each in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                if packet.stream.type == "video":
                    packet.pts += 1500
                    packet.dts += 1500
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    report = processed(late)
    assert report.frames == 50
    assert report.limits == "the audio lacks its first 1.5 s, before the video"


def seconds_of_audio(path: Path) -> list[float]:
    """Return the seconds of audio in each stream, counted in samples."""
    seconds = {}
    with av.open(str(path)) as container:
        for stream in container.streams.audio:
            seconds[stream.index] = 0.0
        for packet in container.demux(container.streams.audio) if seconds else ():
            try:
                for frame in packet.decode():
                    seconds[packet.stream.index] += frame.samples / frame.sample_rate
            except av.FFmpegError:
                continue
    return list(seconds.values())


@pytest.mark.parametrize("target", [".mp4", ".mov", ".avi"])
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (suffix, codec)
        for suffix, codecs in {
            ".avi": ("eac3", "dca", "flac", "libvorbis", "libmp3lame", "adpcm_ms", "aac"),
            ".mkv": ("libopus", "flac", "dca", "truehd", "alac"),
            ".ts": ("aac", "mp2", "eac3", "libopus"),
            ".mp4": ("aac", "alac", "ac3", "libopus"),
        }.items()
        for codec in codecs
    ],
)
def test_lost_audio_is_always_reported(
    tmp_path: Path, suffix: str, codec: str, target: str
) -> None:
    source = made_by_ffmpeg(tmp_path / f"in{suffix}", codec, 48000, 2)
    report = processed(source, target)
    (given,) = seconds_of_audio(source)
    kept = seconds_of_audio(report.target)
    assert given > 1.5
    is_kept = bool(kept) and 0.95 * given < kept[0] < 1.1 * given
    assert is_kept or "the audio" in report.limits


def test_the_recorded_faults_of_audio(shared: Path, tmp_path: Path) -> None:
    faults = shared / "data" / "faults"
    for name, suffix, limits, codecs in (
        ("unk_audio.mp4", ".mp4", "the audio is left out: FFmpeg has no decoder for it", []),
        ("dmg_flac.mkv", ".mp4", "the audio lacks 1 damaged packet", ["aac"]),
        ("opus.webm", ".mov", "", ["aac"]),
        ("opus.webm", ".mp4", "", ["opus"]),
    ):
        report = process_video(faults / name, tmp_path / f"o{suffix}", "lc", progress=False)
        assert (report.frames, report.limits) == (50, limits)
        with av.open(str(report.target)) as container:
            found = [each.codec.canonical_name for each in container.streams.audio]
        assert found == codecs
