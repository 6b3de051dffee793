"""Sequences of samples, summaries and checks."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import fastsal.datasets
from fastsal import DatasetError, ImageError
from fastsal.datasets import Summary, open_dataset
from fastsal.io.pictures import write_image


def test_slices_are_data_sets(cat2000):
    data = open_dataset("cat2000", cat2000)

    part = data[1:]

    assert isinstance(part, fastsal.datasets.Dataset)
    assert [sample.name for sample in part] == ["Action/133", "Satelite/002"]
    assert part.summary().count == 2
    assert data[-1].name == data[np.int64(2)].name == "Satelite/002"
    assert next(reversed(data)).name == "Satelite/002"
    assert len(data[5:]) == 0
    with pytest.raises(IndexError):
        data[3]


def test_density_is_a_gaussian_around_each_fixation(plain):
    sample = open_dataset("folder", plain)[0]
    points = np.zeros((30, 40))
    points[20, 10] = points[5, 30] = 1
    expected = gaussian_filter(points, 3, mode="reflect") / 2

    density = sample.density(3)

    np.testing.assert_allclose(density, expected, atol=1e-12)
    assert sample.sigma == 40 / 32
    np.testing.assert_array_equal(sample.density(), sample.density(40 / 32))


def test_density_without_fixations_inside(plain):
    (plain / "fixations.csv").write_text("image,x_px,y_px\na.png,400,5\nb.jpg,nan,5\n")
    data = open_dataset("folder", plain)

    assert [sample.density(2).sum() for sample in data] == [0, 0]
    assert data.check(progress=False) == [
        f"{name}: all 1 fixations lie outside the picture" for name in ("a", "b")
    ]


@pytest.mark.parametrize("sigma", [0, -1, "wide", np.nan])
def test_bad_sigma(plain, sigma):
    with pytest.raises(ValueError, match="`sigma` must be a number"):
        open_dataset("folder", plain)[0].density(sigma)


def test_bad_frame(plain):
    with pytest.raises(ValueError, match="`frame` must be an integer from 0 up; got -1"):
        open_dataset("folder", plain)[0].fixations_at(-1)


def test_images_are_rgb_of_8_bits(plain):
    levels = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    write_image(plain / "images" / "a.png", levels)
    sample = open_dataset("folder", plain)[0]

    image = sample.image()

    assert image.dtype == np.uint8
    np.testing.assert_array_equal(
        image, np.rint(levels / 257).astype(np.uint8)[..., None].repeat(3, 2)
    )


def test_no_map_of_its_own(plain):
    with pytest.raises(DatasetError, match="a: the data set has no saliency map"):
        open_dataset("folder", plain)[0].truth()


def test_check_lists_every_bad_file_and_goes_on(cat2000):
    home = cat2000 / "trainSet"
    data = open_dataset("cat2000", cat2000)
    (home / "Stimuli" / "Action" / "001.jpg").write_bytes(b"\xff\xd8 no picture")
    (home / "FIXATIONLOCS" / "Action" / "133.mat").unlink()
    (home / "FIXATIONMAPS" / "Satelite" / "002.jpg").unlink()

    lines = data.check(progress=False)

    expected = ("Stimuli/Action/001.jpg", "FIXATIONLOCS/Action/133.mat", "FIXATIONMAPS/Satelite")
    for part in expected:
        assert sum(part in line for line in lines) >= 1
    assert not any("Stimuli/Satelite" in line for line in lines)


def test_summary_needs_its_files(cat2000):
    data = open_dataset("cat2000", cat2000)
    (cat2000 / "trainSet" / "Stimuli" / "Action" / "001.jpg").unlink()

    with pytest.raises(ImageError, match=r"001\.jpg: no such file"):
        data.summary()


def test_summaries_of_several_sizes(plain, picture):
    picture(plain / "images" / "c.png", 20, 60)
    with (plain / "fixations.csv").open("a") as file:
        file.write("c.png,7,1,4,5,100\n")

    summary = open_dataset("folder", plain).summary()

    assert summary.resolution == "40 x 30 (and 1 of other sizes)"
    assert (summary.count, summary.observers, summary.seconds) == (3, 3, None)


def test_summaries_of_videos():
    summary = Summary("X", "64 x 48", "video", 1, None, (1.0, 3.25), "-")

    assert str(summary) == "X | 64 x 48 px | 1 video | - | 1-3.25 s | -"


def test_pairs_are_what_networks_take(plain):
    data = open_dataset("folder", plain)

    image, density = data.pair(0, 2.0)

    assert (image.shape, image.dtype) == ((3, 30, 40), np.float32)
    np.testing.assert_array_equal(np.rint(255 * image.transpose(1, 2, 0)), data[0].image())
    assert (density.shape, density.dtype) == ((1, 30, 40), np.float32)
    np.testing.assert_allclose(density[0], data[0].density(2.0), atol=1e-8)


@pytest.mark.parametrize("name", fastsal.datasets.__all__)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for case in doctest.DocTestFinder().find(getattr(fastsal.datasets, name), name, globs={}):
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(case).failed == 0


def test_opening_loads_no_pictures_and_no_compiler(plain):
    code = (
        "import sys, fastsal.datasets\n"
        f"fastsal.datasets.open_dataset('folder', {str(plain)!r})[0].fixations\n"
        "print(*[n for n in ('cv2', 'numba', 'scipy', 'torch', 'h5py') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
