"""A plain folder: images and one CSV file of fixations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from ..dataset import Dataset, Published
from ..eyes import Fixations, Table
from ..files import PICTURES, files_below
from ..media import Picture
from ..sample import Sample
from ..tables import number_in, read_table

SOURCE = ""  # the user's own
EXPECTED = """\
fixations.csv      columns image, x_px, y_px and, if known, subject, start_ms, duration_ms
images/NAME.jpg    the files that the column image names"""

COLUMNS = ("image", "x_px", "y_px")
_CSV = "fixations.csv"


def find(folder: Path) -> bool:
    """Return whether the folder has a file of fixations."""
    return (folder / _CSV).is_file()


def read(folder: Path, split: str | None) -> Dataset:
    """Return the data set."""
    return read_as("folder", folder, Published(folder.resolve().name or "folder"))


def read_as(name: str, folder: Path, published: Published, sigma: float | None = None) -> Dataset:
    """Return a data set of this layout under another name."""
    table = fixations_in(folder / _CSV)
    images = folder / "images" if (folder / "images").is_dir() else folder
    paths = {path.relative_to(images).as_posix(): path for path in files_below(images, PICTURES)}
    seen = [key for key in paths if key in table]
    if not seen:
        raise DatasetError(
            f"{folder / _CSV}: none of the {len(table)} images that it names is in {images}; "
            f"it names {next(iter(table))!r}, for example"
        )
    samples = [
        Sample(
            Path(key).with_suffix("").as_posix(), Picture(paths[key]), Table(_same, table[key]),
            category=Path(key).parent.name, sigma=sigma,
        )
        for key in seen
    ]  # fmt: skip
    missing = [key for key in table if key not in paths]
    unseen = [key for key in paths if key not in table]
    return Dataset(name, folder, _unique(samples, seen), published, _Problems(missing, unseen))


class _Problems:
    """Images without fixations and fixations without an image."""

    def __init__(self, missing: list[str], unseen: list[str]) -> None:
        self._missing, self._unseen = missing, unseen

    def __call__(self) -> Iterator[str]:
        for name in self._missing:
            yield f"{name}: {_CSV} has fixations for this image, but there is no such file"
        for name in self._unseen:
            yield f"{name}: {_CSV} has no fixations for this image"


def _same(fixations: Fixations) -> Fixations:
    return fixations


def _unique(samples: list[Sample], keys: Iterable[str]) -> list[Sample]:
    """Name samples with their suffix where the rest is the same."""
    count: defaultdict[str, int] = defaultdict(int)
    for sample in samples:
        count[sample.name] += 1
    for sample, key in zip(samples, keys, strict=True):
        if count[sample.name] > 1:
            sample.name = key
    return samples


def fixations_in(path: Path) -> dict[str, Fixations]:
    """Return the fixations of each image that a CSV file names.

    Raises
    ------
    DatasetError
        If a column is missing, a cell is no number, or there is no fixation at all.
    """
    rows: dict[str, list[tuple[float, float, float, float, str]]] = {}
    for row in read_table(path, COLUMNS):
        place = number_in(path, row, "y_px"), number_in(path, row, "x_px")
        times = number_in(path, row, "start_ms"), number_in(path, row, "duration_ms")
        rows.setdefault(row["image"].replace("\\", "/"), []).append(
            (*place, *times, row.get("subject", ""))
        )
    if not rows:
        raise DatasetError(f"{path}: no fixations in this file")
    return {image: _columns(found) for image, found in rows.items()}


def _columns(rows: list[tuple[float, float, float, float, str]]) -> Fixations:
    values = np.array([row[:4] for row in rows], np.float64)
    starts, durations = values[:, 2], values[:, 3]
    observers = np.array([row[4] for row in rows])
    return Fixations(
        values[:, :2],
        durations if np.isfinite(durations).any() else None,
        observers if (observers != "").any() else None,
        starts if np.isfinite(starts).any() else None,
    )
