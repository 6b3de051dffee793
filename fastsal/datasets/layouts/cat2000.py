"""CAT2000 (Borji and Itti, 2015)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DatasetError
from ..dataset import Dataset, Published
from ..eyes import Fixations, Table
from ..files import PICTURES, files_in, folders_in, subfolder
from ..media import Picture, read_grey
from ..sample import Sample
from ..tables import read_mat

SOURCE = "http://saliency.mit.edu/results_cat2000.html"
EXPECTED = """\
trainSet/Stimuli/Action/001.jpg ...         images of 20 categories, 1920 x 1080
trainSet/FIXATIONLOCS/Action/001.mat ...    fixated pixels, the variable fixLocs
trainSet/FIXATIONMAPS/Action/001.jpg ...    blurred maps
testSet/Stimuli/Action/001.jpg ...          images without fixations"""
SPLITS = ("train", "test")

# 18 observers looked at each image of the train set for 5 s.
_PUBLISHED = Published("CAT2000", "EyeLink 1000 (1000 Hz)", 5.0)
_SIGMA = 41.0  # pixels; the authors' maps have 1 degree of visual angle
_MEANING = "a matrix with 1 at every fixated pixel"
# Pattern/134.jpg of the test set has a wrong EXIF orientation, so that no tag is applied.
_IS_UPRIGHT = False


def find(folder: Path) -> bool:
    """Return whether a train set or a test set is there."""
    return any(_home(folder, split) is not None for split in SPLITS)


def read(folder: Path, split: str | None) -> Dataset:
    """Return the train set by default, or the test set."""
    split = split or "train"
    home = _home(folder, split)
    if home is None:
        raise DatasetError(
            f"{folder}: {split}Set/Stimuli must be there, with a folder per category; "
            f"unpack {split}Set.zip there"
        )
    stimuli = subfolder(home, "Stimuli")
    assert stimuli is not None  # _home has found it
    locations = subfolder(home, "FIXATIONLOCS")
    maps = subfolder(home, "FIXATIONMAPS")
    samples = [
        _sample(category.name, path, locations, maps, has_truth=split == "train")
        for category in folders_in(stimuli)
        for path in files_in(category, PICTURES)
    ]
    if not samples:
        raise DatasetError(f"{stimuli}: there must be a folder of images per category")
    return Dataset("cat2000", folder, samples, _PUBLISHED)


def _home(folder: Path, split: str) -> Path | None:
    candidates = [subfolder(folder, f"{split}Set")]
    if split == "train" or folder.name.lower() == "testset":
        candidates.append(folder)
    for home in candidates:
        if home is None or (stimuli := subfolder(home, "Stimuli")) is None:
            continue
        is_test = subfolder(home, "FIXATIONLOCS") is None
        if folders_in(stimuli) and (home is not folder or is_test == (split == "test")):
            return home
    return None


def _sample(
    category: str, path: Path, locations: Path | None, maps: Path | None, *, has_truth: bool
) -> Sample:
    home = path.parents[2]
    locations = locations or home / "FIXATIONLOCS"
    maps = maps or home / "FIXATIONMAPS"
    return Sample(
        f"{category}/{path.stem}",
        Picture(path, is_upright=_IS_UPRIGHT),
        Table(fixated_in, locations / category / f"{path.stem}.mat") if has_truth else None,
        category=category,
        truth=_Map(maps / category / f"{path.stem}.jpg") if has_truth else None,
        sigma=_SIGMA,
    )


class _Map:
    """The data set's own map of an image."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, frame: int) -> NDArray[Any]:
        return read_grey(self._path)


def fixated_in(path: Path) -> Fixations:
    """Return row and column of every fixated pixel; the file has no times and no observers."""
    values = np.asarray(read_mat(path, "fixLocs", _MEANING))
    if values.ndim != 2 or values.dtype.kind not in "biuf":
        raise DatasetError(
            f"{path}: `fixLocs` must be {_MEANING}; "
            f"got an array of {values.dtype}, shape {values.shape}"
        )
    return Fixations(np.argwhere(values > 0).astype(np.float64))
