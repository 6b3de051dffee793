"""The model of Itti, Koch and Niebur straight from its definition, in float64, on one image."""

import numpy as np

PAIRS = [(2, 5), (2, 6), (3, 6), (3, 7), (4, 7), (4, 8)]
FLAT = 1e-3  # levels of 255: rounding error of an image of one level


def itti_koch(image, **options):
    """Return the map at scale 4, before blur and up-sampling, scaled to [0, 1]."""
    return unit(conspicuity(image, **options)[0])


def conspicuity(
    image, opponency="difference", gabor="signed", border=0.05, norm="maxima", color_space="rgb",
    on_off=True, ranges="modality", weights=(1, 1, 1), to_lab=None,
):  # fmt: skip
    """Return the map and the maps of intensity, colour and orientation, all at scale 4.

    `image` is (H, W) or (H, W, 3) RGB, 0 to 255. `to_lab` turns RGB in [0, 1] into CIELab.
    """
    planes = planes_at_scale_2(image, color_space, to_lab)
    pyramids = [pyramid(plane) for plane in planes]
    filtered = {level: oriented(plane, gabor) for level, plane in pyramids[0].items()}
    pyramids += [{level: maps[k] for level, maps in filtered.items()} for k in range(4)]
    found = {}
    for kind, plane in enumerate(pyramids):
        for c, s in pairs_of(np.shape(image)[:2]):
            is_sum = opponency == "sum" and kind in (1, 2)
            halves = features(plane[c], plane[s], s - c, is_sum, on_off and kind < 3)
            found[kind, c, s] = np.array([half * ramp(half.shape, border) for half in halves])
    size, summed = pyramids[0][4].shape, []
    spans = shared_spans({key: np.ptp(halves) for key, halves in found.items()}, ranges)
    for kind in range(7):
        total = np.zeros(size)
        for key in (key for key in found if key[0] == kind):
            for half in found[key] if np.ptp(found[key]) > flat_of(kind, color_space) else ():
                unit = (half - found[key].min()) / spans[key]
                step = 2 ** (4 - key[1])
                if norm == "iterative":
                    total += competed(area_mean(unit, step, size))
                else:
                    total += area_mean(promoted(unit, norm), step, size)
        summed.append(total)
    intensity, color = summed[0], summed[1] + summed[2]
    spans = [max(map(np.ptp, summed[3:]))] * 4 if ranges == "modality" else [None] * 4
    orientation = sum(
        normalized(each, norm, span) for each, span in zip(summed[3:], spans, strict=True)
    )
    shares = np.array(weights) / np.sum(weights)
    saliency = sum(
        share * normalized(each, norm)
        for share, each in zip(shares, (intensity, color, orientation), strict=True)
    )
    return saliency, intensity, color, orientation


def pairs_of(shape):
    """Return the pairs with a surround of a pixel or more; at least one pair."""
    return [(c, s) for c, s in PAIRS if min(shape) >= 2**s or (c, s) == (2, 5)]


def planes_at_scale_2(image, color_space, to_lab):
    """Return intensity and two opponent colours, four pixels each way reduced to one."""
    image = np.asarray(image, np.float64)
    is_grey = image.ndim == 2
    image = np.stack([image] * 3, -1) if is_grey else image
    r, g, b = (shrunk(image[..., k], [1, 3, 6, 10, 12, 12, 10, 6, 3, 1], 4) for k in range(3))
    if color_space == "lab":
        lab = to_lab(np.stack([r, g, b], -1) / 255)
        return lab[..., 0], *(np.zeros_like(r) if is_grey else lab[..., k] for k in (1, 2))
    intensity = (r + g + b) / 3
    bright = intensity > intensity.max() / 10
    r, g, b = (
        np.where(bright, 85 * each / np.where(bright, intensity, 1), 0) for each in (r, g, b)
    )
    red, green = np.maximum(r - (g + b) / 2, 0), np.maximum(g - (r + b) / 2, 0)
    blue, yellow = np.maximum(b - (r + g) / 2, 0), np.maximum(np.minimum(r, g) - b, 0)
    return intensity, red - green, blue - yellow


def shrunk(plane, taps, step):
    """Return every `step`-th pixel each way of the plane under the taps, mirrored at its border."""
    return shrunk_down(shrunk_down(plane, taps, step).T, taps, step).T


