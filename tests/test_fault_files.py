"""Every file of ``shared/data/faults`` has its correct result: a map, or one line."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageOps

import fastsal
from fastsal.cli.main import main
from fastsal.errors import VideoError
from fastsal.io import video_decoders
from fastsal.io.pictures import read_image
from fastsal.io.video_reader import VideoReader


def map_of(path: Path, folder: Path) -> np.ndarray:
    target = folder / "map.npy"
    assert main(["image", str(path), "-m", "lc", "-o", str(target)]) == 0
    saliency: np.ndarray = np.load(target)
    return saliency


@pytest.fixture
def faults(shared: Path) -> Path:
    return shared / "data" / "faults"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("c_jpeg2000.tif", "JPEG2000 compression needs another decoder: pip install imagecodecs"),
        ("huge1bit.png", "33000x33000 pixels exceed the limit of 1073741824"),
        ("corrupt.jpg", "the image is damaged (Corrupt JPEG data"),
        ("cover.mp3", "not an image"),
        ("cut.mov", "not an image; 'fastsal video' reads videos"),
    ],
)
def test_images_that_are_refused(
    faults: Path, tmp_path: Path, name: str, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", str(faults / name), "-o", str(tmp_path / "map.png")]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"fastsal: error: {faults / name}: ")
    assert expected in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_look_identical_have_the_same_map(faults: Path, tmp_path: Path) -> None:
    maps = [map_of(faults / name, tmp_path) for name in ("alpha_w.png", "alpha_noise.png")]
    np.testing.assert_array_equal(*maps)
    with Image.open(faults / "alpha_noise.png") as picture:
        white = Image.new("RGBA", picture.size, "white")
        shown = np.asarray(Image.alpha_composite(white, picture.convert("RGBA")))[..., :3]
    expected = fastsal.luminance_contrast(np.ascontiguousarray(shown))
    np.testing.assert_allclose(maps[0], expected, atol=1 / 64)


def test_a_turned_avif_is_upright(faults: Path, tmp_path: Path) -> None:
    with Image.open(faults / "exif6.avif") as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    assert expected.shape == (120, 80, 3)
    np.testing.assert_array_equal(read_image(faults / "exif6.avif"), expected)
    assert map_of(faults / "exif6.avif", tmp_path).shape == (120, 80)


def test_colour_of_float64_reaches_the_methods(faults: Path, tmp_path: Path) -> None:
    import tifffile

    samples = tifffile.imread(faults / "f64.tif").astype(np.float32)
    np.testing.assert_array_equal(read_image(faults / "f64.tif"), samples)
    target = tmp_path / "map.npy"
    command = ["image", str(faults / "f64.tif"), "-m", "spectral-residual", "-o", str(target)]
    assert main(command) == 0
    np.testing.assert_array_equal(np.load(target), fastsal.spectral_residual(samples))


@pytest.mark.parametrize(("name", "pages"), [("stack5.tif", 5), ("anim.webp", 50)])
def test_pages(
    faults: Path, tmp_path: Path, name: str, pages: int, capsys: pytest.CaptureFixture[str]
) -> None:
    map_of(faults / name, tmp_path)
    assert f"{name}: read the first of {pages} pictures; --pages" in capsys.readouterr().err
    assert main(["image", str(faults / name), "--pages", "-o", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == pages


VIDEOS = {
    "al.mkv": (100, 3.96),
    "anim.webp": (50, 1.96),
    "cut.mov": (37, 1.44),
    "dmg_flac.mkv": (50, 1.96),
    "gap.mkv": (8, 1_000_000.0),
    "inter264_tff.mp4": (50, 1.96),
    "latin1_title.avi": (30, 2.9),
    "opus.webm": (50, 1.96),
    "s_off3.mkv": (100, 3.96),
    "sar.mp4": (50, 1.96),
    "unk_audio.mp4": (50, 1.96),
    "vfr.webm": (66, 3.967),
}


@pytest.fixture(params=["PyAV", "OpenCV"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let videos be decoded by PyAV, or as on a machine without it."""
    if request.param == "OpenCV":
        monkeypatch.setattr(video_decoders, "has_av", lambda: False)
    return str(request.param)


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_to_the_last_frame(faults: Path, decoder: str, name: str) -> None:
    with VideoReader(faults / name) as reader:
        frames = [(frame, reader.seconds) for frame in reader]
    count, last = VIDEOS[name]
    assert len(frames) == count
    assert frames[-1][1] == pytest.approx(last, abs=2e-3)
    if name.endswith(".webp"):
        return
    with av.open(str(faults / name), metadata_errors="replace") as source:
        expected = [each.to_ndarray(format="bgr24") for each in source.decode(video=0)]
    # The chroma of interlaced frames is interpolated in two ways.
    tolerance = 5 if name.startswith("inter") else 0.5
    for (frame, _), other in zip(frames, expected, strict=True):
        assert np.abs(frame.astype(int) - other).mean() < tolerance


def test_the_first_frame_at_or_after_the_start(faults: Path, decoder: str) -> None:
    with VideoReader(faults / "vfr.webm") as reader:
        times = [reader.seconds for _ in reader]
    with VideoReader(faults / "vfr.webm", start=1.0) as reader:
        assert reader.starts_at == min(each for each in times if each >= 1.0) < 1.5


def test_audio_with_a_cover_is_no_video(faults: Path, decoder: str) -> None:
    with pytest.raises(VideoError, match=r"cover\.mp3: the file has no video stream$"):
        VideoReader(faults / "cover.mp3")


WITHOUT_PYAV = """
import sys
sys.modules["av"] = None
from fastsal.io.video_reader import VideoReader
with VideoReader(sys.argv[1]) as reader:
    print(*[round(float(frame.mean())) for frame in reader])
"""


def test_interlaced_video_where_pyav_cannot_be_imported(faults: Path) -> None:
    path = faults / "inter264_tff.mp4"
    command = [sys.executable, "-c", WITHOUT_PYAV, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    with av.open(str(path)) as source:
        expected = [each.to_ndarray(format="bgr24").mean() for each in source.decode(video=0)]
    np.testing.assert_allclose([int(each) for each in result.stdout.split()], expected, atol=1.5)
