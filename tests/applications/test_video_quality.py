"""Quality of videos, against scikit-image frame by frame."""

import csv

import av
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from video_samples import write_video

import fastsal
from fastsal import FastsalError, VideoError
from fastsal.applications import VideoQuality, compare_videos
from fastsal.io.video_reader import VideoReader

SIZE = (64, 48)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    first = write_video(folder / "a.mkv", "ffv1", size=SIZE, frames=6)
    options = {"crf": "40"}
    second = write_video(folder / "b.mp4", "libx264", size=SIZE, frames=6, options=options)
    return first, second


def test_values_are_those_of_scikit_image(pair):
    quality = compare_videos(*pair, "lc", progress=False)
    assert quality.method == "lc"
    np.testing.assert_allclose(quality.seconds, np.arange(6) / 25, atol=1e-3)
    for index, (first, second) in enumerate(zip(*map(VideoReader, pair), strict=True)):
        assert quality.psnr[index] == pytest.approx(peak_signal_noise_ratio(first, second))
        maps = structural_similarity(
            first, second, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, full=True,
        )  # fmt: skip
        assert quality.ssim[index] == pytest.approx(maps[0])
        weights = fastsal.luminance_contrast(first, color="bgr").astype(float)
        squares = ((first.astype(float) - second) ** 2).mean(2)
        error = (weights * squares).sum() / weights.sum()
        assert quality.psnr_salient[index] == pytest.approx(10 * np.log10(255**2 / error))
        inside = weights[5:-5, 5:-5]
        similarity = (maps[1].mean(2)[5:-5, 5:-5] * inside).sum() / inside.sum()
        assert quality.ssim_salient[index] == pytest.approx(similarity)
    assert quality.mean("psnr") == pytest.approx(quality.psnr.mean())


def test_equal_videos(pair):
    quality = compare_videos(pair[0], pair[0], "frame-difference", progress=False)
    assert np.isinf(quality.psnr).all()
    np.testing.assert_allclose(quality.ssim_salient, 1)


def test_table_and_plot(pair, tmp_path):
    quality = compare_videos(*pair, "lc", progress=False)
    quality.write_csv(tmp_path / "q.csv")
    with open(tmp_path / "q.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(6))
    assert [float(row["ssim_salient"]) for row in rows] == quality.ssim_salient.tolist()
    for name in ("q.png", "q.svg"):
        quality.write_plot(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 4000
    for name, reason in [("q.nothing", "unknown format"), ("none/q.png", "no such file")]:
        with pytest.raises(FastsalError, match=reason):
            quality.write_plot(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(ValueError, match="`measure` must be"):
        quality.mean("vmaf")


def test_a_plot_of_equal_frames(tmp_path):
    values = np.full(3, np.inf)
    VideoQuality("lc", np.arange(3.0), values, np.ones(3), values, np.ones(3)).write_plot(
        tmp_path / "a.png"
    )
    assert (tmp_path / "a.png").exists()


def test_an_odd_side_that_was_made_even(tmp_path):
    with av.open(str(tmp_path / "odd.mkv"), "w") as target:
        stream = target.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 33, 47, "bgr0"
        grey = np.random.default_rng(0).integers(0, 256, (47, 33, 1), np.uint8)
        frame = grey.repeat(3, 2)
        target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        target.mux(stream.encode(None))
    from fastsal.applications import compress_video

    compress_video(tmp_path / "odd.mkv", tmp_path / "even.mp4", "lc", crf=5, progress=False)
    quality = compare_videos(tmp_path / "odd.mkv", tmp_path / "even.mp4", "lc", progress=False)
    assert 15 < quality.psnr[0] < 60


def test_bad_videos(pair, tmp_path):
    short = write_video(tmp_path / "short.mkv", "ffv1", size=SIZE, frames=3)
    wide = write_video(tmp_path / "wide.mkv", "ffv1", size=(80, 48), frames=3)
    small = write_video(tmp_path / "small.mkv", "ffv1", size=(60, 10), frames=3)
    for first, second, reason in [
        (pair[0], short, f"equally many frames; {short} ends after 3"),
        (short, pair[0], f"equally many frames; {short} ends after 3"),
        (short, wide, "one size; got 64x48 and 80x48"),
        (small, small, "at least 11 pixels"),
        (short, tmp_path / "none.mkv", "no such file"),
    ]:
        with pytest.raises(VideoError, match=reason) as caught:
            compare_videos(first, second, "lc", progress=False)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="nothing"):
        compare_videos(*pair, "nothing")
