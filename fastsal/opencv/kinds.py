"""The abstract base classes of ``cv2.saliency``."""

from __future__ import annotations

import errno
import os
import secrets
from abc import ABC, abstractmethod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .. import runtime
from ..algorithms.binary_map import opencv_binary_map
from ..errors import ImageError
from . import generator
from .arrays import delivered, is_empty, plain


class Algorithm:
    """Base class of all classes, like ``cv2.Algorithm``."""

    def clear(self) -> None:
        """Do nothing, like OpenCV's method."""

    def empty(self) -> bool:
        """Return False."""
        return False

    def getDefaultName(self) -> str:
        """Return the name of the object in a file, "my_object" as in OpenCV."""
        return "my_object"

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Write the same file as OpenCV, which contains only the name of the object.

        Parameters
        ----------
        filename : path
            The suffix selects the format, as in ``cv2.FileStorage``: ``.xml``, ``.json`` or YAML.
            An additional ``.gz`` compresses the file.

        Raises
        ------
        OSError
            If the file cannot be written; OpenCV is silent then.
        """
        import cv2

        path = Path(filename)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        with TemporaryDirectory() as folder:
            storage = cv2.FileStorage(str(Path(folder, path.name)), cv2.FILE_STORAGE_WRITE)
            storage.startWriteStruct(self.getDefaultName(), cv2.FILE_NODE_MAP)
            storage.endWriteStruct()
            storage.release()
            (written,) = Path(folder).iterdir()  # of ".gz5" OpenCV drops the 5
            _write_whole(path.with_name(written.name), written.read_bytes())

    def read(self, fn: Any) -> None:
        """Do nothing, like OpenCV's method. Use pickle to store objects."""

    def write(self, fs: Any) -> None:
        """Do nothing, like OpenCV's method. Use pickle to store objects."""


class Saliency(Algorithm, ABC):
    """Abstract base class of all saliency classes."""

    def __init__(self, *, backend: runtime.Choice = "auto") -> None:
        self._backend: runtime.Choice = backend

    @classmethod
    def create(cls, **options: Any) -> Any:
        """Return a new object; `options` are those of the class (OpenCV's method has none)."""
        return cls(**options)

    def computeSaliency(self, image: Any, saliencyMap: Any = None) -> tuple[bool, Any]:
        """Compute the saliency of an image.

        Parameters
        ----------
        image : array, (H, W), (H, W, 3) or (H, W, 4)
            Grey or BGR; a fourth channel is ignored. ``cv2.UMat`` and device arrays are accepted.
        saliencyMap : array, optional
            Array for the result. It is used if its shape and dtype are those of the result.

        Returns
        -------
        retval : bool
            False if `image` is None or has no pixels.
        saliencyMap : array
            The result, or the argument `saliencyMap` if there is none.

        Raises
        ------
        ImageError
            If `image` has a shape or dtype with which OpenCV fails, crashes or returns noise.
        """
        if is_empty(image):
            return False, saliencyMap
        return True, self._result(image, saliencyMap)

    @abstractmethod
    def _result(self, image: Any, out: Any) -> Any:
        """Return the result of `computeSaliency` for an image that is not None."""


class StaticSaliency(Saliency):
    """Abstract base class of methods for single images."""

    def computeBinaryMap(self, _saliencyMap: Any, _binaryMap: Any = None) -> tuple[bool, Any]:
        """Threshold a map into foreground and background by k-means with five clusters.

        The initial centres are random (see `fastsal.opencv.setRNGSeed`), and OpenCV stops before
        k-means converges. Two calls therefore rarely agree. The methods "otsu" and "adaptive" of
        `fastsal.binary_map` are deterministic.

        Parameters
        ----------
        _saliencyMap : array of float32, (H, W)
            At least five pixels, with values from -1e30 to 1e30.
        _binaryMap : array of uint8, (H, W), optional
            Array for the result.

        Returns
        -------
        retval : bool
            True.
        _binaryMap : array of uint8, (H, W)
            255 for foreground, 0 for background.

        Raises
        ------
        ImageError
            If `_saliencyMap` is not such a map, or holds NaN or infinity.
        """
        values = _map(plain(_saliencyMap, "_saliencyMap"))

        def binary(out: Any) -> Any:
            found, state = opencv_binary_map(
                values, generator.state(), out=out, backend=self._backend
            )
            generator.set_state(state)
            return found

        return True, delivered(binary, tuple(values.shape), np.uint8, _saliencyMap, _binaryMap)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that is complete under its name, or not there."""
    if path.exists() and not path.is_file():  # a device or a pipe
        path.write_bytes(content)
        return
    final = Path(os.path.realpath(path))
    partial = final.with_name(f".fastsal-{secrets.token_hex(6)}.part")
    try:
        partial.write_bytes(content)
        partial.replace(final)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def _map(values: Any) -> Any:
    """Return a map of one channel as (H, W)."""
    shape = tuple(values.shape)
    if len(shape) == 3 and shape[2] == 1:
        return values.reshape(shape[:2])
    if len(shape) != 2:
        raise ImageError(f"`_saliencyMap` must have shape (H, W); got {shape}")
    return values


class MotionSaliency(Saliency):
    """Abstract base class of methods that compare frames."""


class Objectness(Saliency):
    """Abstract base class of methods that propose boxes."""
