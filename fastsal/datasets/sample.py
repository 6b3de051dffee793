"""One stimulus of a data set, with its fixations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..errors import DatasetError
from .eyes import Eyes
from .media import Kind, Media, Pixels

Values = NDArray[np.float64]
ReadTruth = Callable[[int], NDArray[Any]]

# Fraction of the longer side, for sets without a known visual angle: 25 pixels of 800.
_SIGMA = 1 / 32


class Sample:
    """One image or video of a data set. Everything is read when it is asked for.

    Samples come from a `Dataset`. They can be pickled, so worker processes can take them.

    Attributes
    ----------
    name : str
        Unique within the data set.
    category : str
        As the data set says, or "".
    kind : {"image", "video"}
    """

    def __init__(
        self,
        name: str,
        media: Media,
        eyes: Eyes | None,
        *,
        category: str = "",
        truth: ReadTruth | None = None,
        sigma: float | None = None,
    ) -> None:
        self.name, self.category = name, category
        self.kind: Kind = media.kind
        self._media, self._eyes, self._truth, self._sigma = media, eyes, truth, sigma

    def __repr__(self) -> str:
        category = f", category={self.category!r}" if self.category else ""
        return f"Sample({self.name!r}, kind={self.kind!r}{category})"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self._media.size

    @property
    def fps(self) -> float:
        """Frames per second of a video; 0 for an image."""
        return self._media.fps

    @property
    def frame_count(self) -> int | None:
        """Number of frames, as the file says, or None if it does not; 1 for an image."""
        return self._media.frame_count

    @property
    def files(self) -> list[Path]:
        """Files with the pixels; empty if they are missing."""
        return self._media.files

    @property
    def has_fixations(self) -> bool:
        """Whether the data set has fixations for this sample; test sets have none."""
        return self._eyes is not None

    @property
    def fixations(self) -> Values:
        """Row and column of every fixation of every observer, float64 ``(n, 2)``."""
        return self._looks.all.points

    @property
    def durations(self) -> Values | None:
        """Milliseconds per fixation, float64 ``(n,)``, or None if the files lack them."""
        return self._looks.all.durations

    @property
    def starts(self) -> Values | None:
        """Milliseconds from the start to each fixation, ``(n,)``; None if not known."""
        return self._looks.all.starts

    @property
    def observers(self) -> NDArray[Any] | None:
        """Observer of each fixation, ``(n,)``, or None if the files lack them."""
        return self._looks.all.observers

    @property
    def _looks(self) -> Eyes:
        if self._eyes is None:
            raise DatasetError(f"{self.name}: the data set has no fixations for this sample")
        return self._eyes

    def fixations_at(self, frame: int) -> Values:
        """Return row and column of the fixations during a frame, float64 ``(n, 2)``.

        Parameters
        ----------
        frame : int
            From 0. For an image, 0 gives all fixations.
        """
        validation.integer("frame", frame, 0)
        return self._looks.at(frame, self.fps)

    def image(self) -> Pixels:
        """Return the image, or the first frame of a video, uint8 RGB ``(H, W, 3)``."""
        return next(self.frames())

    def frames(self) -> Iterator[Pixels]:
        """Yield the frames of a video in order, uint8 RGB ``(H, W, 3)``; an image is one frame."""
        return self._media.frames()

    def density(self, sigma: float | None = None, *, frame: int | None = None) -> Values:
        """Return the fixation density: a Gaussian at every fixation.

        Parameters
        ----------
        sigma : float, optional
            Standard deviation of the Gaussian in pixels. The default is one degree of visual
            angle where the data set's geometry is known, else 1/32 of the longer side.
        frame : int, optional
            Frame of a video, from 0. Default: the fixations of all frames.

        Returns
        -------
        ndarray of float64, (H, W)
            The sum is 1, or 0 if there is no fixation within the image.
        """
        from ..metrics import density_map

        height, width = self.size
        width_of = self.sigma if sigma is None else validation.number("sigma", sigma, 1e-3)
        points = inside(
            self.fixations if frame is None else self.fixations_at(frame), (height, width)
        )
        density: Values = density_map(points, (height, width), sigma=width_of)
        total = density.sum()
        return density / total if total > 0 else density

    @property
    def sigma(self) -> float:
        """Default `sigma` of `density`, in pixels."""
        return self._sigma or max(self.size) * _SIGMA

    def truth(self, frame: int = 0) -> NDArray[Any]:
        """Return the data set's own map, ``(H, W)``, as stored.

        Parameters
        ----------
        frame : int, default 0
            Frame of a video, from 0.

        Raises
        ------
        DatasetError
            If the data set has no map for it.
        """
        validation.integer("frame", frame, 0)
        if self._truth is None:
            raise DatasetError(
                f"{self.name}: the data set has no saliency map; `density` computes one"
            )
        return self._truth(frame)

    def problems(self) -> Iterator[str]:
        """Yield a line for everything of this sample that cannot be read."""
        # One bad file must not hide the others, and decoders raise errors of many types.
        try:
            for _ in self.frames():
                pass
        except Exception as error:
            yield _line(self.name, error)
        if self._eyes is not None:
            try:
                points, size = self._eyes.all.points, self.size
            except Exception as error:
                yield _line(self.name, error)
            else:
                if len(points) and not len(inside(points, size)):
                    yield f"{self.name}: all {len(points)} fixations lie outside the picture"
        if self._truth is not None:
            try:
                self._truth(0)
            except Exception as error:
                yield _line(self.name, error)


def inside(points: Values, size: tuple[int, int]) -> Values:
    """Return the points within a picture of that height and width; NaN is outside."""
    return points[((points >= 0) & (points < size)).all(axis=1)]


def _line(name: str, error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if name in text else f"{name}: {text}"
