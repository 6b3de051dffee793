import numpy as np
import pytest

from fastsal.cli.main import main
from fastsal.io.pictures import read_image, write_image
from fastsal.render.draw_scanpath import draw_scanpath


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    image = rng.integers(0, 60, (90, 120, 3), dtype=np.uint8)
    image[20:30, 80:90] = 250
    write_image(path, image)
    return path


@pytest.mark.parametrize("view", ["overlay", "map", "side-by-side"])
def test_image_draws_numbered_circles(photo, tmp_path, view):
    plain, drawn = tmp_path / "plain.png", tmp_path / "drawn.png"
    common = ["image", str(photo), "-m", "lc", "--view", view, "-o"]

    assert main([*common, str(plain)]) == 0
    assert main([*common, str(drawn), "--scanpath", "3"]) == 0

    without, with_ = read_image(plain), read_image(drawn)
    without = without if without.ndim == 3 else np.stack([without] * 3, -1)
    assert with_.shape == without.shape
    assert (with_ != without).any(2).sum() > 300
    if view == "side-by-side":
        assert (with_ != without)[:, :120].any()
        assert (with_ != without)[:, 120:].any()


def test_circles_lie_at_the_foci():
    picture = np.full((200, 300, 3), 128, np.uint8)

    draw_scanpath(picture, np.array([[50, 60], [150, 220]]))

    changed = (picture != 128).any(2)
    assert changed[43:58, 53:68].mean() > 0.7
    assert changed[143:158, 213:228].mean() > 0.7
    assert not changed[:30].any()
    assert not changed[170:].any()


@pytest.mark.parametrize("focus", [(0, 0), (0, 299), (199, 150), (199, 299), (100, 0)])
@pytest.mark.parametrize("copies", [1, 2])
def test_circles_at_the_border_are_whole(focus, copies):
    picture = np.full((200, 300 * copies, 3), 128, np.uint8)
    middle = np.full_like(picture, 128)

    draw_scanpath(picture, np.array([focus]), copies=copies)
    draw_scanpath(middle, np.array([[100, 150]]), copies=copies)

    for copy in range(copies):
        drawn, whole = (each[:, 300 * copy : 300 * (copy + 1)] for each in (picture, middle))
        assert (drawn != 128).any(2).sum() == (whole != 128).any(2).sum()


def test_tiny_pictures_can_be_drawn_on():
    for shape in ((1, 1, 3), (5, 9, 3)):
        draw_scanpath(np.full(shape, 128, np.uint8), np.array([[0, 0]]))


@pytest.mark.parametrize("number", ["0", "-2", "two", "1.5"])
def test_bad_numbers_are_bad_usage(photo, number, capsys):
    assert main(["image", str(photo), "-o", "map.png", "--scanpath", number]) == 2
    assert "--scanpath" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["1001", "30000000"])
def test_more_places_than_can_be_seen_are_refused(photo, number, capsys):
    assert main(["image", str(photo), "-o", "map.png", "--scanpath", number]) == 2
    assert "must be an integer from 1 to 1000" in capsys.readouterr().err
