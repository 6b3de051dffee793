"""Fast SLIC straight from its definition in the docstring of `slic`, in naive integers."""

import math

import numpy as np
from skimage import measure

STEP = 2


def levels_of(image):
    """Return 8-bit levels, int (H, W, channels)."""
    if image.dtype == np.uint16:
        image = image >> 8
    elif image.dtype.kind == "f":
        image = np.minimum(np.floor(image.astype(np.float32) * 256), 255)
    image = image.astype(np.int64)
    return image[..., None] if image.ndim == 2 else image[..., :3]


def units_of(offset, scale):
    """Return offsets in pixels in units of an eighth of a level."""
    return (offset * scale + 32768) >> 16


def halves_up(numerator, denominator):
    return (2 * numerator + denominator) // (2 * denominator)


class Fast:
    """One image, its grid and its centres."""

    def __init__(self, image, region_size, regularizer):
        self.levels, self.size = levels_of(image), min(region_size, max(image.shape[:2]))
        self.rows, self.cols, self.channels = self.levels.shape
        self.down, self.across = -(-self.rows // self.size), -(-self.cols // self.size)
        self.scale = round(8 * 255 * math.sqrt(min(regularizer, 16)) / self.size * 65536)
        self.row, self.col = np.mgrid[: self.rows, : self.cols]
        self.origins = np.array(
            [
                (v * self.size - self.size // 2, u * self.size - self.size // 2)
                for v in range(self.down)
                for u in range(self.across)
            ]
        )

    def first_centers(self):
        """Return (regions, 2 + channels): offsets from the window's corner, and colours."""
        centers, strength = [], np.zeros((self.rows, self.cols), np.int64)
        across = self.levels[1:-1, :-2] - self.levels[1:-1, 2:]
        down = self.levels[2:, 1:-1] - self.levels[:-2, 1:-1]
        strength[1:-1, 1:-1] = (across**2 + down**2).sum(-1)
        for v in range(self.down):
            for u in range(self.across):
                row = min((self.size * (2 * v + 1) + 1) // 2, self.rows - 1)
                col = min((self.size * (2 * u + 1) + 1) // 2, self.cols - 1)
                rows = range(max(0, row - 1), min(self.rows - 1, row + 1) + 1)
                cols = range(max(0, col - 1), min(self.cols - 1, col + 1) + 1)
                _, row, col = min((strength[r, c], r, c) for r in rows for c in cols)
                origin = self.origins[v * self.across + u]
                place = units_of(np.array([row, col]) - origin, self.scale)
                centers.append([*place, *(8 * self.levels[row, col])])
        return np.array(centers, np.int64)

    def assign(self, centers):
        """Return each pixel's nearest of the four regions around its tile."""
        half = self.size // 2
        below, dy = (self.row + half) // self.size, (self.row + half) % self.size
        right, dx = (self.col + half) // self.size, (self.col + half) % self.size
        full = units_of(self.size, self.scale)
        best = np.full((self.rows, self.cols), np.iinfo(np.int64).max)
        labels = np.zeros((self.rows, self.cols), np.int32)
        for dv, du in ((-1, -1), (-1, 0), (0, -1), (0, 0)):
            v, u = below + dv, right + du
            inside = (v >= 0) & (v < self.down) & (u >= 0) & (u < self.across)
            region = np.where(inside, v * self.across + u, 0)
            center = centers[region]
            distance = (units_of(dy, self.scale) - dv * full - center[..., 0]) ** 2
            distance += (units_of(dx, self.scale) - du * full - center[..., 1]) ** 2
            distance += ((8 * self.levels - center[..., 2:]) ** 2).sum(-1)
            closer = inside & (distance < best)
            best[closer], labels[closer] = distance[closer], region[closer]
        return labels

    def means(self, labels, centers, rows):
        """Return the centres moved to the means of the pixels in the rows that count."""
        moved = centers.copy()
        for region, origin in enumerate(self.origins):
            mine = (labels == region) & np.isin(self.row, rows)
            n = int(mine.sum())
            if n:
                for k, offset in enumerate((self.row - origin[0], self.col - origin[1])):
                    moved[region, k] = halves_up(int(offset[mine].sum()) * self.scale, n << 16)
                for k in range(self.channels):
                    moved[region, 2 + k] = halves_up(8 * int(self.levels[mine, k].sum()), n)
        return moved


def connected(labels, least, tiles=None):
    """Return the labels after components that may not stay took their neighbour's.

    Given a number of `tiles`, other components of `least` pixels get new labels.
    """
    components = measure.label(labels + 1, connectivity=1)
    firsts, components = np.unique(components, return_index=True, return_inverse=True)[1:]
    components = components.reshape(labels.shape)
    areas = np.bincount(components.ravel())
    order = sorted(range(len(firsts)), key=lambda k: firsts[k])
    keepers, heirs = {}, {}
    for k in order:
        label = labels.flat[firsts[k]]
        if label not in keepers or areas[k] > areas[keepers[label]]:
            keepers[label] = k
    keepers[labels[0, 0]] = order[0]
    for k in order:
        label, first = labels.flat[firsts[k]], firsts[k]
        if k == order[0] or (keepers[label] == k and areas[k] >= least):
            heirs[k] = label
        elif tiles and areas[k] >= least:
            heirs[k] = tiles + first
        else:
            before = first - labels.shape[1] if first >= labels.shape[1] else first - 1
            heirs[k] = heirs[components.flat[before]]
    return np.array([heirs[k] for k in range(len(firsts))], np.int32)[components]


def slic(
    image, region_size, regularizer, min_region_size=None, max_iter=10, centers=None, stream=False
):
    """Return labels, and the centres that the next frame may start from.

    In a stream all components except one of each label go to their neighbours.
    """
    least = max(1, region_size**2 // 36) if min_region_size is None else min_region_size
    fast = Fast(image, region_size, regularizer)
    centers = fast.first_centers() if centers is None else centers
    for k in range(max_iter):
        step = STEP if k + 1 < max_iter else 1
        labels = fast.assign(centers)
        centers = fast.means(labels, centers, np.arange(k % step, fast.rows, step))
    tiles = None if stream else fast.down * fast.across
    return connected(labels, least, tiles), centers
