"""Where the eyes of a sample's observers are: tables, recordings, and maps of fixated pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .media import read_grey

Values = NDArray[np.float64]


class Fixations(NamedTuple):
    """Fixations of all observers of one sample.

    Attributes
    ----------
    points : ndarray of float64, (n, 2)
        Row and column.
    durations : ndarray of float64, (n,), or None
        Milliseconds, or None if the files lack them.
    observers : ndarray, (n,), or None
        Who looked, or None if the files lack them.
    starts : ndarray of float64, (n,), or None
        Milliseconds after the start of the stimulus, or None if the files lack them.
    """

    points: Values
    durations: Values | None = None
    observers: NDArray[Any] | None = None
    starts: Values | None = None


class Eyes(Protocol):
    """Fixations of one sample, read when asked for."""

    @property
    def all(self) -> Fixations:
        """Every fixation."""

    def at(self, frame: int, fps: float) -> Values:
        """Return row and column of the fixations during one frame."""


class Table:
    """Fixations from a function, which is called once.

    Parameters
    ----------
    read : callable
        A function of a module, so that a sample can be pickled.
    *arguments
        Of `read`.
    """

    def __init__(self, read: Callable[..., Fixations], *arguments: Any) -> None:
        self._read, self._arguments = read, arguments

    @cached_property
    def all(self) -> Fixations:
        """Every fixation."""
        return self._read(*self._arguments)

    def at(self, frame: int, fps: float) -> Values:
        """Return row and column of the fixations that overlap one frame."""
        points, durations, _, starts = self.all
        if starts is None or durations is None or fps <= 0:
            return points
        begin, end = 1000 * frame / fps, 1000 * (frame + 1) / fps
        return points[(starts < end) & (starts + durations > begin)]


class BinaryMaps:
    """Maps of fixated pixels, one file per frame; `files` gives the file of a frame, from 0."""

    def __init__(self, files: Mapping[int, Path]) -> None:
        self._files = dict(files)

    @property
    def all(self) -> Fixations:
        """Every fixated pixel of every frame."""
        found = [fixated_pixels(path) for path in self._files.values()]
        return Fixations(np.concatenate(found) if found else np.empty((0, 2)))

    def at(self, frame: int, fps: float) -> Values:
        """Return row and column of the pixels fixated in one frame; none if it has no map."""
        path = self._files.get(frame)
        return np.empty((0, 2)) if path is None else fixated_pixels(path)


def fixated_pixels(path: Path) -> Values:
    """Return row and column of the pixels of a map that are not 0."""
    return np.argwhere(read_grey(path) > 0).astype(np.float64)
