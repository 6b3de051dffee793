"""Small data sets to evaluate on."""

import numpy as np
import pytest

from fastsal.io.pictures import write_image


@pytest.fixture
def photos(tmp_path, rng):
    """Return a folder with five images, each with a fixated bright square."""
    folder = tmp_path / "photos"
    (folder / "images").mkdir(parents=True)
    rows = ["image,subject,x_px,y_px,duration_ms"]
    for index in range(5):
        picture = rng.integers(0, 90, (40, 60, 3), dtype=np.uint8)
        row, col = 4 + 5 * index, 5 + 9 * index
        picture[row : row + 8, col : col + 8] = 255
        write_image(folder / "images" / f"{index}.png", picture)
        for subject in range(3):
            x, y = col + rng.uniform(0, 8), row + rng.uniform(0, 8)
            rows.append(f"{index}.png,{subject},{x:.2f},{y:.2f},200")
        rows.append(f"{index}.png,3,-5,10,200")  # outside
    (folder / "fixations.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def sequences(tmp_path, rng):
    """Return a folder with two sequences of four frames, in which a square moves."""
    for name, step in (("one", 3), ("two", 5)):
        for part in ("frames", "masks"):
            (tmp_path / "sequences" / name / part).mkdir(parents=True)
        ground = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        for index in range(4):
            frame, mask = ground.copy(), np.zeros((48, 64), np.uint8)
            place = (slice(10, 30), slice(5 + step * index, 25 + step * index))
            frame[place], mask[place] = (250, 60, 30), 255
            home = tmp_path / "sequences" / name
            write_image(home / "frames" / f"{index:05}.png", frame)
            write_image(home / "masks" / f"{index:05}.png", mask)
    return tmp_path / "sequences"
