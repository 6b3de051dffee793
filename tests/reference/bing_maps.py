"""Map of BING's boxes: every box adds its weight to every pixel it covers."""

import numpy as np


def map_of(boxes, scores, shape):
    """Return the map, float64, of boxes (x, y, w, h) with scores from best to worst."""
    total = np.zeros(shape)
    for (left, top, width, height), score in zip(boxes.tolist(), scores.tolist(), strict=True):
        span = scores[0].item() - scores[-1].item()
        weight = round(65535 * (score - scores[-1].item()) / span) if span else 65535
        total[top : top + height, left : left + width] += weight
    return total / total.max() if total.any() else total
