"""The window that holds most saliency, over all positions and sizes, by a summed-area table."""

from __future__ import annotations

from typing import NamedTuple, overload

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation
from ..kernels.windows import peaks_of
from ..metrics.inputs import Map
from .inputs import as_saliency

Band = tuple[int, int, slice]  # rows and columns of windows, and the rows where they start
Scores = NDArray[np.float64]  # of windows of one size, (positions down, positions across)

_SIZES = 10
# Chosen on 40 photographs of OSIE: wider frames lower the fraction of fixations inside.
_FRAME = 0.02  # thickness of the frame, a fraction of the window's shorter side
_TIE = 1e-9  # rounding of sums, as a fraction of all saliency
_BAND = 1 << 15  # windows: their scores stay in the second-level cache
_OVERLAP = 0.5  # intersection over union of two crops


class Crop(NamedTuple):
    """A window of an image, in pixels.

    Attributes
    ----------
    x, y : int
        Column and row of the top left pixel.
    width, height : int
        Number of columns and rows.
    score : float
        Higher is better; windows of one map can be compared. See `best_crop`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import Crop
    >>> image = np.zeros((480, 640, 3), np.uint8)
    >>> crop = Crop(x=100, y=50, width=320, height=240, score=1.0)
    >>> image[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width].shape
    (240, 320, 3)
    """

    x: int
    y: int
    width: int
    height: int
    score: float


@overload
def best_crop(
    saliency: ArrayLike,
    *,
    aspect: float | None = None,
    size: tuple[int, int] | None = None,
    min_scale: float = 0.4,
    avoid_cutting: bool = True,
) -> Crop: ...


@overload
def best_crop(
    saliency: ArrayLike,
    *,
    aspect: float | None = None,
    size: tuple[int, int] | None = None,
    min_scale: float = 0.4,
    count: int,
    avoid_cutting: bool = True,
) -> Crop | list[Crop]: ...


def best_crop(
    saliency: ArrayLike,
    *,
    aspect: float | None = None,
    size: tuple[int, int] | None = None,
    min_scale: float = 0.4,
    count: int = 1,
    avoid_cutting: bool = True,
) -> Crop | list[Crop]:
    """Return the window of a saliency map that is worth most.

    Parameters
    ----------
    saliency : array_like of uint8, integer or float, (H, W)
        The map, of any range from 0 up.
    aspect : float, optional
        Width divided by height, from 0.001 to 1000. By default that of the map.
    size : (int, int), optional
        Rows and columns of the window, instead of `aspect`. Only windows of this size are compared.
    min_scale : float, default 0.4
        Size of the smallest window, from 0.01 to 1: a fraction of the largest window of this
        aspect. Ten sizes from there to the largest are compared. It has no effect with `size`.
    count : int, default 1
        Number of windows. Two windows overlap by at most half (intersection over union), so there
        may be fewer.
    avoid_cutting : bool, default True
        Count saliency at the window's border half, so that the border does not cut salient objects.
        The border is as thick as 2 % of the window's shorter side.

    Returns
    -------
    Crop or list of Crop
        The best window; with `count` above 1 a list, best first. The score is the fraction of all
        saliency inside the window, divided by the square root of its fraction of the area. The
        most central of equal windows is best, so a uniform map gives the central window.

    Raises
    ------
    ImageError
        If `saliency` is not a map of finite numbers from 0 up in host memory.
    ValueError
        If an option is out of range, `size` exceeds the map, or both `aspect` and `size` are given.

    Notes
    -----
    All positions of every size are compared: a summed-area table gives the sum of any window from
    four numbers [1]_.

    References
    ----------
    .. [1] F. C. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984.
       https://doi.org/10.1145/964965.808600

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import best_crop
    >>> saliency = np.zeros((100, 100))
    >>> saliency[20:30, 60:70] = 1
    >>> crop = best_crop(saliency, size=(20, 20))
    >>> crop.x <= 60, crop.x + crop.width >= 70, crop.y <= 20, crop.y + crop.height >= 30
    (True, True, True, True)
    >>> crop = best_crop(saliency, aspect=16 / 9)
    >>> crop.width, crop.height
    (40, 22)
    """
    min_scale = validation.number("min_scale", min_scale, 0.01, 1)
    count = validation.integer("count", count, 1)
    avoid_cutting = validation.flag("avoid_cutting", avoid_cutting, ValueError)
    if aspect is not None:
        aspect = validation.number("aspect", aspect, 0.001, 1000)
        if size is not None:
            raise ValueError("`aspect` and `size` must not both be given; remove one of them")
    found = as_saliency(saliency)
    height, width = found.shape
    if size is not None:
        rows, cols = validation.shape("size", size)
        if rows > height or cols > width:
            raise ValueError(
                f"`size` must be at most the map's shape {found.shape}; got {(rows, cols)}"
            )
        sizes = [(rows, cols)]
    else:
        sizes = sizes_of(found.shape, aspect or width / height, min_scale)
    windows = Windows(found, is_framed=bool(avoid_cutting))
    crops: list[Crop] = []
    while len(crops) < count and (crop := _best_of(windows, sizes, crops)):
        crops.append(crop)
    return crops[0] if count == 1 else crops


def _best_of(windows: Windows, sizes: list[tuple[int, int]], taken: list[Crop]) -> Crop | None:
    """Return the best window that overlaps none of the crops taken, or None if there is none."""
    bands = [(rows, cols, band) for rows, cols in sizes for band in windows.bands(rows, cols)]
    peaks = windows.peaks(bands) if not taken else [
        windows.free_scores(*each, taken).max() for each in bands
    ]  # fmt: skip
    index = int(np.argmax(peaks))  # of equal sizes the largest
    score = float(peaks[index])
    if score == -np.inf:
        return None
    size = bands[index][:2]
    near = [
        band
        for (*own, band), peak in zip(bands, peaks, strict=True)
        if tuple(own) == size and peak >= score - _TIE
    ]
    return _most_central(windows, size, near, score, taken)


