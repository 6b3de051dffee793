"""The best window of a map: every window of every size, summed pixel by pixel."""

import numpy as np


def score(saliency, x, y, rows, cols, avoid_cutting):
    window = saliency[y : y + rows, x : x + cols]
    weights = np.ones(window.shape)
    frame = max(1, round(0.02 * min(rows, cols)))
    if avoid_cutting and 2 * frame < min(rows, cols):
        weights[:] = 0.5
        weights[frame:-frame, frame:-frame] = 1
    inside = (window * weights).sum() / saliency.sum()
    return inside / np.sqrt(rows * cols / saliency.size)


def all_windows(saliency, sizes, avoid_cutting):
    """Return (score, x, y, rows, cols) of every window, in no order."""
    height, width = saliency.shape
    return [
        (score(saliency, x, y, rows, cols, avoid_cutting), x, y, rows, cols)
        for rows, cols in sizes
        for y in range(height - rows + 1)
        for x in range(width - cols + 1)
    ]


def overlap(first, second):
    """Return intersection over union of two (x, y, rows, cols), by counting pixels."""
    masks = []
    for x, y, rows, cols in (first, second):
        mask = np.zeros((200, 200), bool)
        mask[y : y + rows, x : x + cols] = True
        masks.append(mask)
    return (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
