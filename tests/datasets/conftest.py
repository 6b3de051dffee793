"""Small trees of each data set's layout."""

import csv

import numpy as np
import pytest
from scipy.io import savemat

from fastsal.io.pictures import write_image
from fastsal.io.videos import VideoWriter


@pytest.fixture
def picture(rng):
    def make(path, height=30, width=40):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        return path

    return make


@pytest.fixture
def video():
    def make(path, frames=5, size=(64, 48), fps=25):
        path.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(path, fps, size) as writer:
            for index in range(frames):
                writer.write(np.full((size[1], size[0], 3), 8 * index, np.uint8))
        return path

    return make


@pytest.fixture
def plain(tmp_path, picture):
    """Return a folder with two images and their fixations."""
    for name in ("a.png", "b.jpg"):
        picture(tmp_path / "images" / name)
    rows = [
        ["image", "subject", "order", "x_px", "y_px", "duration_ms"],
        ["a.png", "1", "1", "10.5", "20", "200"],
        ["a.png", "2", "1", "30", "5.25", "150"],
        ["b.jpg", "1", "1", "1", "2", "90"],
    ]
    with (tmp_path / "fixations.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path


def osie_tree(folder, picture):
    """Write the authors' layout with one image and two subjects."""
    picture(folder / "data" / "stimuli" / "1001.jpg", 60, 80)
    picture(folder / "data" / "stimuli" / "1002.jpg", 60, 80)

    def subject(x, y, duration):
        return {"fix_x": np.array(x), "fix_y": np.array(y), "fix_duration": np.array(duration)}

    def cell(items):
        found = np.empty((len(items), 1), object)
        found[:, 0] = items
        return found

    images = [
        {"img": "1001.jpg", "subjects": cell([subject([10.5, 20.0], [5.0, 6.0], [100.0, 300.0]),
                                              subject([30.0], [7.0], [250.0])])},
        {"img": "1002.jpg", "subjects": cell([subject([1.0], [2.0], [3.0]),
                                              subject([4.0], [5.0], [6.0])])},
    ]  # fmt: skip
    (folder / "data" / "eye").mkdir(parents=True)
    savemat(folder / "data" / "eye" / "fixations.mat", {"fixations": cell(images)})
    return folder


def cat2000_tree(folder, picture):
    """Write two categories of the train set and one image of the test set."""
    for category, number in (("Action", "001"), ("Action", "133"), ("Satelite", "002")):
        home = folder / "trainSet"
        picture(home / "Stimuli" / category / f"{number}.jpg", 54, 96)
        picture(home / "Stimuli" / category / "Output" / f"{number}_SM.jpg")
        for name in ("FIXATIONLOCS", "FIXATIONMAPS"):
            (home / name / category).mkdir(parents=True, exist_ok=True)
        locations = np.zeros((54, 96), np.uint8)
        locations[[3, 50], [90, int(number) % 90]] = 1
        savemat(home / "FIXATIONLOCS" / category / f"{number}.mat", {"fixLocs": locations})
        write_image(home / "FIXATIONMAPS" / category / f"{number}.jpg", 60 * locations)
    picture(folder / "testSet" / "Stimuli" / "Action" / "001.jpg", 54, 96)
    return folder


def savam_tree(folder, video):
    """Write one video and two recordings of two fixations, the second with a blink."""
    video(folder / "v01_Hugo_2172_left.avi", 25, (192, 108))
    video(folder / "v01_Hugo_2172_right.avi", 25, (192, 108))
    home = folder / "raw_gaze_data"
    home.mkdir()
    times = 1_000_000_000 + np.arange(500) * 2000  # 500 Hz, microseconds
    for user, column in (("u001_m_21", 900), ("u007_f_23", 300)):
        left = np.where(np.arange(500) < 250, column, 1500)
        rows = np.column_stack([times, left, np.full(500, 400), left + 20, np.full(500, 400)])
        if user.startswith("u007"):
            rows[100:175, 1:] = 0  # 150 ms
        lines = ("\t".join(map(str, row)) for row in rows)
        path = home / f"v01_Hugo_2172_{user}_1_fwd.txt"
        path.write_text("\r\n".join(lines) + "\r\n")
    return folder


def uav_tree(folder, video):
    """Write one video with a recording of free viewing and one of the task per observer."""
    video(folder / "VIDEOS" / "bike1.mp4", 30, (128, 72), 30)
    raw = folder / "RAW_DATA" / "RAW_DATA_EyeTracker_CoordSystem" / "bike1"
    raw.mkdir(parents=True)
    for observer in ("S01", "S10"):
        for kind, column in (("FV", 960), ("Task", 920)):
            rows = np.zeros((600, 10))
            rows[:, 7], rows[:, 8] = np.where(np.arange(600) < 300, column, column + 40), 540
            rows[400, 7:9] = -32768
            text = "\n".join(",".join(f"{value:g}" for value in row) for row in rows)
            (raw / f"bike1_{observer}_{kind}.csv").write_text(text + "\n")
            home = folder / "FIXATIONS" / "bike1" / f"bike1_{kind}" / "Binocular"
            home.mkdir(parents=True, exist_ok=True)
            (home / f"bike1_{observer}_{kind}_fixations.csv").write_text("1,2,3,4,5,300\n")
    return folder


def crowdfix_tree(folder, video):
    """Write one video with two frames of truth."""
    video(folder / "Videos" / "001.avi", 4, (64, 48), 30)
    for name in ("Binary Fixation Maps", "Saliency Maps"):
        (folder / name).mkdir()
    for frame in (1, 3):
        binary = np.zeros((48, 64, 4), np.uint8)
        binary[..., 3] = 255
        binary[frame, 10 * frame, :3] = 255
        write_image(folder / "Binary Fixation Maps" / f"001_00{frame}.png", binary)
        write_image(folder / "Saliency Maps" / f"001_00{frame}.png", binary[..., 0] // 2)
    return folder


@pytest.fixture
def osie(tmp_path, picture):
    return osie_tree(tmp_path, picture)


@pytest.fixture
def cat2000(tmp_path, picture):
    return cat2000_tree(tmp_path, picture)


@pytest.fixture
def savam(tmp_path, video):
    return savam_tree(tmp_path, video)


@pytest.fixture
def uav(tmp_path, video):
    return uav_tree(tmp_path, video)


@pytest.fixture
def crowdfix(tmp_path, video):
    return crowdfix_tree(tmp_path, video)
