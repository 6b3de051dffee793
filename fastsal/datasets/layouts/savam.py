"""SAVAM (Gitman, Erofeev, Vatolin, Bolshakov and Fedorov, ICIP 2014)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import DatasetError
from ..dataset import Dataset, Published
from ..eyes import Fixations, Table
from ..files import VIDEOS, files_below, files_in, subfolder
from ..gaze import fixations_from_gaze
from ..media import Media, NoVideo, VideoFile
from ..sample import Sample
from ..tables import read_numbers

SOURCE = "https://compression.ru/savam/"
EXPECTED = """\
raw_gaze_data/v01_Hugo_2172_u001_m_21_1_bwd.txt ...   recordings, or filtered_gaze_data/
v01_Hugo_2172_left.avi ...                            left views of 43 videos, 1920 x 1080
gaussian_vizualizations/v01_Hugo_2172_left.avi ...    the authors' maps as videos"""

_FPS = 25.0
_START = 1_000_000_000  # time stamp of the first frame, in microseconds
_SCREEN = (1080, 1920)
_PUBLISHED = Published("SAVAM", "SMI iView X Hi-Speed 1250 (500 Hz)")
_RAW, _FILTERED = "raw_gaze_data", "filtered_gaze_data"
_TRUTH = "gaussian_vizualizations"  # so spelt
_FIELDS = "VIDEO_SEQUENCE_START_USER_SEX_AGE_TRIAL_ORDER.txt"
_COLUMNS = "time in microseconds, left x, left y, right x, right y"


class _Recording(NamedTuple):
    """One observer's recording of one video."""

    path: Path
    clip: str
    user: str


def find(folder: Path) -> bool:
    """Return whether there is a folder of recordings."""
    return subfolder(folder, _RAW, _FILTERED) is not None


def read(folder: Path, split: str | None) -> Dataset:
    """Return the left views, with the fixations of left eyes."""
    home = subfolder(folder, _RAW, _FILTERED)
    if home is None:
        raise DatasetError(f"{folder}: there must be a folder {_RAW} or {_FILTERED}")
    recordings: dict[str, list[_Recording]] = defaultdict(list)
    for path in files_in(home, (".txt",)):
        recording = _parsed(path)
        recordings[recording.clip].append(recording)
    if not recordings:
        raise DatasetError(f"{home}: there must be files named {_FIELDS}")
    videos, maps = _videos(folder)
    samples = [
        Sample(
            clip, videos.get(clip) or _absent(folder, clip), Table(_fixations, tuple(files)),
            truth=_Maps(maps[clip]) if clip in maps else None,
        )
        for clip, files in sorted(recordings.items())
    ]  # fmt: skip
    absent = [clip for clip in recordings if clip not in videos]
    return Dataset("savam", folder, samples, _PUBLISHED, _Problems(len(absent)))


class _Problems:
    """How many videos are missing; each is listed as a sample too."""

    def __init__(self, absent: int) -> None:
        self._absent = absent

    def __call__(self) -> Iterator[str]:
        if self._absent:
            yield f"{self._absent} videos are missing; they are a download of their own"


class _Maps:
    """The authors' maps of one video."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, frame: int) -> NDArray[Any]:
        for index, picture in enumerate(VideoFile(self._path).frames()):
            if index == frame:
                # Compressed grey: the three channels differ by rounding.
                grey: NDArray[Any] = np.rint(picture.mean(axis=2)).astype(np.uint8)
                return grey
        raise DatasetError(f"{self._path}: no frame {frame}")


def _parsed(path: Path) -> _Recording:
    """Split a file's name from the right, since the name of the sequence may hold anything."""
    parts = path.stem.rsplit("_", 5)
    if len(parts) != 6 or parts[5].lower() not in ("fwd", "bwd"):
        raise DatasetError(f"{path}: the name must have the form {_FIELDS}")
    return _Recording(path, parts[0], parts[1])


def _videos(folder: Path) -> tuple[dict[str, Media], dict[str, Path]]:
    videos: dict[str, Media] = {}
    maps: dict[str, Path] = {}
    for path in files_below(folder, VIDEOS):
        clip = path.stem.removesuffix("_left")
        if clip == path.stem:
            continue  # the right view
        if _TRUTH in path.parts:
            maps[clip] = path
        else:
            videos[clip] = VideoFile(path)
    return videos, maps


def _absent(folder: Path, clip: str) -> NoVideo:
    return NoVideo(f"{folder / clip}_left.avi: no such file; the video must be there", _FPS)


def _fixations(recordings: tuple[_Recording, ...]) -> Fixations:
    """Return the fixations of all recordings of one video."""
    parts, users = [], []
    for recording in recordings:
        found = _of_recording(recording.path)
        parts.append(found)
        users += [recording.user] * len(found)
    values = np.concatenate(parts)
    return Fixations(values[:, :2], values[:, 3], np.array(users), values[:, 2])


def _of_recording(path: Path) -> NDArray[np.float64]:
    values = read_numbers(path, _COLUMNS, 5)
    values = values[np.isfinite(values[:, 0])]
    values = values[np.unique(values[:, 0], return_index=True)[1]]
    points = values[:, [2, 1]].copy()
    # 0, 0 marks closed eyes; points outside the screen are no measurements.
    is_outside = ((points < 0) | (points >= _SCREEN)).any(axis=1)
    points[is_outside | (points == 0).all(axis=1)] = np.nan
    times = (values[:, 0] - _START) / 1000
    try:
        return fixations_from_gaze(times, points, screen=_SCREEN)
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error
