"""CrowdFix (Tahira, Mehboob, Rahman and Arif, IEEE Access 2019)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ...errors import DatasetError
from ..dataset import Dataset, Published
from ..eyes import BinaryMaps
from ..files import PICTURES, VIDEOS, files_in, folders_in, plain, subfolder
from ..media import FrameFiles, Media, NoVideo, VideoFile, read_grey
from ..sample import Sample
from ..tables import read_sheet

SOURCE = "https://github.com/MemoonaTahira/CrowdFix"
EXPECTED = """\
Videos/001.avi ...                        434 videos of 1280 x 720
Binary Fixation Maps/001_001.png ...      fixated pixels, video and frame from 1
Saliency Maps/001_001.png ...             blurred maps
CategoryInfo.xlsx                         categories SP, DF and DC"""

_FPS = 30.0
_SIGMA = 40.0  # pixels; measured on the authors' maps
_PUBLISHED = Published("CrowdFix", "The Eye Tribe (60 Hz)")
_BINARY = ("BinaryMaps", "Binary Fixation Maps", "FIXATION_MAPS")
_MAPS = ("SaliencyMaps", "GND_SALIENCY_MAPS")
_NAME = re.compile(r"(\d{3})_(\d{3})")
_SHEET = "CategoryInfo.xlsx"

Files = dict[str, dict[int, Path]]  # of each video, by frame from 0


def find(folder: Path) -> bool:
    """Return whether there are maps of fixated pixels in one of the known places."""
    return any(subfolder(home, *_BINARY) is not None for home in _homes(folder))


def read(folder: Path, split: str | None) -> Dataset:
    """Return the videos that have maps of fixated pixels."""
    homes = _homes(folder)
    categories = _categories(folder)
    binary: Files = defaultdict(dict)
    maps: Files = defaultdict(dict)
    for home in homes:
        found = _by_frame(subfolder(home, *_BINARY))
        binary.update(found)
        maps.update(_by_frame(subfolder(home, *_MAPS)))
        if home.name in ("SP", "DF", "DC"):
            categories.update(dict.fromkeys(found, home.name))
    if not binary:
        raise DatasetError(
            f"{folder}: there must be a folder 'Binary Fixation Maps' (or BinaryMaps) "
            "with files such as 001_001.png"
        )
    videos = _videos(folder)
    samples = [
        Sample(
            number,
            _media(folder, number, videos, next(iter(binary[number].values()))),
            BinaryMaps(binary[number]),
            category=categories.get(number, ""),
            truth=_Maps(number, maps[number]) if maps[number] else None,
            sigma=_SIGMA,
        )
        for number in sorted(binary)
    ]
    return Dataset("crowdfix", folder, samples, _PUBLISHED, _Problems(folder, binary, maps))


class _Problems:
    """Frames with one map of two, and the file of categories."""

    def __init__(self, folder: Path, binary: Files, maps: Files) -> None:
        self._folder, self._binary, self._maps = folder, dict(binary), dict(maps)

    def __call__(self) -> Iterator[str]:
        if not (self._folder / _SHEET).is_file():
            yield f"{self._folder / _SHEET}: no such file; it holds the categories"
        for number, frames in self._maps.items():
            for frame in sorted(frames.keys() - self._binary.get(number, {}).keys()):
                yield f"{number}_{frame + 1:03}: no map of fixated pixels for this frame"


class _Maps:
    """The data set's own maps of one video."""

    def __init__(self, number: str, files: dict[int, Path]) -> None:
        self._number, self._files = number, dict(files)

    def __call__(self, frame: int) -> NDArray[Any]:
        if frame not in self._files:
            raise DatasetError(f"{self._number}_{frame + 1:03}.png: no saliency map for this frame")
        return read_grey(self._files[frame])


def _homes(folder: Path) -> list[Path]:
    """Return where maps may be: the folder, or a folder per category of the authors' examples."""
    inner = [folder / "Dataset", folder / "input_data" / "Dataset"]
    return [folder, *(home for each in inner if each.is_dir() for home in folders_in(each))]


def _by_frame(folder: Path | None) -> Files:
    found: Files = defaultdict(dict)
    for path in files_in(folder, (".png",)) if folder is not None else ():
        if match := _NAME.fullmatch(path.stem):
            found[match[1]][int(match[2]) - 1] = path
    return found


def _videos(folder: Path) -> dict[str, Media]:
    found: dict[str, Media] = {}
    if frames := subfolder(folder, "frames"):
        by_video: Files = defaultdict(dict)
        for path in files_in(frames, PICTURES):
            if match := _NAME.fullmatch(path.stem):
                by_video[match[1]][int(match[2])] = path
        for number, paths in by_video.items():
            found[number] = FrameFiles([paths[frame] for frame in sorted(paths)], _FPS)
    if videos := subfolder(folder, "videos"):
        found.update({path.stem: VideoFile(path) for path in files_in(videos, VIDEOS)})
    return found


def _media(folder: Path, number: str, videos: dict[str, Media], picture: Path) -> Media:
    name = folder / "Videos" / f"{number}.avi"
    reason = f"{name}: no such file; the video or its frames must be there"
    return videos.get(number) or NoVideo(reason, _FPS, picture)


def _categories(folder: Path) -> dict[str, str]:
    """Return the category of each video; two of the authors' rows have 'Dc' for 'DC'."""
    path = folder / _SHEET
    if not path.is_file():
        return {}
    rows = read_sheet(path)
    header = rows[0] if rows else {}
    letters = {plain(text): letter for letter, text in header.items()}
    for name in ("Video Number", "Category"):
        if plain(name) not in letters:
            there = ", ".join(header.values()) or "none"
            raise DatasetError(f"{path}: there must be a column {name!r}; the columns are {there}")
    number, category = letters[plain("Video Number")], letters["category"]
    return {
        f"{int(float(row[number])):03}": row[category].upper()
        for row in rows[1:]
        if number in row and category in row and row[number].replace(".", "", 1).isdecimal()
    }
