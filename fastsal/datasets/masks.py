"""Images or sequences with masks of their salient objects."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError
from .dataset import Dataset, Published
from .files import PICTURES, files_in, folders_in
from .media import FrameFiles, Media, Picture, read_grey
from .sample import Sample

_FPS = 25.0
_OBJECT = 128  # a mask's values from here on are the object


class MaskSample(Sample):
    """An image or a sequence with masks instead of fixations."""

    def __init__(self, name: str, media: Media, masks: dict[int, Path]) -> None:
        super().__init__(name, media, None, truth=_Masks(name, masks))
        self._masks = masks

    def mask(self, frame: int = 0) -> NDArray[np.bool_] | None:
        """Return the object's pixels of an image or a frame, ``(H, W)``, or None without a mask.

        A pixel belongs to the object if its value is 128 or more.
        """
        path = self._masks.get(frame)
        if path is None:
            return None
        values = read_grey(path)
        if values.dtype.kind == "f":
            return values >= _OBJECT / 255
        return values >= (_OBJECT if values.dtype == np.uint8 else _OBJECT * 257)


class _Masks:
    """The masks as the sample's own maps."""

    def __init__(self, name: str, paths: dict[int, Path]) -> None:
        self._name, self._paths = name, paths

    def __call__(self, frame: int) -> NDArray[np.generic]:
        if frame not in self._paths:
            raise DatasetError(f"{self._name}: no mask for frame {frame}")
        return read_grey(self._paths[frame])


def open_masks(images: str | os.PathLike[str], masks: str | os.PathLike[str]) -> Dataset:
    """Open images, or sequences of frames, with masks of their salient objects.

    Parameters
    ----------
    images : str or path
        A folder of images, or of a folder of frames per sequence (``NAME/*.jpg`` or
        ``NAME/frames/*.jpg``).
    masks : str or path
        A folder with a mask per image or frame. Names are equal apart from the suffix. Likewise
        ``NAME/*.png`` or ``NAME/masks/*.png`` for sequences. Values from 128 on are the object.

    Returns
    -------
    Dataset
        Images and frames without a mask are left out, and `check` lists them.

    Raises
    ------
    DatasetError
        A folder is missing, or no image has a mask.
    """
    homes = Path(images), Path(masks)
    for option, home in zip(("images", "masks"), homes, strict=True):
        if not home.is_dir():
            raise DatasetError(f"`{option}` must be a folder; got {home}")
    pictures = files_in(homes[0], PICTURES)
    samples: list[MaskSample] = []
    missing: list[str] = []
    if pictures:
        paths = _by_stem(homes[1])
        for path in pictures:
            if path.stem in paths:
                samples.append(MaskSample(path.stem, Picture(path), {0: paths[path.stem]}))
            else:
                missing.append(f"{path}: no mask of this name in {homes[1]}")
    else:
        for sequence in folders_in(homes[0]):
            found = _sequence(sequence, homes[1] / sequence.name)
            if found is not None:
                samples.append(found)
            else:
                missing.append(f"{sequence}: there must be frames, and their masks in {homes[1]}")
    if not samples:
        raise DatasetError(
            f"{homes[0]}: no image has a mask in {homes[1]}; both must have files of the "
            "same names, or a folder per sequence"
        )
    problems: Callable[[], list[str]] = missing.copy
    return Dataset("masks", homes[0], samples, Published("Images with masks"), problems)


def _sequence(folder: Path, masks: Path) -> MaskSample | None:
    frames = files_in(_inner(folder, "frames"), PICTURES)
    home = _inner(masks, "masks")
    if not frames or not home.is_dir():
        return None
    paths = _by_stem(home)
    found = {index: paths[path.stem] for index, path in enumerate(frames) if path.stem in paths}
    return MaskSample(folder.name, FrameFiles(frames, _FPS), found) if found else None


def _inner(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).is_dir() else folder


def _by_stem(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in files_in(folder, PICTURES)}
