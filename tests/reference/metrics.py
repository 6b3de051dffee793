"""Metrics of saliency maps straight from their definitions, pixel by pixel."""

from itertools import pairwise

import numpy as np

EPSILON = np.spacing(1)


def auc(positives, negatives):
    """Return the area under the curve by looking at every pair."""
    points = 0.0
    for positive in positives:
        for negative in negatives:
            points += 1.0 if positive > negative else 0.5 if positive == negative else 0.0
    return points / (len(positives) * len(negatives))


def auc_by_ranks(positives, negatives):
    """Return the same from the mean rank of the positives among all (Mann and Whitney)."""
    values = np.concatenate([positives, negatives])
    ordered = np.sort(values)
    lowest = np.searchsorted(ordered, positives, "left") + 1
    highest = np.searchsorted(ordered, positives, "right")
    count = len(positives)
    statistic = ((lowest + highest) / 2).sum() - count * (count + 1) / 2
    return statistic / (count * len(negatives))


def auc_judd(saliency, pixels):
    """Return AUC-Judd of MIT's code: thresholds at the fixated values, the greatest first."""
    flat = saliency.ravel()
    fixated = sorted((saliency[tuple(pixel)] for pixel in pixels), reverse=True)
    count = len(fixated)
    points = [(0.0, 0.0)]
    for place, threshold in enumerate(fixated, 1):
        above = sum(value >= threshold for value in flat)
        points.append(((above - place) / (len(flat) - count), place / count))
    points.append((1.0, 1.0))
    return area(points)


def area(points):
    """Return the area under a line through points, by trapezoids."""
    return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(points))


def sampled_auc(positives, draws, step):
    """Return the mean area over draws of negatives, thresholds at multiples of a step."""
    areas = []
    for negatives in draws:
        points, threshold = [(0.0, 0.0)], []
        highest = max(*positives, *negatives)
        k = 0
        while k * step <= highest + 1e-12:
            threshold.append(k * step)
            k += 1
        for each in reversed(threshold):
            points.append((np.mean(negatives >= each), np.mean(positives >= each)))
        areas.append(area([*points, (1.0, 1.0)]))
    return np.mean(areas)


def nss(saliency, points, ddof=0):
    values = saliency.astype(np.float64)
    standard = (values - values.mean()) / values.std(ddof=ddof)
    return np.mean([standard[row, col] for row, col in points])


def cc(a, b):
    return np.corrcoef(a.astype(np.float64).ravel(), b.astype(np.float64).ravel())[0, 1]


def density_of(saliency, least=0.0):
    values = saliency.astype(np.float64)
    values = values - values.min() if values.min() < 0 else values
    values = values + least
    return values / values.sum() if values.sum() > 0 else np.full(values.shape, 1 / values.size)


def minmax(saliency):
    values = saliency.astype(np.float64)
    return (values - values.min()) / (values.max() - values.min())


def similarity(a, b):
    return np.minimum(density_of(a), density_of(b)).sum()


def kl_divergence(truth, saliency):
    q, p = density_of(truth, 1e-20), density_of(saliency, 1e-20)
    return (q * (np.log(q) - np.log(p))).sum()


def information_gain(saliency, baseline, points):
    p, b = density_of(saliency), density_of(baseline)
    return np.mean([np.log2(p[row, col]) - np.log2(b[row, col]) for row, col in points])


def thresholds():
    """Return the 256 levels that curves cut at, the greatest first."""
    return np.arange(255, -1, -1)


def f_measures(saliency, mask, beta2=0.3):
    """Return the F-measure at each level of a map in [0, 1]."""
    codes = (saliency * 255).astype(np.uint8)
    return np.array([f_measure(codes >= level, mask, beta2) for level in thresholds()])


def f_measure(found, mask, beta2=0.3):
    hits = (found & mask).sum()
    if hits == 0:
        return 0.0
    precision, recall = hits / found.sum(), hits / mask.sum()
    return (1 + beta2) * precision * recall / (beta2 * precision + recall)


def e_measures(saliency, mask):
    """Return the E-measure at each level of a map in [0, 1]."""
    codes = (saliency * 255).astype(np.uint8)
    return np.array([e_measure(codes >= level, mask) for level in thresholds()])


def e_measure(found, mask):
    count = mask.size - 1 + EPSILON
    if not mask.any():
        return (~found).sum() / count
    if mask.all():
        return found.sum() / count
    a, b = found - found.mean(), mask - mask.mean()
    alignment = 2 * a * b / (a * a + b * b + EPSILON)
    return ((alignment + 1) ** 2 / 4).sum() / count


def s_measure(saliency, mask):
    """Return the S-measure; regions without pixels count nothing."""
    if not mask.any():
        return 1 - saliency.mean()
    if mask.all():
        return saliency.mean()
    fraction = mask.mean()
    objects = fraction * _object(saliency[mask]) + (1 - fraction) * _object(1 - saliency[~mask])
    row, col = (int(np.round(each)) + 1 for each in np.argwhere(mask).mean(0))
    regions = 0.0
    for rows in (slice(row), slice(row, None)):
        for cols in (slice(col), slice(col, None)):
            part = saliency[rows, cols]
            if part.size:
                regions += part.size / mask.size * _ssim(part, mask[rows, cols])
    return max(0.0, (objects + regions) / 2)


def _object(values):
    deviation = values.std(ddof=1) if values.size > 1 else 0.0
    return 2 * values.mean() / (values.mean() ** 2 + 1 + deviation + EPSILON)


def _ssim(saliency, mask):
    count = saliency.size - 1 + EPSILON
    x, y = saliency.mean(), mask.mean()
    variances = ((saliency - x) ** 2).sum() / count, ((mask - y) ** 2).sum() / count
    covariance = ((saliency - x) * (mask - y)).sum() / count
    above, below = 4 * x * y * covariance, (x**2 + y**2) * sum(variances)
    if above != 0:
        return above / (below + EPSILON)
    return 1.0 if below == 0 else 0.0


def weighted_f_measure(saliency, mask, beta2=1.0):
    """Return the weighted F-measure; the nearest pixel is found by looking at all of them."""
    if not mask.any():
        return 0.0
    rows, cols = mask.shape
    inside = sorted(map(tuple, np.argwhere(mask)), key=lambda place: (place[1], place[0]))
    error = np.abs(saliency - mask)
    near, importance = error.copy(), np.ones(mask.shape)
    for row in range(rows):
        for col in range(cols):
            if not mask[row, col]:
                squared = [(row - r) ** 2 + (col - c) ** 2 for r, c in inside]
                best = int(np.argmin(squared))  # the first: least column, then least row
                near[row, col] = error[inside[best]]
                importance[row, col] = 2 - np.exp(np.log(0.5) / 5 * np.sqrt(squared[best]))
    offsets = np.arange(-3, 4)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / 50)
    window /= window.sum()
    padded = np.pad(near, 3)
    average = np.array([
        [(padded[row : row + 7, col : col + 7] * window).sum() for col in range(cols)]
        for row in range(rows)
    ])  # fmt: skip
    least = np.where(mask & (average < error), average, error) * importance
    hits, wrong = mask.sum() - least[mask].sum(), least[~mask].sum()
    recall, precision = 1 - least[mask].mean(), hits / (hits + wrong + EPSILON)
    return (1 + beta2) * recall * precision / (recall + beta2 * precision + EPSILON)
