"""Simulated recordings of eye trackers with known fixations."""

from typing import NamedTuple

import numpy as np

SCREEN, SCREEN_MM, DISTANCE_MM = (1080, 1920), (294.46, 527.04), 650.0
GEOMETRY = {"screen": SCREEN, "screen_mm": SCREEN_MM, "distance_mm": DISTANCE_MM}


class Recording(NamedTuple):
    times: np.ndarray  # ms
    points: np.ndarray  # rows and columns in pixels; NaN is missing
    fixations: np.ndarray  # row, column, start, duration


def pixels_of(angles):
    """Return rows and columns of vertical and horizontal angles from the centre, in degrees."""
    lengths = np.tan(np.radians(angles)) * DISTANCE_MM
    return lengths * SCREEN / np.array(SCREEN_MM) + (np.array(SCREEN) - 1) / 2


def recording(
    rng, *, rate, count=25, noise=0.03, drift=0.4, blinks=False, dropouts=False, start=0.0
):
    """Return fixations of 150 to 600 ms joined by saccades of 2 to 15 degrees.

    A saccade of A degrees takes 2.2 A + 21 ms (main sequence; Carpenter, 1988) and has a
    minimum-jerk profile. During a fixation the eye drifts by `drift` degrees per second. `blinks`
    closes the eye for 120 to 300 ms in some fixations, with 30 ms of vertical movement before
    and after. `dropouts` loses up to 20 ms here and there.
    """
    step = 1000 / rate
    parts, truth, missing = [], [], []
    now, place = 0.0, np.zeros(2)
    for number in range(count):
        duration = rng.uniform(150, 600)
        size = max(2, round(duration / step))
        direction = rng.normal(size=2)
        slope = drift * direction / np.hypot(*direction) / 1000
        path = place + slope * (np.arange(size) * step)[:, None]
        if blinks and number % 5 == 2:
            path, truth_here, gap = _with_blink(rng, path, step, now)
            truth += truth_here
            missing.append(gap)
        else:
            truth.append((path.mean(axis=0), now, size * step))
        if dropouts and number % 3 == 0:
            first = now + rng.uniform(0.3, 0.6) * size * step
            missing.append((first, first + rng.uniform(4, 20)))
        parts.append(path)
        now += len(path) * step
        following = _next_place(rng, path[-1])
        amplitude = np.hypot(*(following - path[-1]))
        jump = max(3, round((2.2 * amplitude + 21) / step))
        t = (np.arange(jump) + 1) / (jump + 1)
        profile = 10 * t**3 - 15 * t**4 + 6 * t**5
        parts.append(path[-1] + profile[:, None] * (following - path[-1]))
        now += jump * step
        place = following
    angles = np.concatenate(parts[:-1])
    angles = angles + rng.normal(0, noise, angles.shape)
    times = np.arange(len(angles)) * step
    points = pixels_of(angles)
    for first, last in missing:
        points[(times >= first) & (times < last)] = np.nan
    fixations = [(*pixels_of(where), start + when, lasting) for where, when, lasting in truth]
    return Recording(times + start, points, np.array(fixations))


def _next_place(rng, place):
    while True:
        following = rng.uniform((-9, -16), (9, 16))
        if 2 <= np.hypot(*(following - place)) <= 15:
            return following


def _with_blink(rng, path, step, now):
    """Return a path with a blink in its middle, the fixations beside it, and when it is missing."""
    moving, closed = round(30 / step), round(rng.uniform(120, 300) / step)
    before = np.repeat(path[:1], round(200 / step), axis=0)
    after = np.repeat(path[:1], round(200 / step), axis=0)
    ramp = np.linspace(0, 4, moving)[:, None] * np.array([1.0, 0.0])
    whole = np.concatenate(
        [before, path[:1] + ramp, np.repeat(path[:1], closed, axis=0), path[:1] + ramp[::-1], after]
    )
    shut = now + (len(before) + moving) * step
    opened = now + (len(before) + 2 * moving + closed) * step
    truth = [(path[0], now, len(before) * step), (path[0], opened, len(after) * step)]
    return whole, truth, (shut, shut + closed * step)
