"""The abstract classes of ``cv2.saliency``: what all of its objects can do."""

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
    """What every OpenCV object can do: next to nothing."""

    def clear(self) -> None:
        """Do nothing, as OpenCV's."""

    def empty(self) -> bool:
        """Return False."""
        return False

    def getDefaultName(self) -> str:
        """Return what OpenCV calls the object in a file."""
        return "my_object"

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Write the file that OpenCV writes, which holds the name and nothing else.

        The suffix chooses the format, as in ``cv2.FileStorage``: ``.xml``, ``.json`` or YAML, each
        also compressed, with ``.gz`` after it.

        Raises
        ------
        OSError
            If it cannot be written; OpenCV would not say.
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
        """Do nothing, as OpenCV's. Objects can be pickled instead."""

    def write(self, fs: Any) -> None:
        """Do nothing, as OpenCV's. Objects can be pickled instead."""


class Saliency(Algorithm, ABC):
    """Base of all: an image goes in, and whether something came out, and what, comes out."""

    def __init__(self, *, backend: runtime.Choice = "auto") -> None:
        self._backend: runtime.Choice = backend

    @classmethod
    def create(cls, **options: Any) -> Any:
        """Return a new object; `options` are those of the class, and OpenCV has none of them."""
        return cls(**options)

    def computeSaliency(self, image: Any, saliencyMap: Any = None) -> tuple[bool, Any]:
        """Compute the saliency of an image.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3) in BGR
            Also with a fourth channel, which is ignored; a UMat; or a device array.
        saliencyMap : array, optional
            Where to put the result, if its shape and dtype are that of the result; otherwise it
            is not touched.

        Returns
        -------
        retval : bool
            False if `image` is None or has no pixels.
        saliencyMap : array
            The result; what was passed if there is none.

        Raises
        ------
        ImageError
            If `image` is of a form that OpenCV fails on, crashes on or takes for another.
        """
        if is_empty(image):
            return False, saliencyMap
        return True, self._result(image, saliencyMap)

    @abstractmethod
    def _result(self, image: Any, out: Any) -> Any:
        """Return what `computeSaliency` returns for an image that is there."""


class StaticSaliency(Saliency):
    """Base of those that take each image alone, and can cut their maps in two."""

    def computeBinaryMap(self, _saliencyMap: Any, _binaryMap: Any = None) -> tuple[bool, Any]:
        """Cut a map into what stands out and what does not, by five clusters of its values.

        Their first centres are drawn at random, from `fastsal.opencv.setRNGSeed` on, and OpenCV
        stops long before they have settled: two calls rarely agree. `fastsal.binary_map` has ways
        that do.

        Parameters
        ----------
        _saliencyMap : array of float32, (H, W)
            Of five pixels at least, from -1e30 to 1e30.
        _binaryMap : array of uint8, (H, W), optional
            Where to put the result.

        Returns
        -------
        retval : bool
            True.
        _binaryMap : array of uint8, (H, W)
            255 for what stands out, 0 elsewhere.

        Raises
        ------
        ImageError
            If `_saliencyMap` is no such map, or holds NaN or infinity.
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
        raise ImageError(f"expected _saliencyMap of shape (H, W), got {shape}")
    return values


class MotionSaliency(Saliency):
    """Base of those that compare frames."""


class Objectness(Saliency):
    """Base of those that propose boxes."""
