"""EyeTrackUAV2 (Perrin, Zhang and Le Meur, Drones 2020)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import DatasetError
from ..dataset import Dataset, Published
from ..eyes import Fixations, Table
from ..files import PICTURES, VIDEOS, files_below, files_in, folders_in, subfolder
from ..gaze import fixations_from_gaze
from ..media import FrameFiles, Media, NoVideo, VideoFile
from ..sample import Sample
from ..tables import read_numbers

SOURCE = "http://www-percept.irisa.fr/uav-datasets-eyetrackuav2/"
EXPECTED = """\
RAW_DATA/RAW_DATA_EyeTracker_CoordSystem/VIDEO/*.csv     recordings at 1000 Hz
FIXATIONS/VIDEO/VIDEO_FV/Binocular/*.csv                 names of recordings with free viewing
any folder with VIDEO.mp4, or with a folder VIDEO of frames"""
SPLITS = ("fv", "task")

_FPS = 30.0
_SCREEN = (1080, 1920)
_SCREEN_MM = (294.46, 527.04)
_DISTANCE_MM = 1000.0
_PUBLISHED = Published("EyeTrackUAV2", "EyeLink 1000 Plus (1000 Hz, binocular)")
_COLUMNS = "the 8th and 9th are x and y of the gaze on the screen"
_X, _Y = 7, 8
# One degree of visual angle at 1 m is 17.5 mm of 527 mm on the screen.
_SIGMA = _DISTANCE_MM * np.tan(np.pi / 180) / _SCREEN_MM[1] * _SCREEN[1]


class _Recordings(NamedTuple):
    """Recordings of one video, and the video's size where it is known."""

    paths: tuple[Path, ...]
    media: Media


def find(folder: Path) -> bool:
    """Return whether there is a folder of recordings."""
    return _raw(folder) is not None


def read(folder: Path, split: str | None) -> Dataset:
    """Return the videos with the fixations of free viewing by default, or of the task."""
    raw = _raw(folder)
    if raw is None:
        raise DatasetError(
            f"{folder}: there must be a folder RAW_DATA with a folder of recordings per video"
        )
    names = [path.name for path in folders_in(raw)]
    videos = _videos(folder, names)
    samples = []
    for name in names:
        paths = _of_split(folder, name, files_in(raw / name, (".csv",)), split or "fv")
        if not paths:
            continue
        media = videos.get(name) or NoVideo(
            f"{folder / name}.mp4: no such file; the video or a folder of its frames must be there",
            _FPS,
        )
        samples.append(
            Sample(
                name,
                media,
                Table(_fixations, _Recordings(tuple(paths), media)),
                sigma=float(_SIGMA),
            )
        )
    if not samples:
        raise DatasetError(f"{raw}: there must be a folder of .csv files per video")
    absent = [name for name in names if name not in videos]
    return Dataset("eyetrackuav2", folder, samples, _PUBLISHED, _Problems(absent))


class _Problems:
    """Videos without a file."""

    def __init__(self, absent: list[str]) -> None:
        self._absent = absent

    def __call__(self) -> Iterator[str]:
        if self._absent:
            yield f"{len(self._absent)} videos are missing, {self._absent[0]} for example"


def _raw(folder: Path) -> Path | None:
    raw = subfolder(folder, "RAW_DATA")
    if raw is None:
        return None
    return subfolder(raw, "RAW_DATA_EyeTracker_CoordSystem") or raw


def _of_split(folder: Path, name: str, paths: list[Path], split: str) -> list[Path]:
    """Return the recordings of free viewing or of the task.

    The name of a recording begins the name of its file of fixations, which stand in different
    folders. Without those, the first recording of each pair is the one of free viewing.
    """
    found = subfolder(folder, "FIXATIONS")
    home = found and subfolder(found, name)
    kinds = folders_in(home) if home else []
    if kinds:
        is_free = [kind.name.lower().endswith("_fv") for kind in kinds]
        chosen = [
            kind for kind, free in zip(kinds, is_free, strict=True) if free == (split == "fv")
        ]
        stems = [path.stem for kind in chosen for path in files_below(kind, (".csv",))]
        return [path for path in paths if _begins_one(path.stem, stems)]
    return paths[0 if split == "fv" else 1 :: 2]


def _begins_one(stem: str, names: list[str]) -> bool:
    """Return whether a name is one of these, or one of these goes on after it with no digit."""
    return any(
        name.startswith(stem) and not name[len(stem) : len(stem) + 1].isdecimal() for name in names
    )


def _videos(folder: Path, names: list[str]) -> dict[str, Media]:
    """Return the videos by name, from files or from folders of frames anywhere in the folder."""
    wanted = {name.lower(): name for name in names}
    found: dict[str, Media] = {}
    for path in files_below(folder, VIDEOS):
        if name := wanted.get(path.stem.lower()):
            found.setdefault(name, VideoFile(path))
    for path in sorted(folder.rglob("*")):
        name = wanted.get(path.name.lower())
        if name and name not in found and path.is_dir() and (frames := files_in(path, PICTURES)):
            found[name] = FrameFiles(frames, _FPS)
    return found


def _fixations(recordings: _Recordings) -> Fixations:
    """Return the fixations in pixels of the video, which the screen shows in its middle."""
    height, width = recordings.media.size
    corner = np.array([(_SCREEN[0] - height) / 2, (_SCREEN[1] - width) / 2])
    parts, observers = [], []
    for path in recordings.paths:
        found = _of_recording(path)
        found[:, :2] -= corner
        parts.append(found)
        observers += [path.stem] * len(found)
    values = np.concatenate(parts)
    return Fixations(values[:, :2], values[:, 3], np.array(observers), values[:, 2])


def _of_recording(path: Path) -> NDArray[np.float64]:
    values = read_numbers(path, _COLUMNS, 10, delimiter=",")
    points = values[:, [_Y, _X]].copy()
    if not np.isfinite(points).any():
        raise DatasetError(f"{path}: the columns 8 and 9 must be numbers ({_COLUMNS})")
    # Gaze far outside the screen is no measurement; EyeLink writes large values for closed eyes.
    points[((points < 0) | (points >= _SCREEN)).any(axis=1)] = np.nan
    times = np.arange(len(points), dtype=np.float64)  # one sample per millisecond
    return fixations_from_gaze(
        times, points, screen=_SCREEN, screen_mm=_SCREEN_MM, distance_mm=_DISTANCE_MM
    )
