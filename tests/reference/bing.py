"""BING straight from its definition, for one BGR image and OpenCV's model files read by OpenCV."""

import cv2
import numpy as np

F = np.float32


def read_model(folder, space):
    """Return filter, sizes and calibration of a colour space, as OpenCV reads them."""
    name = f"ObjNessB2W8{space.upper()}"
    parts = []
    for part in ("wS1", "idx", "wS2"):
        storage = cv2.FileStorage(f"{folder}/{name}.{part}.yml.gz", cv2.FILE_STORAGE_READ)
        parts.append(storage.getNode(name).mat())
    return parts[0], parts[1].ravel(), parts[2]


def boxes_of(image, model, space, nss=2):
    """Return boxes (x1, y1, x2, y2), 1-based inclusive, and scores, in OpenCV's order."""
    weights, sizes, calibration = model
    height, width = image.shape[:2]
    found = []
    for number in reversed(range(len(sizes))):
        tall, wide = 16 << sizes[number] // 6, 16 << sizes[number] % 6
        if tall > 2 * height or wide > 2 * width:
            continue
        tall, wide = min(tall, height), min(wide, width)
        size = round(8 * width / wide), round(8 * height / tall)
        small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR_EXACT)
        scores = window_scores(gradient(small, space), weights)
        for score, row, col in picked(scores, nss):
            x, y = col * (wide // 8), row * (tall // 8)
            box = x + 1, y + 1, min(x + wide, width), min(y + tall, height)
            found.append((F(F(score * calibration[number, 0]) + calibration[number, 1]), box))
    order = sorted(range(len(found)), key=lambda i: (found[i][0], i), reverse=True)
    return np.array([found[i][1] for i in order]), np.array([found[i][0] for i in order])


def gradient(image, space):
    """Return the normed gradient of a small BGR image."""
    if space == "hsv":
        planes = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(int)
        inner, outer, joined = (lambda d: d // 2), (lambda d: d), np.sum
    else:
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None]
        planes = (image if space == "maxbgr" else gray).astype(int)
        inner, outer, joined = (lambda d: d), (lambda d: 2 * d), np.max
    total = np.zeros(image.shape[:2], int)
    for p, t in ((planes, total), (planes.swapaxes(0, 1), total.T)):
        t[1:-1] += inner(joined(np.abs(p[2:] - p[:-2]), axis=2))
        t[0] += outer(joined(np.abs(p[1] - p[0]), axis=1))
        t[-1] += outer(joined(np.abs(p[-1] - p[-2]), axis=1))
    return np.minimum(total, 255)


def window_scores(levels, weights):
    """Return the score of each 8 x 8 window by two filters of signs and four bit planes."""
    rest, score = weights.ravel().astype(F), F(0)
    windows = np.lib.stride_tricks.sliding_window_view(levels >> 4, (8, 8))
    for _ in range(2):
        signs = np.where(rest >= 0, 1, -1)
        factor = F(0)
        for weight, sign in zip(rest, signs, strict=True):
            factor = F(factor + F(weight * F(sign)))
        factor = F(factor / F(64))
        rest = (rest - factor * signs.astype(F)).astype(F)
        votes = (windows * signs.reshape(8, 8)).sum((2, 3))
        score = (score + factor * votes.astype(F)).astype(F)
    return score


def picked(scores, nss):
    """Yield the best 250 windows that no better one has blocked."""
    free = np.ones(scores.shape, bool)
    order = np.lexsort((np.arange(scores.size), scores.ravel()))[::-1]
    count = 0
    for i in order:
        row, col = divmod(int(i), scores.shape[1])
        if free[row, col] and count < 250:
            count += 1
            free[max(row - nss, 0) : row + nss + 1, max(col - nss, 0) : col + nss + 1] = False
            yield scores[row, col], row, col
