"""Winner-take-all with inhibition of return, straight from the definition, in plain NumPy."""

import math

import numpy as np


def scanpath(saliency, n):
    """Return at most `n` foci, (row, column), and the times at which each is reached."""
    height, width = saliency.shape
    side = max(1, min(height, width) // 64)
    cells = {}
    for top in range(0, height, side):
        for left in range(0, width, side):
            cell = saliency[top : top + side, left : left + side]
            cells[top, left] = float(np.mean(cell, dtype=np.float64)), _greatest(cell, top, left)
    free_from = dict.fromkeys(cells, 0.0)
    now, foci, times = 0.0, [], []
    bright = [key for key in cells if cells[key][0] > 0]
    while bright and len(foci) < n:
        now = max(now, min(free_from[key] for key in bright))
        winner = max(
            (key for key in bright if free_from[key] <= now), key=lambda key: cells[key][0]
        )
        mean, focus = cells[winner]
        now += _time_to_fire(mean)
        foci.append(focus)
        times.append(now)
        for top, left in cells:
            apart = math.hypot(top + (side - 1) / 2 - focus[0], left + (side - 1) / 2 - focus[1])
            if (top, left) == winner or apart <= min(height, width) / 6:
                free_from[top, left] = now + 0.7
    return np.array(foci, np.int64).reshape(-1, 2), np.array(times)


def _greatest(cell, top, left):
    rows, cols = np.nonzero(cell == cell.max())
    middle = (cell.shape[0] - 1) / 2, (cell.shape[1] - 1) / 2
    nearest = np.argmin((rows - middle[0]) ** 2 + (cols - middle[1]) ** 2)
    return top + int(rows[nearest]), left + int(cols[nearest])


def _time_to_fire(saliency):
    """Return when a leaky neuron fires: after 30 ms at saliency 1, after 70 at saliency 0."""
    rate, constant = 0.05, 1.4928
    threshold = (1 + constant) * (1 - math.exp(-0.03 / rate))
    current = saliency + constant
    return rate * math.log(current / (current - threshold))
