"""Fine-grained saliency straight from its definition, window by window, on one grey image."""

import numpy as np

REACHES = (12, 24, 48, 28, 56, 112)


def smoothed(gray):
    """Return the 3x3 binomial mean, mirrored at the borders, rounded to bytes."""
    margins = [(1, 1) if side > 1 else (0, 0) for side in gray.shape]
    padded = np.pad(gray.astype(np.int64), margins, "reflect")
    padded = np.pad(padded, [(1 - before, 1 - after) for before, after in margins], "edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:] + 8) >> 4


def float_sums(gray):
    """Return the integral image as OpenCV rounds it: float32, added up column by column."""
    table = np.zeros((gray.shape[0] + 1, gray.shape[1] + 1), np.float32)
    for row, levels in enumerate(gray):
        table[row + 1, 1:] = table[row, 1:] + np.cumsum(levels).astype(np.float32)
    return table


def exact_sums(gray):
    """Return the integral image in integers."""
    return np.pad(gray.cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def centre_less_surround(gray, table, reach):
    """Return each pixel less the mean of the window around it, itself excepted."""
    height, width = gray.shape
    rows, cols = np.arange(height)[:, None], np.arange(width)
    top, bottom = np.maximum(rows - reach + 1, 0), np.minimum(rows + reach + 1, height)
    left, right = np.maximum(cols - reach + 1, 0), np.minimum(cols + reach + 1, width)
    window = ((table[bottom, right] + table[top, left]) - table[bottom, left]) - table[top, right]
    others = (bottom - top) * (right - left) - 1
    if table.dtype == np.float32:
        level = gray.astype(np.float32)
        return level - (window - level) / others.astype(np.float32)
    return (gray * others - (window - gray)) / others


def stretched(total):
    """Return the sums over the scales as bytes, the greatest as 255."""
    share = total.astype(np.float32) / np.float32(total.max())
    return np.nan_to_num(255.0 * share.astype(np.float64)).astype(np.int64)


def fine_grained(gray, exact=False):
    """Return the map as bytes."""
    with np.errstate(invalid="ignore", divide="ignore"):
        gray = smoothed(smoothed(gray))
        table = exact_sums(gray) if exact else float_sums(gray)
        on, off = np.zeros_like(gray), np.zeros_like(gray)
        for reach in REACHES:
            contrast = np.nan_to_num(centre_less_surround(gray, table, reach))
            on += np.maximum(contrast, 0).astype(np.int64) & 255
            off += np.maximum(-contrast, 0).astype(np.int64) & 255
        return ((stretched(on) + stretched(off)) % 256).astype(np.uint8)
