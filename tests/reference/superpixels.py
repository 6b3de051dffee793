"""SLIC straight from vl_slic's definition, with arrays as large as the image for each step."""

import numpy as np

MAX_ROUNDS = 100


def edge_strength(image):
    """Sum over channels of squared central differences; 0 on the image border."""
    strength = np.zeros(image.shape[:2], np.float32)
    for plane in np.moveaxis(image, 2, 0):
        across = plane[1:-1, :-2] - plane[1:-1, 2:]
        down = plane[2:, 1:-1] - plane[:-2, 1:-1]
        strength[1:-1, 1:-1] += across * across + down * down
    return strength


def first_centers(image, region_size):
    """Return (regions, 2 + channels): col, row, colour of each region's first centre."""
    rows, cols = image.shape[:2]
    strength = edge_strength(image)
    centers = []
    for v in range(-(-rows // region_size)):
        for u in range(-(-cols // region_size)):
            row = min(int(np.floor(region_size * (v + 0.5) + 0.5)), rows - 1)  # halves go up
            col = min(int(np.floor(region_size * (u + 0.5) + 0.5)), cols - 1)
            near = [
                (strength[r, c], i, r, c)
                for i, (r, c) in enumerate(
                    (r, c)
                    for r in range(max(0, row - 1), min(rows - 1, row + 1) + 1)
                    for c in range(max(0, col - 1), min(cols - 1, col + 1) + 1)
                )
            ]
            _, _, row, col = min(near)
            centers.append([col, row, *image[row, col]])
    return np.array(centers, np.float32)


def assign(image, centers, region_size, regularizer):
    """Return each pixel's nearest of the four regions around it, and the distance to it."""
    rows, cols, channels = image.shape
    across, down = -(-cols // region_size), -(-rows // region_size)
    factor = np.float32(regularizer) / np.float32(region_size * region_size)
    row, col = np.mgrid[:rows, :cols]
    u = np.floor(col / region_size - 0.5).astype(int)
    v = np.floor(row / region_size - 0.5).astype(int)
    labels = np.zeros((rows, cols), np.int32)
    nearest = np.full((rows, cols), np.inf, np.float32)
    for dv, du in ((0, 0), (0, 1), (1, 0), (1, 1)):
        inside = (u + du >= 0) & (u + du < across) & (v + dv >= 0) & (v + dv < down)
        region = np.where(inside, (v + dv) * across + u + du, 0)
        center = centers[region]
        dcol = col.astype(np.float32) - center[..., 0]
        drow = row.astype(np.float32) - center[..., 1]
        appearance = np.zeros((rows, cols), np.float32)
        for k in range(channels):
            gap = image[..., k] - center[..., 2 + k]
            appearance += gap * gap
        distance = appearance + factor * (dcol * dcol + drow * drow)
        closer = inside & (distance < nearest)
        labels[closer] = region[closer]
        nearest[closer] = distance[closer]
    return labels, nearest


def update(image, labels, regions):
    """Return the mean position and colour of each region, summed in float32 in raster order."""
    rows, cols, channels = image.shape
    row, col = np.mgrid[:rows, :cols].astype(np.float32)
    members = np.dstack([col, row, image]).reshape(-1, 2 + channels)
    sums = np.zeros((regions, 2 + channels), np.float32)
    np.add.at(sums, labels.ravel(), members)
    mass = np.bincount(labels.ravel(), minlength=regions)
    return sums / np.maximum(mass, 1e-8).astype(np.float32)[:, None]


def clean(labels, min_region_size):
    """Hand components smaller than the minimum to a neighbour visited before them."""
    rows, cols = labels.shape
    cleaned = np.full((rows, cols), -1, np.int32)
    for row, col in np.ndindex(rows, cols):
        if cleaned[row, col] >= 0:
            continue
        label = heir = labels[row, col]
        for r, c in ((row, col + 1), (row, col - 1), (row + 1, col), (row - 1, col)):
            if 0 <= r < rows and 0 <= c < cols and cleaned[r, c] >= 0:
                heir = cleaned[r, c]
        cleaned[row, col] = label
        component = [(row, col)]
        for r0, c0 in component:
            for r, c in ((r0, c0 + 1), (r0, c0 - 1), (r0 + 1, c0), (r0 - 1, c0)):
                if 0 <= r < rows and 0 <= c < cols and cleaned[r, c] < 0 and labels[r, c] == label:
                    cleaned[r, c] = label
                    component.append((r, c))
        if len(component) < min_region_size:
            cleaned[tuple(np.transpose(component))] = heir
    return cleaned


def as_unit(image):
    image = image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image
    return image[..., None] if image.ndim == 2 else image


def slic(image, region_size, regularizer, min_region_size=None, max_iter=MAX_ROUNDS, centers=None):
    """Return labels, rounds, last energy, and the centres the labels were assigned with."""
    image = as_unit(image)
    if min_region_size is None:
        min_region_size = max(1, region_size**2 // 36)
    if centers is None:
        centers = first_centers(image, region_size)
    previous = starting = np.float32(np.inf)
    for done in range(max_iter):
        labels, nearest = assign(image, centers, region_size, regularizer)
        energy = np.cumsum(nearest.ravel(), dtype=np.float32)[-1]
        if done == 0:
            starting = energy
        elif float(previous - energy) < 1e-5 * float(starting - energy):
            break
        previous = energy
        if done + 1 < max_iter:
            centers = update(image, labels, len(centers))
    return clean(labels, min_region_size), done + 1, energy, centers


def renumbered(labels):
    """Return the labels as 0, 1, ... in the order of their first pixels."""
    _, firsts, inverse = np.unique(labels, return_index=True, return_inverse=True)
    names = np.empty(len(firsts), np.int32)
    names[np.argsort(firsts)] = np.arange(len(firsts))
    return names[inverse].reshape(labels.shape)


def centers_from_labels(image, labels, region_size):
    """Return the centres to start from: a tile's largest region with its middle there, or none."""
    image = as_unit(image)
    across = -(-labels.shape[1] // region_size)
    centers, areas = first_centers(image, region_size), {}
    for label in np.unique(labels):
        row, col = np.nonzero(labels == label)
        tile = row.sum() // len(row) // region_size * across
        tile += col.sum() // len(col) // region_size
        if len(row) > areas.get(tile, 0):
            areas[tile] = len(row)
            color = image[row, col].astype(np.float64).mean(0)
            centers[tile] = [col.mean(), row.mean(), *color]
    return centers
