"""A data set: a sequence of samples, its summary, and a check of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from .media import Kind
from .sample import Sample


class Published(NamedTuple):
    """Facts about a data set that its authors publish and its files do not hold."""

    title: str
    tracker: str = "-"
    seconds: float | None = None  # that an image was shown


@dataclass(frozen=True)
class Summary:
    """One row of a table of data sets.

    Attributes
    ----------
    title : str
    resolution : str
        Width x height in pixels; if they differ, the most frequent one and how many others.
    kind : {"image", "video"}
    count : int
        Number of images or videos.
    observers : int or None
        Number of different observers in the files, or None if the files lack them.
    seconds : (float, float) or None
        Shortest and longest video, or how long an image was shown, as the authors publish it.
    tracker : str
        The eye tracker, as the authors publish it.

    Examples
    --------
    >>> from fastsal.datasets import Summary
    >>> print(Summary("OSIE", "800 x 600", "image", 700, 15, (3.0, 3.0), "EyeLink 1000"))
    OSIE | 800 x 600 px | 700 images | 15 | 3 s | EyeLink 1000
    """

    title: str
    resolution: str
    kind: Kind
    count: int
    observers: int | None
    seconds: tuple[float, float] | None
    tracker: str

    def __str__(self) -> str:
        noun = self.kind if self.count == 1 else f"{self.kind}s"
        cells = (
            self.title, f"{self.resolution} px", f"{self.count} {noun}",
            "-" if self.observers is None else str(self.observers), self._duration(), self.tracker,
        )  # fmt: skip
        return " | ".join(cells)

    def _duration(self) -> str:
        if self.seconds is None:
            return "-"
        low, high = (f"{value:.3g}" for value in self.seconds)
        return f"{low} s" if low == high else f"{low}-{high} s"


class Dataset(Sequence[Sample]):
    """Samples of a data set, in a fixed order. Slices are data sets too.

    Attributes
    ----------
    name : str
        As `open_dataset` takes it.
    folder : Path

    Examples
    --------
    A PyTorch data set of image and density tensors, for ``DataLoader`` with any number of
    workers. `folder` has images of one size.

    >>> import torch, fastsal.datasets  # doctest: +SKIP
    >>> data = fastsal.datasets.open_dataset("osie", folder)  # doctest: +SKIP
    >>> class Pairs(torch.utils.data.Dataset):  # doctest: +SKIP
    ...     def __len__(self): return len(data)
    ...     def __getitem__(self, index): return tuple(map(torch.from_numpy, data.pair(index)))
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        samples: Iterable[Sample],
        published: Published,
        problems: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self.name, self.folder = name, folder
        self._samples = list(samples)
        self._published = published
        self._problems = problems

    def __repr__(self) -> str:
        return f"<{self._published.title}: {len(self)} samples in {self.folder}>"

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Sample | Dataset:
        """Return a sample, or a data set of some of them."""
        if isinstance(index, slice):
            return Dataset(self.name, self.folder, self._samples[index], self._published)
        return self._samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)

    @property
    def title(self) -> str:
        """Name of the data set in words."""
        return self._published.title

    @property
    def kind(self) -> Kind:
        """Whether the samples are images or videos."""
        return self._samples[0].kind if self._samples else "image"

    def pair(self, index: int, sigma: float | None = None) -> tuple[Any, Any]:
        """Return an image and its fixation density, float32, as networks take them.

        Parameters
        ----------
        index : int
        sigma : float, optional
            As `Sample.density` takes it.

        Returns
        -------
        image : ndarray of float32, (3, H, W)
            RGB in [0, 1].
        density : ndarray of float32, (1, H, W)
            Its sum is 1.
        """
        sample = self[index]
        image = sample.image().transpose(2, 0, 1).astype(np.float32) / 255
        return image, sample.density(sigma).astype(np.float32)[None]

    def summary(self) -> Summary:
        """Return resolution, number, observers, duration and tracker, from the files.

        Returns
        -------
        Summary
            Its text is one row of a table.

        Raises
        ------
        DatasetError, ImageError, VideoError
            If a file cannot be read; `check` lists all of them.
        """
        sizes: dict[tuple[int, int], int] = {}
        lengths: list[float] = []
        observers: set[Any] = set()
        for sample in self:
            sizes[sample.size] = sizes.get(sample.size, 0) + 1
            if sample.kind == "video" and sample.frame_count and sample.fps:
                lengths.append(sample.frame_count / sample.fps)
            if sample.has_fixations and (seen := sample.observers) is not None:
                observers.update(seen.tolist())
        shown = self._published.seconds
        return Summary(
            self.title, _resolution(sizes), self.kind, len(self), len(observers) or None,
            (min(lengths), max(lengths)) if lengths else None if shown is None else (shown, shown),
            self._published.tracker,
        )  # fmt: skip

    def check(self, *, progress: bool = True) -> list[str]:
        """Read every file and return a line for each that is missing or cannot be read.

        Parameters
        ----------
        progress : bool, default True
            Show a progress bar where stderr is a terminal.

        Returns
        -------
        list of str
            Empty if all is well. Each line names its file or sample.
        """
        from ..pipelines.progress import progress_bar

        bar = progress_bar(self._samples, shown=progress, desc="checking", unit="file")
        own = self._problems() if self._problems is not None else ()
        return list(chain(own, chain.from_iterable(sample.problems() for sample in bar)))


def _resolution(sizes: dict[tuple[int, int], int]) -> str:
    if not sizes:
        return "-"
    (height, width), count = max(sizes.items(), key=lambda item: item[1])
    others = sum(sizes.values()) - count
    return f"{width} x {height}" + (f" (and {others} of other sizes)" if others else "")