def _most_central(
    windows: Windows, size: tuple[int, int], bands: list[slice], score: float, taken: list[Crop]
) -> Crop:
    """Return the most central of the windows with the best score."""
    rows, cols = size
    center_y, center_x = (windows.height - rows) / 2, (windows.width - cols) / 2
    ties = []
    for band in bands:
        y, x = np.nonzero(windows.free_scores(rows, cols, band, taken) >= score - _TIE)
        y += band.start
        distance = (y - center_y) ** 2 + (x - center_x) ** 2
        index = int(np.argmin(distance))
        ties.append((float(distance[index]), int(y[index]), int(x[index])))
    _, row, col = min(ties)
    return Crop(col, row, cols, rows, score)


def sizes_of(shape: tuple[int, int], aspect: float, min_scale: float) -> list[tuple[int, int]]:
    """Return rows and columns of windows of this aspect, the largest first, all different."""
    height, width = shape
    rows, cols = min(height, width / aspect), min(width, height * aspect)
    sizes = [
        (min(height, max(1, round(rows * scale))), min(width, max(1, round(cols * scale))))
        for scale in np.linspace(1, min_scale, _SIZES)
    ]
    return list(dict.fromkeys(sizes))


class Windows:
    """Scores of the windows of one map."""

    def __init__(self, saliency: Map, *, is_framed: bool) -> None:
        high = saliency.max()
        if high == 0:
            saliency = np.ones(saliency.shape, np.uint8)
        elif saliency.dtype == np.float64:
            saliency = saliency / high  # the sum of large values could overflow
        self._table: NDArray[np.float64] = cv2.integral(saliency, sdepth=cv2.CV_64F)
        self._area = saliency.size
        self.height, self.width = saliency.shape
        self._is_framed = is_framed

    def scores(self, rows: int, cols: int, band: slice) -> Scores:
        """Return the scores of the windows of one size that start in a band of rows."""
        scores = _sums(self._table[band.start : band.stop + rows], rows, cols)
        if frame := self._frame(rows, cols):
            inner = rows - 2 * frame, cols - 2 * frame
            start, stop = band.start + frame, band.stop + frame + inner[0]
            inside = _sums(self._table[start:stop, frame:-frame], *inner)
            scores += inside  # the frame is in one of the two
        scores *= self._scale(rows, cols)
        return scores

    def peaks(self, bands: list[Band]) -> Scores:
        """Return the best score of each band of windows."""
        jobs = [
            (band.start, band.stop, rows, cols, self._frame(rows, cols))
            for rows, cols, band in bands
        ]
        scales = [self._scale(rows, cols) for rows, cols, _ in bands]
        return peaks_of(self._table, np.array(jobs, np.int64)) * scales

    def free_scores(self, rows: int, cols: int, band: slice, taken: list[Crop]) -> Scores:
        """Return `scores`, minus infinity for windows that overlap a crop too much."""
        scores = self.scores(rows, cols, band)
        for crop in taken:
            _remove_overlaps(scores, crop, rows, cols, band)
        return scores

    def bands(self, rows: int, cols: int) -> list[slice]:
        """Return bands of rows where windows of one size start."""
        height, width = self._table.shape
        step = max(1, _BAND // (width - cols))
        return [slice(y, min(y + step, height - rows)) for y in range(0, height - rows, step)]

    def scores_at(self, x: NDArray[np.int64], y: NDArray[np.int64], rows: int, cols: int) -> Scores:
        """Return the scores of some windows of one size, as `all_scores` has them."""
        scores = self._sum_at(x, y, rows, cols)
        frame = self._frame(rows, cols)
        if frame:
            inside = self._sum_at(x + frame, y + frame, rows - 2 * frame, cols - 2 * frame)
            scores += inside
        return scores * self._scale(rows, cols)

    def _frame(self, rows: int, cols: int) -> int:
        """Return the thickness of the frame: 0 where it would leave nothing inside."""
        thickness = max(1, round(_FRAME * min(rows, cols)))
        return thickness if self._is_framed and 2 * thickness < min(rows, cols) else 0

    def _scale(self, rows: int, cols: int) -> float:
        terms = 2 if self._frame(rows, cols) else 1
        return float((self._area / (rows * cols)) ** 0.5 / (terms * self._table[-1, -1]))

    def _sum_at(self, x: NDArray[np.int64], y: NDArray[np.int64], rows: int, cols: int) -> Scores:
        table = self._table
        above, below = (
            table[y, x + cols] - table[y, x],
            table[y + rows, x + cols] - table[y + rows, x],
        )
        found: Scores = below - above
        return found


def _sums(table: NDArray[np.float64], rows: int, cols: int) -> Scores:
    """Return the sums of all windows of one size."""
    bands = table[rows:] - table[:-rows]
    return bands[:, cols:] - bands[:, :-cols]


def _remove_overlaps(scores: Scores, crop: Crop, rows: int, cols: int, band: slice) -> None:
    """Give windows that overlap a crop too much the score minus infinity."""
    y, x = np.arange(band.start, band.stop), np.arange(scores.shape[1])
    down = np.minimum(y + rows, crop.y + crop.height) - np.maximum(y, crop.y)
    across = np.minimum(x + cols, crop.x + crop.width) - np.maximum(x, crop.x)
    both = np.maximum(down, 0)[:, None] * np.maximum(across, 0)
    union = rows * cols + crop.width * crop.height - both
    scores[both > _OVERLAP * union] = -np.inf
