"""OSIE (Xu, Jiang, Wang, Kankanhalli and Zhao, Journal of Vision 2014)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DatasetError
from ..dataset import Dataset, Published
from ..eyes import Fixations, Table
from ..files import PICTURES, files_in
from ..media import Picture
from ..sample import Sample
from ..tables import read_mat
from . import folder as plain_folder

SOURCE = "https://github.com/NUS-VIP/predicting-human-gaze-beyond-pixels"
EXPECTED = """\
data/stimuli/1001.jpg ...     700 images of 800 x 600
data/eye/fixations.mat        fixations of 15 observers
or
images/1001.jpg ...
fixations.csv                 columns image, subject, x_px, y_px, duration_ms"""

_SIGMA = 24.0  # pixels per degree of visual angle
_PUBLISHED = Published("OSIE", "EyeLink 1000", 3.0)
_MEANING = "a cell of structures with the fields img and subjects"


def find(folder: Path) -> bool:
    """Return whether the authors' files are there."""
    return _home(folder) is not None


def read(folder: Path, split: str | None) -> Dataset:
    """Return the data set, from the authors' files or from a CSV file."""
    home = _home(folder)
    if home is None:
        if plain_folder.find(folder):
            return plain_folder.read_as("osie", folder, _PUBLISHED, _SIGMA)
        raise DatasetError(f"{folder}: data/eye/fixations.mat or fixations.csv must be there")
    table = _fixations_in(home / "eye" / "fixations.mat")
    if not (home / "stimuli").is_dir():
        raise DatasetError(f"{home / 'stimuli'}: no such folder; it holds the images of OSIE")
    paths = {path.name: path for path in files_in(home / "stimuli", PICTURES)}
    samples = [
        Sample(Path(name).stem, Picture(paths[name]), Table(_of_image, found), sigma=_SIGMA)
        for name, found in sorted(table.items())
        if name in paths
    ]
    if not samples:
        raise DatasetError(f"{home / 'stimuli'}: none of the images of fixations.mat is there")
    missing = [
        f"{home / 'stimuli' / name}: no such file" for name in sorted(table) if name not in paths
    ]
    return Dataset("osie", folder, samples, _PUBLISHED, missing.copy)


def _home(folder: Path) -> Path | None:
    for home in (folder / "data", folder):
        if (home / "eye" / "fixations.mat").is_file():
            return home
    return None


def _fixations_in(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in np.atleast_1d(np.asarray(read_mat(path, "fixations", _MEANING), object)):
        if not isinstance(item, dict) or not {"img", "subjects"} <= item.keys():
            raise DatasetError(f"{path}: `fixations` must be {_MEANING}")
        found[str(item["img"])] = (path, item["subjects"])
    return found


def _of_image(found: tuple[Path, Any]) -> Fixations:
    path, subjects = found
    parts = []
    for number, subject in enumerate(np.atleast_1d(np.asarray(subjects, object)), 1):
        try:
            x, y, duration = (
                np.ravel(subject[name]).astype(np.float64)
                for name in ("fix_x", "fix_y", "fix_duration")
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DatasetError(
                f"{path}: every subject must have the fields fix_x, fix_y and fix_duration"
            ) from error
        if not len(x) == len(y) == len(duration):
            raise DatasetError(f"{path}: fix_x, fix_y and fix_duration must have one length")
        parts.append(np.column_stack([y, x, duration, np.full(len(x), number)]))
    values = np.concatenate(parts) if parts else np.empty((0, 4))
    return Fixations(values[:, :2], values[:, 2], values[:, 3].astype(np.int64))
