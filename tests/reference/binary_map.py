"""Binary maps straight from their definitions; k-means step by step as OpenCV's."""

import numpy as np

CLUSTERS, ATTEMPTS = 5, 5


def draws(seed, count):
    """Return the next float32 of cv::RNG after cv2.setRNGSeed(seed)."""
    state = (seed % 2**64) or 0xFFFFFFFF
    numbers = []
    for _ in range(count):
        state = ((state & 0xFFFFFFFF) * 4164903690 + (state >> 32)) % 2**64
        numbers.append(np.float32(state & 0xFFFFFFFF) * np.float32(2**-32))
    return np.array(numbers, np.float32)


def otsu(counts):
    """Return the level that splits the counted levels best; those above it are foreground."""
    shares = counts / counts.sum()
    levels = np.arange(256)
    mean, best, threshold = (levels * counts).sum() / counts.sum(), 0.0, 0
    below = mean_below = 0.0
    for level in levels:
        mean_below *= below
        below += shares[level]
        above = 1 - below
        if min(below, above) < np.finfo(np.float32).eps or max(below, above) > 1 - 2**-23:
            continue
        mean_below = (mean_below + level * shares[level]) / below
        mean_above = (mean - below * mean_below) / above
        spread = below * above * (mean_below - mean_above) ** 2
        if spread > best:
            best, threshold = spread, level
    return threshold


def foreground(levels):
    counts = np.bincount(levels.ravel(), minlength=256)
    return np.where(levels > otsu(counts), 255, 0).astype(np.uint8)


def shares(saliency):
    """Return a map as float32, bytes as 255ths."""
    if saliency.dtype == np.uint8:
        return saliency.astype(np.float32) * np.float32(1 / 255)
    return saliency.astype(np.float32)


def by_otsu(saliency):
    saliency = shares(saliency)
    return foreground(np.rint(np.float32(255) * saliency).astype(np.int64))


def by_twice_the_mean(saliency):
    saliency = shares(saliency)
    return np.where(saliency > 2 * saliency.mean(dtype=np.float64), 255, 0).astype(np.uint8)


def nearest(values, centres):
    return np.argmin([(values - centre) ** 2 for centre in centres], axis=0)


def sequential_sum(values):
    return np.add.accumulate(values, dtype=np.float32)[-1] if values.size else np.float32(0)


def fill_empty(values, labels, sums, counts):
    """Give each empty cluster the pixel farthest from the centre of the largest."""
    for empty in range(CLUSTERS):
        if counts[empty]:
            continue
        largest = int(np.argmax(counts))
        base = sums[largest] * (np.float32(1) / np.float32(counts[largest]))
        distance = np.where(labels == largest, (values - base) ** 2, -1)
        farthest = distance.size - 1 - int(np.argmax(distance[::-1]))
        for cluster, sign in ((largest, -1), (empty, 1)):
            sums[cluster] += np.float32(sign) * values[farthest]
            counts[cluster] += sign
        labels[farthest] = empty


def cluster(values, centres):
    """Return labels, centres and the sum of squares of one attempt."""
    for _ in range(99):
        labels = nearest(values, centres)
        sums = np.array([sequential_sum(values[labels == k]) for k in range(CLUSTERS)])
        counts = np.bincount(labels, minlength=CLUSTERS)
        fill_empty(values, labels, sums, counts)
        old, centres = centres, sums * (np.float32(1) / counts.astype(np.float32))
        if np.max((centres - old).astype(np.float64) ** 2) <= 0.2**2:
            break
    return labels, centres, ((values - centres[labels]) ** 2).sum(dtype=np.float64)


def by_kmeans(saliency, seed=0):
    values = shares(saliency).ravel()
    low, high = values.min(), values.max()
    starts = (draws(seed, CLUSTERS * ATTEMPTS) * np.float32(3) - np.float32(1)) * (high - low) + low
    attempts = [cluster(values, each) for each in starts.reshape(ATTEMPTS, CLUSTERS)]
    labels, centres, spread = min(
        attempts, key=lambda attempt: np.nan_to_num(attempt[2], nan=np.inf, posinf=np.inf)
    )
    if not spread < np.inf:  # OpenCV chooses none then, and all is background
        return np.zeros(saliency.shape, np.uint8)
    levels = np.clip(np.rint(centres * np.float32(255)), 0, 255).astype(np.int64)
    return foreground(levels[labels]).reshape(saliency.shape)


def boxes(binary, saliency):
    """Return (x, y, w, h, pixels, sum) of every region of touching pixels, by flooding each."""
    left, found = set(zip(*np.nonzero(binary), strict=True)), []
    while left:
        front = [left.pop()]
        region = list(front)
        while front:
            row, col = front.pop()
            near = {(row + i, col + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            front += near
            region += near
        rows, cols = np.array(region).T
        box = cols.min(), rows.min(), np.ptp(cols) + 1, np.ptp(rows) + 1
        found.append((*map(int, box), rows.size, saliency[rows, cols].sum(dtype=np.float64)))
    return found
