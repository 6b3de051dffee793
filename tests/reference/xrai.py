"""XRAI's regions and rankings with masks, straight from section 3 of the paper."""

import numpy as np


def dilated(mask, radius):
    """Return a mask dilated by a disk; outside the image nothing is set."""
    found = np.zeros_like(mask)
    rows, cols = mask.shape
    for row, col in np.argwhere(mask):
        for other_row in range(max(0, row - radius), min(rows, row + radius + 1)):
            for other_col in range(max(0, col - radius), min(cols, col + radius + 1)):
                if (other_row - row) ** 2 + (other_col - col) ** 2 <= radius**2:
                    found[other_row, other_col] = True
    return found


def rank(attribution, masks, mode, area_threshold=1.0, min_pixel_diff=50):
    """Return the map and the ranks."""
    covered = np.zeros(attribution.shape, bool)
    owners, gains = np.full(attribution.shape, -1), []
    least = max(1, min_pixel_diff)
    if mode == "full":
        left = list(range(len(masks)))
        while covered.mean() <= area_threshold:
            left = [each for each in left if (masks[each] & ~covered).sum() >= least]
            if not left:
                break
            means = [attribution[masks[each] & ~covered].mean() for each in left]
            best = int(np.argmax(means))
            new = masks[left.pop(best)] & ~covered
            owners[new] = len(gains)
            gains.append(means[best])
            covered |= new
    else:
        means = [attribution[mask].mean() if mask.any() else -np.inf for mask in masks]
        for each in np.argsort(-np.array(means), kind="stable"):
            new = masks[each] & ~covered
            if new.sum() >= least:
                owners[new] = len(gains)
                gains.append(attribution[new].mean())
                covered |= new
    found, ranks = np.empty(attribution.shape), np.full(attribution.shape, len(gains) + 1)
    for place, index in enumerate(np.argsort(-np.array(gains), kind="stable")):
        ranks[owners == index] = place + 1
        found[owners == index] = gains[index]
    if not covered.all():
        found[~covered] = attribution[~covered].mean()
    return found, ranks
