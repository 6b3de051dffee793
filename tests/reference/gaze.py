"""Fixations from gaze, straight from Salvucci and Goldberg (2000), sample by sample."""

import numpy as np


def degrees(points, screen, screen_mm, distance_mm):
    found = []
    for place in points:
        angles = []
        for value, pixels, length in zip(place, screen, screen_mm, strict=True):
            offset = (value - (pixels - 1) / 2) * length / pixels
            angles.append(np.degrees(np.arctan2(offset, distance_mm)))
        found.append(angles)
    return np.array(found)


def dispersion_windows(angles, times, dispersion, min_duration, period):
    """Return the windows of I-DT: [first, stop) of a recording without gaps."""
    windows, first = [], 0
    while first < len(times):
        stop = first + 1
        while stop < len(times) and _spread(angles[first : stop + 1]) <= dispersion:
            stop += 1
        if times[stop - 1] - times[first] + period >= min_duration:
            windows.append((first, stop))
            first = stop
        else:
            first += 1
    return windows


def joined(windows, angles, times, max_gap, distance):
    """Join windows that follow each other at one place."""
    found = []
    for first, stop in windows:
        if found:
            start, end = found[-1]
            apart = angles[start:end].mean(0) - angles[first:stop].mean(0)
            if times[first] - times[end - 1] <= max_gap and np.hypot(*apart) <= distance:
                found[-1] = (start, stop)
                continue
        found.append((first, stop))
    return found


def _spread(angles):
    return sum(axis.max() - axis.min() for axis in angles.T)


def speeds(angles, times, window):
    """Return the slope of a least-squares line through the samples around each, per second."""
    found = []
    for index, time in enumerate(times):
        near = {i for i in range(len(times)) if abs(times[i] - time) <= window / 2}
        near |= {max(index - 1, 0), min(index + 1, len(times) - 1)}
        members = sorted(near)
        seconds = (np.array(times)[members] - time) / 1000
        slopes = [np.polyfit(seconds, axis[members], 1)[0] for axis in angles.T]
        found.append(np.hypot(*slopes))
    return np.array(found)
