"""The trained model of BING, in memory and in files of OpenCV's format."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import validation
from ...errors import ModelError

SPACES = ("maxbgr", "hsv", "i")
DEFAULT_FOLDER = Path(__file__).with_name("default_model")
_NAMES = {space: f"ObjNessB2W8{space.upper()}" for space in SPACES}
_TYPES = {"f": np.float32, "i": np.int32}
_LARGEST = 36  # sizes there can be: 6 heights by 6 widths

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class BingModel:
    """Trained model of BING: filters and score calibrations per colour space.

    Parameters
    ----------
    filters : mapping of str to array of float32, (8, 8)
        Stage I: weights of the normed gradients of a window. Keys are "maxbgr", "hsv" or "i".
    sizes : array of int32, (n,)
        Window sizes, 0 to 35. Size r is 16 * 2**(r // 6) pixels high and 16 * 2**(r % 6) wide.
    calibrations : mapping of str to array of float32, (n, 2)
        Stage II: weight and bias of the score, per window size.

    Raises
    ------
    ModelError
        If an array has another shape or is not finite, or the keys differ.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> sizes = np.arange(36, dtype=np.int32)
    >>> fastsal.BingModel({"i": np.ones((8, 8))}, sizes, {"i": np.ones((36, 2))}).spaces
    ('i',)
    """

    filters: Mapping[str, Floats]
    sizes: NDArray[np.int32]
    calibrations: Mapping[str, Floats]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", np.asarray(self.sizes, np.int32).ravel())
        if not self.spaces or set(self.filters) != set(self.calibrations):
            raise ModelError(
                f"`filters` and `calibrations` must have the same keys, from {', '.join(SPACES)}; "
                f"got {sorted(self.filters)} and {sorted(self.calibrations)}"
            )
        count = len(self.sizes)
        if not count or self.sizes.min() < 0 or self.sizes.max() >= _LARGEST:
            got = validation.shown(self.sizes)
            raise ModelError(f"`sizes` must be integers from 0 to {_LARGEST - 1}; got {got}")
        for name, shape in (("filters", (8, 8)), ("calibrations", (count, 2))):
            arrays = {
                key: np.asarray(each, np.float32) for key, each in getattr(self, name).items()
            }
            for space, array in arrays.items():
                if array.shape != shape or not np.isfinite(array).all():
                    raise ModelError(
                        f"`{name}` of {space!r} must be finite and of shape {shape}; "
                        f"got shape {array.shape}"
                    )
            object.__setattr__(self, name, arrays)

    @property
    def spaces(self) -> tuple[str, ...]:
        """Colour spaces of the model, in the order of "maxbgr", "hsv", "i"."""
        return tuple(space for space in SPACES if space in self.filters)

    @classmethod
    def default(cls) -> BingModel:
        """Return the model that comes with fastsal.

        It was trained on 22 of 43 photographs of a flat by ``python -m benchmarks.default_bing``.
        These are the first, third, fifth and so on by name. The others are the test set.

        Returns
        -------
        BingModel
        """
        return _default()

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> BingModel:
        """Read a model from nine files of OpenCV's format, ``ObjNessB2W8*.yml.gz``.

        Parameters
        ----------
        folder : path
            Folder that holds the files.

        Returns
        -------
        BingModel

        Raises
        ------
        ModelError
            If a file is missing or damaged; the message names the file.
        """
        root = Path(folder)
        filters, calibrations, sizes = {}, {}, None
        for space in SPACES:
            filters[space] = _read(root, space, "wS1", (8, 8))
            found = _read(root, space, "idx", None).ravel()
            if sizes is not None and not np.array_equal(sizes, found):
                raise ModelError(
                    f"{root}: the three .idx.yml.gz files must list the same window sizes; "
                    f"that of {space!r} differs"
                )
            sizes = found
            calibrations[space] = _read(root, space, "wS2", (len(sizes), 2))
        return cls(filters, np.asarray(sizes), calibrations)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model as files that `load` and OpenCV read.

        Parameters
        ----------
        folder : path
            Folder for the files. It is created if it does not exist.

        Raises
        ------
        OSError
            If the folder or a file cannot be written.
        """
        root = Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        for space in self.spaces:
            _write(root, space, "wS1", self.filters[space])
            _write(root, space, "idx", self.sizes.reshape(-1, 1))
            _write(root, space, "wS2", self.calibrations[space])


@cache
def _default() -> BingModel:
    return BingModel.load(DEFAULT_FOLDER)


def load_once(folder: str | os.PathLike[str]) -> BingModel:
    """Return the model of `folder`, read again only if a file of it has changed."""
    root = Path(folder)
    stamps = tuple(path.stat().st_mtime_ns for path in map(root.joinpath, _all_files())
                   if path.exists())  # fmt: skip
    return _loaded(root, stamps)


@lru_cache(maxsize=8)
def _loaded(root: Path, stamps: tuple[int, ...]) -> BingModel:
    return BingModel.load(root)


def _all_files() -> list[str]:
    return [f"{name}.{part}.yml.gz" for name in _NAMES.values() for part in ("wS1", "idx", "wS2")]


def _read(root: Path, space: str, part: str, shape: tuple[int, int] | None) -> NDArray[Any]:
    path = root / f"{_NAMES[space]}.{part}.yml.gz"
    try:
        text = gzip.decompress(path.read_bytes()).decode("ascii")
        matrix = _parsed(text, _NAMES[space])
    except OSError as error:
        raise ModelError(f"cannot read the BING model file {path}: {error}") from error
    except (EOFError, ValueError, zlib.error) as error:
        raise ModelError(f"the BING model file {path} is damaged: {error}") from error
    wanted = np.int32 if part == "idx" else np.float32
    if (shape is not None and matrix.shape != shape) or matrix.dtype != wanted:
        raise ModelError(
            f"the BING model file {path} is damaged: the matrix must be {np.dtype(wanted)} of "
            f"shape {shape or '(n, 1)'}; got {matrix.dtype} of shape {matrix.shape}"
        )
    return matrix


def _parsed(text: str, name: str) -> NDArray[Any]:
    """Return the one matrix of a file in the YAML that OpenCV writes."""
    found = re.search(
        rf"^{name}:\s*!!opencv-matrix\s+rows:\s*(\d+)\s+cols:\s*(\d+)\s+dt:\s*\"?([fi])\"?\s+"
        r"data:\s*\[([^\]]*)\]",
        text,
        re.MULTILINE,
    )
    if found is None:
        raise ValueError(f"it has no matrix {name}")
    rows, cols, kind, numbers = found.groups()
    values = [float(each) for each in numbers.replace(",", " ").split()]
    if len(values) != int(rows) * int(cols):
        raise ValueError(f"it has {len(values)} numbers instead of {rows} x {cols}")
    return np.array(values, _TYPES[kind]).reshape(int(rows), int(cols))


def _write(root: Path, space: str, part: str, matrix: NDArray[Any]) -> None:
    kind = "i" if matrix.dtype == np.int32 else "f"
    numbers = [str(int(each)) if kind == "i" else f"{each:.8e}" for each in matrix.ravel()]
    lines = ",\n       ".join(", ".join(numbers[i : i + 4]) for i in range(0, len(numbers), 4))
    text = (
        f"%YAML:1.0\n---\n{_NAMES[space]}: !!opencv-matrix\n   rows: {matrix.shape[0]}\n"
        f"   cols: {matrix.shape[1]}\n   dt: {kind}\n   data: [ {lines} ]\n"
    )
    path = root / f"{_NAMES[space]}.{part}.yml.gz"
    path.write_bytes(gzip.compress(text.encode("ascii"), mtime=0))
