"""The models that are evaluated: methods with options, folders of maps, and functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError, ImageError
from ..registry import METHODS, method_of, options_from

if TYPE_CHECKING:
    from ..datasets.sample import Sample

Map = NDArray[Any]
_SUFFIXES = (".npy", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


class Run(Protocol):
    """A model over the frames of one sample."""

    def update(self, frame: NDArray[np.uint8], index: int) -> Map:
        """Return the map of the next frame."""


class Model(Protocol):
    """A model to evaluate."""

    @property
    def name(self) -> str:
        """Name in tables; unique within an evaluation."""

    @property
    def late(self) -> int:
        """By how many frames the maps come late."""

    def start(self, sample: Sample) -> Run:
        """Return the model at the first frame of a sample."""

    def stamp(self, sample: Sample) -> str:
        """Return a text that changes when the model's files for a sample change."""


@dataclass(frozen=True)
class MethodModel:
    """A method of fastsal with its options.

    Parameters
    ----------
    name : str
        "key" or "key:option=value:option=value".
    """

    name: str
    key: str = field(init=False)
    options: dict[str, Any] = field(init=False)
    weights: Path | None = field(init=False)  # the checkpoint file of a network

    def __post_init__(self) -> None:
        key, options = parsed(self.name)
        object.__setattr__(self, "key", method_of(key).key)
        object.__setattr__(self, "options", options)
        network = _stream(self.name).network  # refuses wrong options before any work
        object.__setattr__(self, "weights", None if network is None else Path(network.report.path))

    @property
    def kind(self) -> str:
        """Whether the method is "static", "motion", "objectness" or "network"."""
        return METHODS[self.key].kind

    @property
    def late(self) -> int:
        """Frames by which maps lag behind."""
        return METHODS[self.key].delay or int(bool(self.options.get("bidirectional")))

    def start(self, sample: Sample) -> Run:
        """Return a stream at its first frame."""
        if self.weights is None:
            return _Frames(_stream(self.name).update)
        stream = _loaded(self.name, stamp_of(self.weights))
        stream.reset()
        return _Frames(stream.update)

    def stamp(self, sample: Sample) -> str:
        """Return size and time of a network's checkpoint file; other methods have no files."""
        return "" if self.weights is None else stamp_of(self.weights)


def _stream(name: str) -> Any:
    from ..stream import Stream

    key, options = parsed(name)
    return Stream(key, **options)


@lru_cache(maxsize=1)
def _loaded(name: str, stamp: str) -> Any:
    """Return the stream of a network; its file is read once per process."""
    return _stream(name)


@dataclass(frozen=True)
class MapsModel:
    """A folder of maps: NAME.png or .npy per image, a folder NAME of frames per video."""

    folder: Path
    late: int = 0

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name or "maps"

    def start(self, sample: Sample) -> Run:
        """Return a reader of the maps of one sample.

        Raises
        ------
        DatasetError
            If the folder has no map for it.
        """
        return _Files(self._files(sample), sample.size)

    def stamp(self, sample: Sample) -> str:
        """Return size and time of the map's files."""
        files = self._files(sample, is_required=False)
        return ",".join(stamp_of(path) for path in {files[0], files[-1]}) if files else ""

    def _files(self, sample: Sample, *, is_required: bool = True) -> list[Path]:
        names = dict.fromkeys((sample.name, sample.name.rpartition("/")[2]))
        for name in names:
            if sample.kind == "video" and (self.folder / name).is_dir():
                files = (self.folder / name).iterdir()
                return sorted(path for path in files if path.suffix.lower() in _SUFFIXES)
            for suffix in _SUFFIXES if sample.kind == "image" else ():
                if (path := self.folder / f"{name}{suffix}").is_file():
                    return [path]
        if not is_required:
            return []
        form = " with a file per frame" if sample.kind == "video" else ".png or .npy"
        raise DatasetError(f"{self.folder / sample.name}: no map; its name must be this{form}")


@dataclass(frozen=True)
class FunctionModel:
    """A function from an image to a map; it runs in the calling process."""

    name: str
    function: Callable[[NDArray[np.uint8]], Any]
    late: int = 0

    def start(self, sample: Sample) -> Run:
        """Return the function."""
        return _Frames(lambda frame: np.asarray(self.function(frame)))

    def stamp(self, sample: Sample) -> str:
        """Return "": the scores of functions are not stored."""
        return ""


class _Frames:
    """A function of frames."""

    def __init__(self, update: Callable[[NDArray[np.uint8]], Any]) -> None:
        self._update = update

    def update(self, frame: NDArray[np.uint8], index: int) -> Map:
        """Return the map of the next frame."""
        saliency: Map = self._update(frame)
        if saliency.shape != frame.shape[:2]:
            raise ImageError(
                f"a map must have the shape of its image, {frame.shape[:2]}; got {saliency.shape}"
            )
        return saliency


class _Files:
    """The files with the maps of one sample."""

    def __init__(self, paths: list[Path], size: tuple[int, int]) -> None:
        self._paths, self._size = paths, size

    def update(self, frame: NDArray[np.uint8], index: int) -> Map:
        """Return the map of a frame, scaled to the frame's size by linear interpolation."""
        from ..datasets.media import read_grey

        if index >= len(self._paths):
            raise DatasetError(f"{self._paths[0].parent}: no map for frame {index}")
        path = self._paths[index]
        saliency = read_grey(path)
        if saliency.dtype.kind == "f" and not np.isfinite(saliency).all():
            raise ImageError(f"{path}: the map has NaN or infinite values")
        if saliency.shape == self._size:
            return saliency
        import cv2

        height, width = self._size
        values = saliency.astype(np.float32)
        shrinks = values.size > height * width
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        scaled: Map = cv2.resize(values, (width, height), interpolation=how)
        return scaled


def parsed(method: str) -> tuple[str, dict[str, Any]]:
    """Return key and options of "key" or "key:option=value:option=value".

    Examples
    --------
    >>> parsed("center-surround:variant=vocus2:smooth=0.02")
    ('center-surround', {'variant': 'vocus2', 'smooth': 0.02})
    """
    key, *options = method.split(":")
    return key, options_from(options)


def stamp_of(path: Path) -> str:
    """Return size and time of a file, or "" if there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"
