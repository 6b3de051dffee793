"""Minimum barrier saliency straight from its definition, on one image: loops and float64."""

import cv2
import numpy as np

from reference.median import median
from reference.postprocess import enlargement
from reference.reconstruction import reconstruct


def overlaps(cells, pixels):
    """Return how long cell and pixel overlap, in pixels / cells: integers, (cells, pixels)."""
    starts, ends = np.arange(cells)[:, None] * pixels, (np.arange(cells)[:, None] + 1) * pixels
    firsts, lasts = np.arange(pixels) * cells, (np.arange(pixels) + 1) * cells
    return np.maximum(np.minimum(ends, lasts) - np.maximum(starts, firsts), 0)


def area_means(image, size):
    """Return the means of near-square cells as bytes, `size` along the longer side at most."""
    height, width = image.shape[:2]
    longer = max(height, width)
    rows, cols = height, width
    if longer > size:
        rows, cols = max(1, height * size // longer), max(1, width * size // longer)
    if image.dtype.kind == "f":
        whole, white = np.rint(image.astype(np.float32) * np.float32(65_280)).astype(int), 65_280
    else:
        whole, white = image.astype(int), np.iinfo(image.dtype).max
    down, across = overlaps(rows, height), overlaps(cols, width)
    totals = np.einsum("rh,hwk,cw->rck", down, whole, across)
    divisor = white // 255 * height * width
    means, rest = totals // divisor, 2 * (totals % divisor)
    is_up = (rest > divisor) | ((rest == divisor) & (means % 2 == 1))  # ties to even
    return (means + is_up).astype(np.uint8)


def frame_margin(luma):
    """Return how many of the first 20 rows lie up to the innermost edge of a frame."""
    padded = np.pad(luma.astype(int), 1, mode="reflect")
    smooth = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    edges = np.minimum(np.abs(smooth[2:] - smooth[:-2]), 255)[:20]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(edges, 2), (5, 5))
    is_edge = (edges >= 0.4 * 255) & (edges == windows.max((-2, -1)))
    lines = np.flatnonzero(is_edge.mean(1) > 0.6)
    return lines.max() + 1 if lines.size else 0


def inside_of_frame(colors):
    """Return the slices of rows and columns that an artificial frame leaves."""
    rows, cols = colors.shape[:2]
    if min(rows, cols) < 46:
        return slice(0, rows), slice(0, cols)
    luma = cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY)
    margins = [frame_margin(each) for each in (luma, luma[::-1], luma.T, luma.T[::-1])]
    if np.count_nonzero(margins) > 1:
        margins = [max(margins)] * 4
    top, bottom, left, right = (margin + 2 if margin else 0 for margin in margins)
    return slice(top, rows - bottom), slice(left, cols - right)


def barrier_distances(plane):
    """Return the distances of three raster passes: down, up, down."""
    rows, cols = plane.shape
    plane = plane.tolist()  # lists are faster to index one by one
    is_outer = [
        [row in (0, rows - 1) or col in (0, cols - 1) for col in range(cols)] for row in range(rows)
    ]
    distance = [[0 if outer else 10_000 for outer in line] for line in is_outer]
    low, high = [line[:] for line in plane], [line[:] for line in plane]
    for step in (-1, 1, -1):
        down, across = range(1, rows - 1), range(1, cols - 1)
        if step > 0:
            down, across = down[::-1], across[::-1]
        for row in down:
            for col in across:
                value, best = plane[row][col], None
                for i, j in ((row, col + step), (row + step, col)):
                    bottom, top = min(value, low[i][j]), max(value, high[i][j])
                    if top - bottom < distance[row][col]:
                        distance[row][col], best = top - bottom, (bottom, top)
                if best is not None:
                    low[row][col], high[row][col] = best
    return np.array(distance)


def stretched(values):
    values = values.astype(np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high - low > 1e-5 * abs(high) else 0 * values


def background_cue(lab):
    """Return how unlike the border's colours each cell is, by three of four strips."""
    lab = lab.astype(np.float64)
    rows, cols, planes = lab.shape
    down, across = max(1, int(rows / 10 + 0.5)), max(1, int(cols / 10 + 0.5))
    cues = []
    for strip in (lab[:down], lab[rows - down :], lab[:, :across], lab[:, cols - across :]):
        colours = strip.reshape(-1, planes)
        variances = np.zeros((planes, planes))
        if len(colours) > 1:
            variances = np.cov(colours.T).reshape(planes, planes)
        values, vectors = np.linalg.eigh(variances + 50 * np.eye(planes))
        cues.append(
            stretched(np.abs((lab - colours.mean(0)) @ (vectors / np.sqrt(values))).sum(-1))
        )
    return stretched(np.sum(cues, axis=0) - np.max(cues, axis=0))


def centre_cone(rows, cols):
    down, across = np.mgrid[:rows, :cols] + 0.5
    distance = np.hypot(down / rows - 0.5, across / cols - 0.5)
    return 1 - stretched(distance)


def opened(levels, width):
    """Return the opening by reconstruction, with a square of that width."""
    before, after = width // 2, width - 1 - width // 2
    padded = np.pad(levels, ((before, after), (before, after)), constant_values=255)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (width, width))
    return reconstruct(windows.min((-2, -1)), levels)


def refined(saliency):
    """Return the map smoothed by opening and closing, its contrast raised by a sigmoid."""
    levels = np.floor(255 * saliency + 0.5).astype(np.uint8)
    width = max(3, int(50 * np.sqrt(levels.mean() / 255)))
    smooth = stretched(255 - opened(255 - opened(levels, width), width))
    if not smooth.any():
        return smooth
    upper = smooth >= 0.5
    return stretched(
        1 / (1 + np.exp(-10 * (smooth - (smooth[upper].mean() + smooth[~upper].mean()) / 2)))
    )


def minimum_barrier(image, background=True, center=False, refine=True, size=300):
    """Return the map of an image, RGB or grey."""
    colors = image[..., :3] if image.ndim == 3 else np.repeat(image[..., None], 3, -1)
    small = area_means(colors, size)
    inside = inside_of_frame(small)
    lab = cv2.cvtColor(np.ascontiguousarray(small[inside]), cv2.COLOR_RGB2LAB)
    if image.ndim == 2:
        lab = lab[..., :1]
    planes = np.moveaxis(lab, -1, 0)
    saliency = sum(barrier_distances(median(plane, 2)) for plane in planes)
    saliency = saliency / max(saliency.max(), 1)
    if background:
        saliency = stretched(saliency + background_cue(lab))
    if center:
        saliency = stretched(saliency * centre_cone(*saliency.shape))
    if refine:
        saliency = refined(saliency)
    whole = np.zeros(small.shape[:2])
    whole[inside] = saliency
    height, width = image.shape[:2]
    return enlargement(whole.shape[0], height) @ whole @ enlargement(whole.shape[1], width).T
