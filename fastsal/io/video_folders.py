"""Folders of numbered images: read as videos, and written from the frames of videos."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Self, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, VideoError
from .atomic_write import reason_of
from .pictures import READ_SUFFIXES, read_image, write_image
from .pixels import as_bytes, three_channels
from .video_writer import add_remark

FOLDER_FPS = 25.0  # FFmpeg's rate of numbered images
FORMATS = ("png", "npy")
Format = Literal["png", "npy"]
_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)")
_EXAMPLE = "img_0001.png"


def is_folder(source: str | Path | int) -> TypeGuard[str | Path]:
    """Return whether the source is an existing folder."""
    return not isinstance(source, int) and source != "" and Path(source).is_dir()


def is_folder_target(target: str | Path) -> bool:
    """Return whether a target is a folder: an existing one, or a text that ends in a slash."""
    return str(target).endswith(("/", "\\")) or is_folder(target)


def numbered_images(folder: Path) -> list[Path]:
    """Return the images of a folder in the order of their numbers.

    Hidden files are left out. Numbers may start anywhere, and leading zeros may be missing.

    Raises
    ------
    VideoError
        The folder holds no images, other files, different names, or numbers with gaps.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise VideoError(f"{folder}: {reason_of(error)}") from error
    if not paths:
        raise VideoError(f"{folder}: the folder is empty; it must hold images such as {_EXAMPLE}")
    found: dict[int, Path] = {}
    first = names = None
    for path in paths:
        parts = _NUMBERED.fullmatch(path.stem)
        if parts is None or path.suffix.lower() not in READ_SUFFIXES or not path.is_file():
            raise VideoError(
                f"{folder}: a folder used as a video must hold only images such as {_EXAMPLE}; "
                f"got {path.name}"
            )
        name = (parts["before"], parts["after"], path.suffix)
        first, names = first or path, names or name
        if name != names:
            raise VideoError(
                f"{folder}: names must differ only in their number; got {first.name} and "
                f"{path.name}"
            )
        number = int(parts["number"])
        if number in found:
            raise VideoError(
                f"{folder}: {found[number].name} and {path.name} have the same number; remove one"
            )
        found[number] = path
    ordered = sorted(found)
    for before, after in itertools.pairwise(ordered):
        if after > before + 1:
            missing = (
                f"number {before + 1} is" if after == before + 2
                else f"numbers {before + 1} to {after - 1} are"
            )  # fmt: skip
            raise VideoError(
                f"{folder}: {missing} missing between {found[before].name} and {found[after].name}"
            )
    return [found[number] for number in ordered]


class FolderDecoder:
    """Decoder of a folder of numbered images of one size; `.npy` files are RGB.

    Parameters
    ----------
    folder : Path
    fps : float, optional
        Frames per second, by default 25.

    Raises
    ------
    VideoError
        As `numbered_images`.
    """

    sample_aspect_ratio = Fraction(1)

    def __init__(self, folder: Path, fps: float | None = None) -> None:
        self._folder = folder
        self._paths = numbered_images(folder)
        self.fps = FOLDER_FPS if fps is None else fps
        self.frame_count: int | None = len(self._paths)
        self._index = -1
        self._first: tuple[int, int] | None = None  # rows and columns

    def advance(self) -> float | None:
        if self._index + 1 == len(self._paths):
            return None
        self._index += 1
        return self._index / self.fps

    def picture(self) -> NDArray[np.uint8]:
        path = self._paths[self._index]
        try:
            frame = _as_bgr(read_image(path))
        except ImageError as error:
            raise VideoError(str(error)) from error
        if frame is None:
            raise VideoError(
                f"{path}: must hold (H, W) or (H, W, 3) of uint8, uint16 or floats in [0, 1]"
            )
        rows, columns = shape = frame.shape[:2]
        self._first = self._first or shape
        if shape != self._first:
            raise VideoError(
                f"{path}: all images of the folder must have one size; got {columns}x{rows} "
                f"after {self._first[1]}x{self._first[0]}"
            )
        return frame

    def fault(self) -> str:
        return ""

    def close(self) -> None:
        """Do nothing: no file stays open."""


class FolderWriter:
    """Writes frames as numbered files: ``NAME_000001.png`` and so on.

    Each file is complete under its name. Numbered files of the same name from an earlier run are
    removed first. After an error, the exception says how many frames are there.

    Parameters
    ----------
    folder : str or Path
        Created with the folders above it.
    name : str
        Beginning of the file names.
    form : {"png", "npy"}
        Pictures, or the values of maps.
    size : (int, int)
        Width and height of the pictures.

    Raises
    ------
    VideoError
        The folder cannot be made or written to.
    """

    keeps_times = False
    limits = ""

    def __init__(self, folder: str | Path, name: str, form: Format, size: tuple[int, int]) -> None:
        self.target = Path(folder)
        self.encoded_size = size
        self.frames = 0
        self._name, self._form = name, form
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            for path in self._earlier():
                path.unlink()
        except OSError as error:
            raise VideoError(f"{self.target}: {reason_of(error)}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None and self.frames:
            kept = "frame is" if self.frames == 1 else f"{self.frames} frames are"
            add_remark(error, f"the first {kept} kept in {self.target}")

    def write(self, frame: NDArray[Any], at: float | None = None) -> None:
        """Write the next frame: BGR of 8 bits, or a float32 map; `at` is ignored."""
        image = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        try:
            write_image(self._path(self.frames + 1), image)
        except ImageError as error:
            raise VideoError(str(error)) from error
        self.frames += 1

    def _path(self, number: int) -> Path:
        return self.target / f"{self._name}_{number:06}.{self._form}"

    def _earlier(self) -> Iterator[Path]:
        pattern = re.compile(re.escape(self._name) + r"_\d{6,}\.(png|npy)")
        return (path for path in list(self.target.iterdir()) if pattern.fullmatch(path.name))


def _as_bgr(image: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Return grey, RGB or RGBA pixels as BGR of 8 bits; None for other arrays."""
    is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if image.size == 0 or not is_image or image.dtype.kind not in "uf":
        return None
    if image.dtype.kind == "f" and not (image.min() >= 0 and image.max() <= 1):
        return None
    if image.dtype.kind == "u" and image.dtype.name not in ("uint8", "uint16"):
        return None
    rgb = three_channels(as_bytes(image))
    frame: NDArray[np.uint8] = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return frame
