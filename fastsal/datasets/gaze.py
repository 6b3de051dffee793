"""From gaze to fixations: velocity and dispersion thresholds (Salvucci and Goldberg, 2000)."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import validation

Values = NDArray[np.float64]
Index = NDArray[np.intp]
Spans = list[tuple[int, int]]  # first sample and the one after the last

_VELOCITY_WINDOW = 20.0  # ms; a slope over 20 samples at 1000 Hz halves noise 100 times
_BLOCK = 50_000  # samples at a time: 10 MB at 1000 Hz
_SAME_PLACE = 0.5  # degrees between two parts of one fixation (Olsen, 2012)


def fixations_from_gaze(
    times: ArrayLike,
    points: ArrayLike,
    *,
    method: Literal["i-vt", "i-dt"] = "i-vt",
    velocity: float = 30.0,
    dispersion: float = 1.0,
    min_duration: float = 100.0,
    max_gap: float = 75.0,
    screen: tuple[int, int] = (1080, 1920),
    screen_mm: tuple[float, float] = (294.0, 527.0),
    distance_mm: float = 600.0,
) -> Values:
    """Find the fixations in a recording of one eye.

    Parameters
    ----------
    times : array_like, (n,)
        Milliseconds, increasing.
    points : array_like, (n, 2)
        Row and column on the screen, in pixels. NaN marks a missing sample, such as a blink.
    method : {"i-vt", "i-dt"}, default "i-vt"
        "i-vt" joins successive samples with a velocity below `velocity`. "i-dt" grows a window
        while its height plus its width stay within `dispersion`.
    velocity : float, default 30
        Degrees per second. Used by "i-vt".
    dispersion : float, default 1
        Degrees. Used by "i-dt".
    min_duration : float, default 100
        Milliseconds. Shorter fixations are dropped.
    max_gap : float, default 75
        Milliseconds. Samples may be missing for this long within a fixation, if the gaze is at
        the same place afterwards. A longer gap, such as a blink, ends the fixation.
    screen : (int, int), default (1080, 1920)
        Rows and columns of the screen.
    screen_mm : (float, float), default (294, 527)
        Height and width of the screen in millimetres. The default is a screen of 24 inches.
    distance_mm : float, default 600
        Distance from the eye to the screen in millimetres.

    Returns
    -------
    ndarray of float64, (k, 4)
        Row, column, start and duration of each fixation, in order. Row and column are the mean
        of its samples, in pixels. Start and duration are in milliseconds.

    Raises
    ------
    ValueError
        An option is out of range, or `times` and `points` do not fit together.

    Notes
    -----
    Velocity is the slope of a least-squares line through the samples within 10 ms of a sample,
    and through one neighbour on each side at least. The difference of two samples, as in the
    paper, is dominated by noise at 500 Hz and above. Two parts that are at most `max_gap` apart in
    time and 0.5 degrees in space are joined. The paper does not join them, so that a single noisy
    sample divides a fixation. `min_duration` of "i-dt" applies to the parts too. On simulated
    recordings starts and ends by "i-vt" are exact to 20 ms; those by "i-dt" to `min_duration`.

    References
    ----------
    D. D. Salvucci and J. H. Goldberg, "Identifying fixations and saccades in eye-tracking
    protocols", ETRA 2000.

    Examples
    --------
    Half a second at one place, then half a second 400 pixels to the right:

    >>> import numpy as np
    >>> from fastsal.datasets import fixations_from_gaze
    >>> times = np.arange(0, 1000, 2)
    >>> columns = np.where(times < 500, 600, 1000)
    >>> points = np.column_stack([np.full(500, 540), columns])
    >>> fixations_from_gaze(times, points)[:, :2].round()
    array([[ 540.,  600.],
           [ 540., 1000.]])
    """
    validation.choice("method", method, ("i-vt", "i-dt"))
    validation.number("velocity", velocity, 1e-6)
    validation.number("dispersion", dispersion, 1e-6)
    validation.number("min_duration", min_duration, 0)
    validation.number("max_gap", max_gap, 0)
    rows_and_cols = validation.shape("screen", screen)
    height_and_width = _lengths("screen_mm", screen_mm)
    validation.number("distance_mm", distance_mm, 1e-6)
    moments, places = _checked(times, points)
    seen = np.isfinite(places).all(axis=1)
    moments, places = moments[seen], places[seen]
    if not len(moments):
        return np.empty((0, 4))
    angles = _degrees(places, rows_and_cols, height_and_width, float(distance_mm))
    # A sample lasts until the next one; the last sample of a part as long as is usual.
    period = float(np.median(np.diff(moments))) if len(moments) > 1 else 0.0
    if method == "i-vt":
        spans = _below_velocity(moments, angles, velocity, max_gap, period)
    else:
        spans = _within_dispersion(moments, angles, dispersion, min_duration, max_gap, period)
    found = []
    spans = _joined(spans, moments, angles, max_gap)
    for first, stop in spans:
        duration = moments[stop - 1] - moments[first] + period
        if duration >= min_duration:
            found.append((*places[first:stop].mean(axis=0), moments[first], duration))
    return np.array(found, np.float64).reshape(-1, 4)


def _checked(times: ArrayLike, points: ArrayLike) -> tuple[Values, Values]:
    moments, places = np.asarray(times, np.float64), np.asarray(points, np.float64)
    if moments.ndim != 1:
        raise ValueError(f"`times` must have shape (n,); got {moments.shape}")
    if places.shape != (len(moments), 2):
        raise ValueError(
            f"`points` must have shape ({len(moments)}, 2), a row and a column per time; "
            f"got {places.shape}"
        )
    if not np.isfinite(moments).all():
        raise ValueError("`times` must be finite; got NaN or infinity")
    steps = np.diff(moments)
    if (steps <= 0).any():
        index = int(np.argmax(steps <= 0)) + 1
        raise ValueError(
            f"`times` must increase; got {moments[index]:g} after {moments[index - 1]:g} "
            f"at index {index}. Sort the samples and drop duplicates"
        )
    return moments, places


def _lengths(name: str, value: Any) -> tuple[float, float]:
    try:
        height, width = value
    except (TypeError, ValueError):
        raise ValueError(
            f"`{name}` must be two numbers, height and width; got {validation.shown(value)}"
        ) from None
    return validation.number(name, height, 1e-6), validation.number(name, width, 1e-6)


def _degrees(
    places: Values, screen: tuple[int, int], lengths: tuple[float, float], distance: float
) -> Values:
    """Return visual angles from the centre of the screen, vertical and horizontal."""
    pixel = np.array(lengths) / screen
    centre = (np.array(screen) - 1) / 2
    return np.degrees(np.arctan((places - centre) * pixel / distance))


def _below_velocity(
    moments: Values, angles: Values, velocity: float, max_gap: float, period: float
) -> Spans:
    """Return the runs of samples that move slower than the threshold, cut at long gaps."""
    slow = _speeds(moments, angles) < velocity
    ends = _gap_ends(moments, max_gap, period)
    edges = np.flatnonzero(np.diff(slow.astype(np.int8))) + 1
    cuts = np.union1d(np.union1d(edges, ends), [0, len(moments)]).astype(int)
    return [(a, b) for a, b in pairwise(cuts.tolist()) if slow[a]]


def _gap_ends(moments: Values, max_gap: float, period: float) -> Index:
    """Return the samples before which samples are missing for longer than `max_gap`."""
    return np.flatnonzero(np.diff(moments) - period > max_gap) + 1


def _speeds(moments: Values, angles: Values) -> Values:
    """Return the speed at each sample, in degrees per second, from a least-squares line."""
    count = len(moments)
    if count < 2:
        return np.zeros(count)
    reach = _VELOCITY_WINDOW / 2 + 1e-6
    index = np.arange(count)
    first = np.minimum(np.searchsorted(moments, moments - reach), np.maximum(index - 1, 0))
    stop = np.maximum(
        np.searchsorted(moments, moments + reach, "right"), np.minimum(index + 2, count)
    )
    speeds = np.empty(count)
    for begin in range(0, count, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        speeds[block] = _slopes(moments, angles, index[block], first[block], stop[block])
    return speeds


def _slopes(moments: Values, angles: Values, at: Index, first: Index, stop: Index) -> Values:
    """Return the lengths of the slopes of least-squares lines through [first, stop)."""
    members = first[:, None] + np.arange((stop - first).max())
    weights = (members < stop[:, None]).astype(np.float64)
    members = np.minimum(members, len(moments) - 1)
    weights /= weights.sum(axis=1, keepdims=True)
    seconds = (moments[members] - moments[at, None]) / 1000
    seconds -= (weights * seconds).sum(axis=1, keepdims=True)
    variance = (weights * seconds**2).sum(axis=1)
    weights *= seconds
    slopes = [(weights * axis[members]).sum(axis=1) / variance for axis in angles.T]
    lengths: Values = np.hypot(*slopes)
    return lengths


def _joined(spans: Spans, moments: Values, angles: Values, max_gap: float) -> Spans:
    """Join successive parts at the same place with a short gap between them."""
    joined: Spans = []
    for first, stop in spans:
        if joined:
            start, end = joined[-1]
            is_near = moments[first] - moments[end - 1] <= max_gap
            apart = angles[first:stop].mean(axis=0) - angles[start:end].mean(axis=0)
            if is_near and np.hypot(*apart) <= _SAME_PLACE:
                joined[-1] = (start, stop)
                continue
        joined.append((first, stop))
    return joined


def _within_dispersion(
    moments: Values,
    angles: Values,
    dispersion: float,
    min_duration: float,
    max_gap: float,
    period: float,
) -> Spans:
    """Return the windows of "i-dt": grown to the right while they are compact."""
    times = moments.tolist()
    axes = angles.T.tolist()
    ends = set(_gap_ends(moments, max_gap, period).tolist())
    spans: Spans = []
    window = _Window(axes)
    first = stop = 0
    while first < len(times):
        while stop < len(times) and not (stop in ends and stop > first):
            if window.spread_with(stop) > dispersion:
                break
            window.add(stop)
            stop += 1
        # The window is [first, stop); the sample at `stop` does not fit or follows a gap.
        if times[stop - 1] - times[first] + period >= min_duration and stop > first:
            spans.append((first, stop))
            first = stop
        else:
            first = stop if stop in ends and stop > first else first + 1
        stop = max(stop, first)
        window.drop_before(first)
    return spans


class _Window:
    """Minima and maxima of a window that only moves forward."""

    def __init__(self, axes: list[list[float]]) -> None:
        self._axes = axes
        self._lows: list[deque[int]] = [deque() for _ in axes]
        self._highs: list[deque[int]] = [deque() for _ in axes]

    def add(self, index: int) -> None:
        """Append a sample."""
        for axis, lows, highs in zip(self._axes, self._lows, self._highs, strict=True):
            while lows and axis[lows[-1]] >= axis[index]:
                lows.pop()
            lows.append(index)
            while highs and axis[highs[-1]] <= axis[index]:
                highs.pop()
            highs.append(index)

    def spread_with(self, index: int) -> float:
        """Return height plus width of the window and one more sample."""
        total = 0.0
        for axis, lows, highs in zip(self._axes, self._lows, self._highs, strict=True):
            if lows:
                value = axis[index]
                total += max(axis[highs[0]], value) - min(axis[lows[0]], value)
        return total

    def drop_before(self, first: int) -> None:
        """Forget the samples before `first`."""
        for queue in (*self._lows, *self._highs):
            while queue and queue[0] < first:
                queue.popleft()
