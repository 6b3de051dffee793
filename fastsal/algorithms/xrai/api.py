"""Regions that may overlap, and their order by mean attribution (XRAI, section 3)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...runtime import backend_module

Mode = Literal["full", "fast"]
MODES = ("full", "fast")

_Bits = NDArray[np.bool_]
_Runs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


class Regions:
    """Regions of one image, which may overlap, for `fastsal.explain.xrai` to rank.

    They depend on the image only, so they serve several classes, models and attributions. Each
    region is stored as runs of pixels in rows.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the image.
    """

    def __init__(self, shape: tuple[int, int], runs: _Runs) -> None:
        self.shape = shape
        self._runs = runs

    def __len__(self) -> int:
        return self._runs[0].size - 1

    def __repr__(self) -> str:
        return f"<Regions: {len(self)} of {self.shape[0]} x {self.shape[1]} pixels>"

    def mask(self, index: int) -> _Bits:
        """Return one region as an array of bool, (H, W)."""
        index = range(len(self))[index]
        pointers, *runs = self._runs
        found = np.zeros(self.shape, np.bool_)
        part = slice(pointers[index], pointers[index + 1])
        for row, start, stop in zip(*(each[part] for each in runs), strict=True):
            found[row, start:stop] = True
        return found

    def masks(self) -> _Bits:
        """Return all regions as an array of bool, (N, H, W)."""
        return np.stack([self.mask(index) for index in range(len(self))])

    @cached_property
    def _rows(self) -> tuple[Any, ...]:
        """Where each row's runs begin, these runs, and the region of every run."""
        pointers, rows, _, _ = self._runs
        masks = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(pointers))
        return (*_cpu().index_rows(rows, self.shape[0]), masks)

    @classmethod
    def of_labels(cls, labels: Iterable[NDArray[Any]], counts: Iterable[int], radius: int) -> Any:
        """Return a region per label of each image (H, W), dilated by a disk of this radius."""
        heights = range(-radius, radius + 1)
        reach = np.array([math.isqrt(radius * radius - d * d) for d in heights], np.int64)
        shape, parts = (0, 0), []
        for image, count in zip(labels, counts, strict=True):
            shape = image.shape
            parts.append(_runs_of_labels(_read_only(image, np.int32), count, reach))
        return cls(shape, _joined(parts))

    @classmethod
    def of_masks(cls, masks: Iterable[_Bits]) -> Any:
        """Return a region per mask, (H, W) of bool."""
        shape, parts = (0, 0), []
        for mask in masks:
            shape = mask.shape
            parts.append(_runs_of_mask(mask))
        return cls(shape, _joined(parts))


class Ranking(NamedTuple):
    """Regions in the order of their attribution.

    Attributes
    ----------
    saliency : array of float64, (H, W)
        Mean attribution of the region that a pixel counts to.
    ranks : array of int32, (H, W)
        1 for the region of the greatest mean; the pixels of no region come last.
    """

    saliency: NDArray[np.float64]
    ranks: NDArray[np.int32]


def rank_regions(
    attribution: NDArray[np.float64],
    regions: Regions,
    mode: Mode,
    area_threshold: float,
    min_pixel_diff: int,
) -> Ranking:
    """Return the regions' order for a finite attribution (H, W)."""
    cpu = _cpu()
    values = _read_only(attribution, np.float64)
    units = _units_of(values)
    least = max(1, min_pixel_diff)
    owners, gains = np.full(values.shape, -1, np.int32), np.empty(len(regions))
    sums = np.empty((len(regions), 3), np.int64)
    row_pointers, row_runs, masks = regions._rows
    _, _, starts, stops = regions._runs
    cpu.add_up(values, units, row_pointers, row_runs, masks, starts, stops, sums)
    if mode == "full":
        args = (regions._runs, row_pointers, row_runs, masks, least, float(area_threshold))
        found = cpu.cover_best(values, units, *args, sums, owners, gains)
    else:
        means = np.empty(len(regions))
        cpu.fill_means(sums, units, means)
        order = np.argsort(-means, kind="stable")
        found = cpu.cover_in_order(values, units, regions._runs, order, least, owners, gains)
    return _ranking_of(values, owners, gains[:found])


def _ranking_of(
    values: NDArray[np.float64], owners: NDArray[np.int32], gains: NDArray[np.float64]
) -> Ranking:
    rest = owners < 0
    left_over = values[rest].mean() if rest.any() else 0.0
    places = np.empty(gains.size + 1, np.int32)
    places[np.argsort(-gains, kind="stable")] = np.arange(1, gains.size + 1)
    places[-1] = gains.size + 1  # index -1, the pixels of no region
    return Ranking(np.append(gains, left_over)[owners], places[owners])


def _units_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return powers of two in which the sum of all pixels fits 62 bits, twice."""
    bits = 62 - max(1, math.ceil(math.log2(values.size)))
    top = max(abs(float(values.min())), abs(float(values.max())), 1e-280)
    exponent = math.frexp(top)[1]  # top < 2 ** exponent
    coarse = math.ldexp(1.0, max(exponent - bits, -1000))
    return coarse, coarse * math.ldexp(1.0, -min(bits, 40))


def _runs_of_labels(labels: Any, count: int, reach: Any) -> _Runs:
    room = 4 * (labels.shape[0] + labels.shape[1]) * max(4, math.isqrt(count) + 1)
    while True:
        pointers = np.empty(count + 1, np.int64)
        rows, starts, stops = (np.empty(room, np.int32) for _ in range(3))
        total = _cpu().fill_runs(labels, count, reach, pointers, rows, starts, stops)
        if total <= room:
            return pointers, rows[:total], starts[:total], stops[:total]
        room = total


def _runs_of_mask(mask: _Bits) -> _Runs:
    """Return the runs of one mask; they begin and end where neighbours differ."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2), np.bool_)
    padded[:, 1:-1] = mask
    ends = np.flatnonzero(padded[:, 1:] != padded[:, :-1])
    rows, starts = np.divmod(ends[0::2], width + 1)
    stops = ends[1::2] % (width + 1)
    row, start, stop = (each.astype(np.int32) for each in (rows, starts, stops))
    return np.array([0, rows.size]), row, start, stop


def _joined(parts: list[_Runs]) -> _Runs:
    """Return the regions of several images as one list."""
    if not parts:
        empty = np.empty(0, np.int32)
        return np.zeros(1, np.int64), empty, empty, empty
    lengths = np.concatenate([np.diff(part[0]) for part in parts])
    pointers = np.zeros(lengths.size + 1, np.int64)
    np.cumsum(lengths, out=pointers[1:])
    rows, starts, stops = (np.concatenate([part[i] for part in parts]) for i in (1, 2, 3))
    return pointers, rows, starts, stops


def _read_only(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    view = np.ascontiguousarray(array, dtype)[...]  # the caller's own array stays writable
    view.flags.writeable = False
    return view


def _cpu() -> Any:
    return backend_module(__package__, "cpu")