def shrunk_down(plane, taps, step):
    rows = -(-len(plane) // step)
    first = (step - len(taps)) // 2
    out = np.zeros((rows, plane.shape[1]))
    for k, weight in enumerate(taps):
        source = [mirrored(step * row + first + k, len(plane)) for row in range(rows)]
        out += weight / sum(taps) * plane[source]
    return out


def mirrored(index, size):
    """Return where an index beyond the border is read, the border itself repeated."""
    index %= 2 * size
    return min(index, 2 * size - 1 - index)


def pyramid(plane):
    levels = {2: plane}
    for level in range(3, 9):
        levels[level] = shrunk(levels[level - 1], [1, 3, 3, 1], 2)
    return levels


def gabors(phase):
    """Return the four filters, 9 x 9: a grating of period 7 under a Gaussian of sigma 7/3."""
    y, x = np.mgrid[-4:5, -4:5]
    envelope = np.exp(-(x**2 + y**2) / (2 * (7 / 3) ** 2))
    filters = []
    for turn in range(4):
        along = np.cos(turn * np.pi / 4) * x + np.sin(turn * np.pi / 4) * y
        wave = np.cos(2 * np.pi / 7 * along + phase)
        wave -= (wave * envelope).sum() / envelope.sum()
        filters.append(wave * envelope / np.linalg.norm(wave * envelope))
    return filters


def oriented(plane, gabor):
    even = [correlated(plane, taps) for taps in gabors(0)]
    if gabor == "signed":
        return even
    odd = [correlated(plane, taps) for taps in gabors(np.pi / 2)]
    return [np.abs(a) + np.abs(b) for a, b in zip(even, odd, strict=True)]


def correlated(plane, taps):
    rows, cols = plane.shape
    down = [mirrored(row, rows) for row in range(-4, rows + 4)]
    across = [mirrored(col, cols) for col in range(-4, cols + 4)]
    padded = plane[down][:, across]
    return sum(taps[y, x] * padded[y : y + rows, x : x + cols] for y in range(9) for x in range(9))


def features(center, surround, octaves, is_sum, on_off):
    """Return the difference of centre and surround: its size, or each sign separately."""
    grown = enlarged(surround, octaves, center.shape)
    gap = center + grown if is_sum else center - grown
    return [np.maximum(gap, 0), np.maximum(-gap, 0)] if on_off else [np.abs(gap)]


def enlarged(plane, octaves, size):
    """Return the plane on the grid of a finer scale, bilinear, cut to `size`."""
    return enlarged_down(enlarged_down(plane, octaves, size[0]).T, octaves, size[1]).T


def enlarged_down(plane, octaves, rows):
    place = (np.arange(rows) + 0.5) / 2**octaves - 0.5
    place = np.clip(place, 0, len(plane) - 1)
    first = np.minimum(place.astype(int), max(len(plane) - 2, 0))
    share = (place - first)[:, None]
    return plane[first] * (1 - share) + plane[np.minimum(first + 1, len(plane) - 1)] * share


def ramp(shape, border):
    """Return a weight that falls off linearly over `border` of the longer side."""
    width = round(border * max(shape))
    down, across = (
        np.minimum(np.minimum(np.arange(n), np.arange(n)[::-1]) + 1, width + 1) / (width + 1)
        for n in shape
    )
    return down[:, None] * across


def flat_of(kind, color_space):
    """Return the noise limit of a feature of one level; CIELab's grey is not quite colourless."""
    return 0.1 if color_space == "lab" and kind in (1, 2) else FLAT


def shared_spans(spans, ranges):
    """Return per feature the range that becomes 1: the widest of its modality, or its own."""
    if ranges == "map":
        return spans
    modality = {key: min(key[0], 3) if key[0] != 2 else 1 for key in spans}
    return {
        key: max(span for other, span in spans.items() if modality[other] == modality[key])
        for key in spans
    }


def normalized(plane, norm, span=None):
    """Return N of a map scaled so that its range, or `span`, becomes 1."""
    span = np.ptp(plane) if span is None else span
    return promoted((plane - plane.min()) / span, norm) if span > 0 else np.zeros_like(plane)


def promoted(unit, norm):
    """Return a map times (its maximum - mean of its other local maxima) squared."""
    if norm == "iterative":
        return competed(unit)
    return unit if norm == "none" else unit * weight(unit)


def competed(unit):
    """Return a map after three rounds of the competition of Itti and Koch 2001."""
    rows, cols = unit.shape
    longer = max(rows, cols)
    for _ in range(3):
        near, far = (
            blurring(rows, share * longer) @ unit @ blurring(cols, share * longer).T
            for share in (0.02, 0.25)
        )
        unit = np.maximum(0, unit + 0.5**2 * near - 1.5**2 * far - 0.02 * unit.max())
    return unit


def blurring(size, sigma):
    """Return the matrix that blurs a line with mirrored ends."""
    matrix = np.zeros((size, size))
    reach = round(8 * sigma) + 1
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    for row in range(size):
        for step, weight in enumerate(weights / weights.sum(), -reach):
            matrix[row, mirrored(row + step, size)] += weight
    return matrix


def weight(unit):
    inside, top = unit[1:-1, 1:-1], unit.max()
    if not inside.size:
        return top**2
    rows, cols = unit.shape
    around = np.max([
        unit[y : rows - 2 + y, x : cols - 2 + x] for y in range(3) for x in range(3)
    ], 0)  # fmt: skip
    maxima = sorted(inside[(inside >= around) & (inside > 0.1 * top)])
    if maxima and maxima[-1] == top:
        maxima.pop()
    return (top - np.mean(maxima)) ** 2 if maxima else top**2


def area_mean(plane, step, size):
    return np.array([
        [plane[y * step : (y + 1) * step, x * step : (x + 1) * step].mean() for x in range(size[1])]
        for y in range(size[0])
    ])  # fmt: skip


def unit(plane):
    low, high = plane.min(), plane.max()
    return (plane - low) / (high - low) if high > low else np.zeros_like(plane)
