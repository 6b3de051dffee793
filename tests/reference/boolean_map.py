"""Boolean map saliency from its definition: every Boolean map is flooded separately."""

import numpy as np
from scipy import ndimage

from reference.postprocess import central, enlargement

MATRIX = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
NEIGHBOURS = np.ones((3, 3))


def rounded(value):
    """Round half up."""
    return np.floor(value + 0.5).astype(np.int64)


def overlaps(cells, pixels):
    """Return the integer length that each cell and each pixel of a side have in common."""
    cell, pixel = np.arange(cells)[:, None], np.arange(pixels)
    start = np.maximum(cell * pixels, pixel * cells)
    return np.maximum(np.minimum((cell + 1) * pixels, (pixel + 1) * cells) - start, 0)


def thumbnail(image, size):
    """Return the area means, as bytes, of uint8, uint16 or float (H, W, 3) or (H, W)."""
    height, width = image.shape[:2]
    side = max(height, width)
    rows, cols = height, width
    if side > size:
        rows, cols = max(1, height * size // side), max(1, width * size // side)
    white = {"u1": 1, "u2": 257, "f4": 256, "f8": 256}[image.dtype.str[1:]]
    values = image if image.dtype.kind == "u" else np.rint(image.astype(np.float32) * 65_280)
    values = values.astype(np.int64).reshape(height, width, -1)[..., :3]
    sums = np.einsum("rh,hwk,cw->rck", overlaps(rows, height), values, overlaps(cols, width))
    divisor = white * height * width
    means, rest = sums // divisor, 2 * (sums % divisor)
    return means + ((rest > divisor) | ((rest == divisor) & (means % 2 == 1)))


def lab_bytes(rgb):
    """Return CIELab as OpenCV's bytes: tables and integers with 12 and 15 bits."""
    level = np.arange(256) / 255
    light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    light = np.rint(2040 * light).astype(np.int64)[rgb]
    white = np.array([0.950456, 1, 1.088754])
    shares = (light @ np.rint(4096 * MATRIX / white[:, None]).astype(np.int64).T + 2048) >> 12
    share = np.arange(3072) / 2040
    curve = np.where(share < 0.008856, 7.787 * share + 16 / 116, np.cbrt(share))
    x, y, z = np.moveaxis(
        np.rint((32768 * curve).astype(np.float32)).astype(np.int64)[shares], -1, 0
    )
    planes = np.stack([(296 * y - 1336935) / 32768, 500 * (x - y) / 32768 + 128,
                       200 * (y - z) / 32768 + 128], -1)  # fmt: skip
    return np.clip(rounded(planes), 0, 255)


def chroma_bytes(rgb):
    """Return Cr and Cb as OpenCV's bytes."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    luma = rounded((4899 * red + 9617 * green + 1868 * blue) / 16384)
    red_chroma = rounded((red - luma) * 11682 / 16384 + 128)
    return np.clip(red_chroma, 0, 255), np.clip(rounded((blue - luma) * 9241 / 16384 + 128), 0, 255)


def axes_of(lab):
    """Return the eigenvectors of the covariance, rows, with signs and equal ones settled."""
    colors = lab.reshape(-1, 3).astype(np.float64)
    covariance = np.cov(colors.T, bias=True).reshape(3, 3) + 50 * np.eye(3)
    values, vectors = np.linalg.eigh(covariance)
    vectors = vectors.T
    is_equal = np.abs(np.diff(values)) <= 1e-3 * values[1:]
    if is_equal.all():
        return np.eye(3)
    if is_equal.any():
        alone = vectors[2] if is_equal[0] else vectors[0]
        start = np.eye(3)[0 if 2 * alone[0] ** 2 <= 1 else 1]
        first = start - start @ alone * alone
        first /= np.linalg.norm(first)
        vectors = np.array([alone, first, np.cross(alone, first)])
    settled = []
    for vector in vectors:
        if np.abs(vector).max() > 1 - 1e-12:
            settled.append(vector * np.sign(vector.sum()))
        else:
            settled.append(-vector * np.sign(vector[np.abs(vector) >= 0.5][0]))
    return np.array(settled)


def stretched(plane):
    """Return a plane of integers stretched to 0 to 255."""
    low, high = plane.min(), plane.max()
    return rounded(255 * (plane - low) / (high - low)) if high > low else np.zeros_like(plane)


def planes_of(small, warm):
    """Return the planes and their weights; one for a grey image."""
    if small.shape[-1] == 1:
        planes, weights = [stretched(lab_bytes(small.repeat(3, -1))[..., 0])], [1]
    else:
        lab = lab_bytes(small)
        axes = rounded(axes_of(lab) * 32768)
        planes, weights = [stretched(lab @ axis) for axis in axes], [1, 1, 1]
        if warm:
            red, blue = chroma_bytes(small)
            skin = [
                np.rint(32768 * np.exp(-0.5 * ((plane - middle) / sigma) ** 2))
                for plane, middle, sigma in ((red, 153, 10), (blue, 102, 12))
            ]
            planes += [np.clip((red - 128) * 255 // 60, 0, 255)]
            planes += [rounded(skin[0] * skin[1] * 255 / 2**30)]
            weights += 2 * [0.7 * warm]
    return [ndimage.median_filter(plane, 3, mode="nearest") for plane in planes], weights


def surrounded(region):
    """Return the parts of a Boolean map that do not touch the border, and those of its complement.

    Parts hang together by their eight neighbours.
    """
    found = []
    for each in (region, ~region):
        labels, count = ndimage.label(each, NEIGHBOURS)
        border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        inner = np.setdiff1d(np.arange(1, count + 1), border)
        found.append(np.isin(labels, inner))
    return found


def attention(plane, step, reach, is_published):
    """Return the sum of the normalised attention maps of a plane over all thresholds."""
    total = np.zeros(plane.shape)
    for threshold in range(int(plane.min()), int(plane.max()), step):
        for region in surrounded(plane > threshold):
            grown = ndimage.maximum_filter(region, 2 * reach + 1, mode="constant")
            area = grown.sum() if is_published else region.sum()
            if area:
                total += grown / np.sqrt(area)
    return total


def blur_matrix(size, sigma, reach, skips_edge):
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    matrix = np.zeros((size, size))
    period = max(2 * size - 2, 1) if skips_edge else 2 * size
    for row in range(size):
        for step, weight in zip(steps, weights / weights.sum(), strict=True):
            place = (row + step) % period
            matrix[row, min(place, period - place - (not skips_edge)) if size > 1 else 0] += weight
    return matrix


def content_window(small):
    """Return the rows and columns between letterbox bars."""
    unlike = np.abs(small - small[0, 0]).max(-1) > 24
    rows, cols = unlike.shape
    window = [0, rows, 0, cols]
    for side, (lines, others) in enumerate([(unlike, unlike.T), (unlike.T, unlike)]):
        is_bar = 100 * lines.sum(1) <= lines.shape[1]
        is_ground = 100 * others[[0, -1]].sum(1) <= others.shape[1]
        if is_ground.all() or is_bar.all() or not (is_bar[0] and is_bar[-1]):
            continue
        before, after = np.argmin(is_bar), np.argmin(is_bar[::-1])
        size = len(lines)
        if abs(before - after) > 2 or 5 * max(before, after) > 2 * size:
            continue
        if size - before - after < 8:
            continue
        edges = [lines[before : before + 2], lines[size - after - 2 : size - after]]
        if all(2 * edge.sum(1).max() >= lines.shape[1] for edge in edges):
            window[2 * side : 2 * side + 2] = before + 1, size - after - 1
    return tuple(window)


def normalized(values):
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def small_map(small, shape, window, options):
    """Return the map of a thumbnail between the bars."""
    rows, cols = small.shape[:2]
    top, bottom, left, right = window
    scale = max(rows, cols) / 400
    is_published, reach = options["variant"] == "published", max(1, round(3 * scale))
    planes, weights = planes_of(small[top:bottom, left:right], options["warm"])
    total = sum(
        weight * attention(plane, options["step"], reach, is_published)
        for plane, weight in zip(planes, weights, strict=True)
    )
    total = normalized(total)
    if is_published:
        width = 2 * max(1, round(4 * scale)) + 1
        total = ndimage.grey_dilation(rounded(255 * total), (width, width), mode="nearest") / 255
        blurs = [(9 * scale, round(18 * scale))] * 2
    else:
        sigma = options["smooth"] * shape[1]
        sigmas = [sigma * rows / shape[0], sigma * cols / shape[1]]
        blurs = [(each, int(4 * each + 0.5)) for each in sigmas]
    if blurs[0][0]:
        down, across = (
            blur_matrix(size, *blur, is_published)
            for size, blur in zip(total.shape, blurs, strict=True)
        )
        total = down @ total @ across.T
    if not is_published:
        total = normalized(total) ** (1 + 0.3 * options["warm"] * (small.shape[-1] > 1))
    bias = options["center_bias"]
    middle = np.outer(central(rows)[top:bottom], central(cols)[left:right])
    total = total * (1 - bias + bias * middle)
    return total if is_published or not bias else normalized(total)


def boolean_map(
    image, *, variant="default", size=384, step=8, warm=0, smooth=0.02, center_bias=0, bars="auto"
):
    """Return the map of a uint8, uint16 or float image, RGB or grey."""
    options = {"variant": variant, "step": step, "warm": warm, "smooth": smooth}
    options["center_bias"] = center_bias
    small = thumbnail(image, size)
    rows, cols = small.shape[:2]
    window = content_window(small) if bars == "auto" else (0, rows, 0, cols)
    result = np.zeros((rows, cols))
    result[window[0] : window[1], window[2] : window[3]] = small_map(
        small, image.shape[:2], window, options
    )
    return enlargement(rows, image.shape[0]) @ result @ enlargement(cols, image.shape[1]).T
